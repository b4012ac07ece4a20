"""The packages that Ingle itself has, laid out for functions."""

import importlib.metadata
import os
import re
import subprocess
import sys

import pytest

from ingle.runtimes.python_sdk import bundled


@pytest.fixture
def place(tmp_path):
    bundled.lay_out(tmp_path)
    return tmp_path / bundled.tree().name


def test_they_are_all_that_boto3_needs():
    packages = set(bundled.tree().versions)
    for name in packages:
        for needed in importlib.metadata.requires(name) or []:
            if "extra ==" not in needed:
                assert re.match(r"[\w.-]+", needed)[0] in packages


def test_the_oldest_python_is_one_that_all_of_them_support():
    assert (3, 8) < bundled.oldest() <= sys.version_info[:2]


def test_they_can_be_imported_from_there_alone(place):
    (place / "botocore" / "data").unlink()
    (place / "botocore" / "data").symlink_to(bundled.data())  # as sandboxes see it
    program = (
        f"import sys; sys.path.append({str(place)!r}); import boto3;"
        "client = boto3.client('s3', region_name='us-east-1');"
        "print({sys.modules[name].__file__.split('/')[-2] for name in ('boto3', 'six')})"
    )
    command = [sys.executable, "-IS", "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert eval(printed) == {"boto3", place.name}


def test_there_is_nothing_else_in_it(place):
    visible = {entry.name for entry in place.iterdir() if not entry.name.startswith((".", "__"))}
    assert visible == set(bundled.tree().entries())


def test_everybody_may_read_it_whatever_the_umask_is(tmp_path):
    before = os.umask(0o077)
    try:
        bundled.lay_out(tmp_path)
    finally:
        os.umask(before)
    for path in (tmp_path / bundled.tree().name).rglob("*"):
        if not path.is_symlink() and path.name[0] != ".":
            wanted = 0o755 if path.is_dir() else 0o644
            assert path.stat().st_mode & 0o777 == wanted, path


def test_what_is_whole_is_left_alone_and_what_is_not_is_made_anew(tmp_path, place):
    module, other = place / "boto3" / "session.py", place / "boto3" / "utils.py"
    text, inode = module.read_bytes(), other.stat().st_ino
    module.write_bytes(text[:100])
    other_time = other.stat().st_ctime_ns
    bundled.lay_out(tmp_path)
    assert module.read_bytes() == text
    assert (other.stat().st_ino, other.stat().st_ctime_ns) == (inode, other_time)
