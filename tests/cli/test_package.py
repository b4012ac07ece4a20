import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.cli import package
from ingle.cli.errors import CommandError
from ingle.cli.package import SKIPPED, build, collect


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def contents(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=20)
PARTS = NAMES.filter(lambda name: name not in {"", ".", "..", "pyvenv.cfg", *SKIPPED})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.lists(PARTS, min_size=1, max_size=3).map(tuple), st.binary(max_size=100), max_size=6
    )
)
def test_every_file_comes_out_as_it_went_in(tmp_path_factory, tree):
    # A name cannot be both a file and a folder.
    files = {
        "/".join(parts): content
        for parts, content in tree.items()
        if not any(other[: len(parts)] == parts for other in tree if other != parts)
    }
    folder = tmp_path_factory.mktemp("package")
    if files:
        assert contents(build(collect(write(folder, files)))) == files


def test_the_same_content_gives_the_same_bytes_whenever_and_wherever(tmp_path):
    files = {"b.py": b"1", "a/c.py": b"2", "a.py": b"3"}
    one = write(tmp_path / "one", files)
    two = write(tmp_path / "two", dict(reversed(files.items())))
    os.utime(two / "b.py", (1, 1))
    assert build(collect(one)) == build(collect(two))
    assert list(contents(build(collect(one)))) == ["a.py", "a/c.py", "b.py"]


def test_executable_bits_are_kept_and_other_rights_are_made_readable(tmp_path):
    write(tmp_path, {"run": b"#!/bin/sh", "data": b""})
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "data").chmod(0o600)
    with zipfile.ZipFile(io.BytesIO(build(collect(tmp_path)))) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes == {"run": 0o100755, "data": 0o100644}


def test_version_control_caches_and_environments_stay_out_and_node_modules_in(tmp_path):
    write(
        tmp_path,
        {
            "app.py": b"",
            ".git/config": b"",
            "lib/__pycache__/x.pyc": b"",
            ".ingle/credentials": b"",
            ".venv/x": b"",
            "myenv/pyvenv.cfg": b"",
            "myenv/lib/x.py": b"",
            "node_modules/left-pad/index.js": b"",
            ".env": b"",
        },
    )
    assert set(contents(build(collect(tmp_path)))) == {
        "app.py",
        "node_modules/left-pad/index.js",
        ".env",
    }


def test_a_single_file_keeps_its_name(tmp_path):
    write(tmp_path, {"hello.py": b"1", "other.py": b"2"})
    assert contents(build(collect(tmp_path / "hello.py"))) == {"hello.py": b"1"}


def test_links_are_followed(tmp_path):
    write(tmp_path, {"shared/lib.py": b"1", "function/app.py": b"2"})
    (tmp_path / "function" / "lib").symlink_to("../shared")
    (tmp_path / "function" / "one.py").symlink_to("../shared/lib.py")
    assert contents(build(collect(tmp_path / "function"))) == {
        "app.py": b"2",
        "lib/lib.py": b"1",
        "one.py": b"1",
    }


def test_a_link_to_a_folder_above_is_refused(tmp_path):
    write(tmp_path, {"a/app.py": b""})
    (tmp_path / "a" / "loop").symlink_to("..")
    with pytest.raises(CommandError, match="loop links to a folder that it is in"):
        collect(tmp_path)


def test_a_link_to_nothing_is_refused(tmp_path):
    (tmp_path / "broken").symlink_to("missing")
    with pytest.raises(CommandError, match="broken links to nothing"):
        collect(tmp_path)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match="pipe is neither a file nor a folder"):
        collect(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="holds no file to deploy"):
        collect(tmp_path)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.py")).touch()
    with pytest.raises(CommandError, match="not valid UTF-8"):
        build(collect(tmp_path))


def test_more_than_awss_limit_is_refused_before_it_is_zipped(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 10)
    write(tmp_path, {"a": b"12345", "b": b"12345"})
    assert len(collect(tmp_path)) == 2
    write(tmp_path, {"c": b"1"})
    with pytest.raises(CommandError, match="limited to 250 MB"):
        collect(tmp_path)


def test_progress_adds_up_to_the_size_of_all_files(tmp_path):
    steps: list[int] = []
    build(collect(write(tmp_path, {"a": b"123", "b/c": b"4567"})), steps.append)
    assert sum(steps) == 7
