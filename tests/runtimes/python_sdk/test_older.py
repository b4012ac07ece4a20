"""boto3 for Pythons that Ingle's own does not support."""

import sys
from pathlib import Path

import pytest

from ingle.runtimes.fetching import FetchError
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python_sdk import bundled, older
from ingle.runtimes.python_sdk.choice import packages

LOCKS = sorted(Path(older.__file__).with_name("locks").iterdir())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_lock_pins_all_packages_by_hash_and_names_no_place(lock):
    text = lock.read_text()
    pins = [each for each in text.splitlines() if not each.startswith(" ")]
    assert {each.partition("==")[0] for each in pins} >= set(bundled.tree().versions)
    assert all(each.endswith(" \\") for each in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


@pytest.mark.parametrize(
    ("version", "boto3"),
    [("2.7.18", "1.17.112"), ("3.8.20", "1.37.38"), ("3.9.1", "1.42.97"), ("3.7.17", None)],
)
def test_each_python_has_the_last_version_that_supports_it(version, boto3):
    found = packages(Interpreter("python3.8", Path("/x"), version, Path("/")))
    assert (None if found is None else found.boto3) == boto3


def test_a_python_that_ingle_s_own_supports_has_that():
    version = "{}.{}.{}".format(*sys.version_info)
    python = Interpreter("python3.8", Path("/x"), version, Path("/"), substitute=True)
    assert packages(python) == bundled.tree()


async def test_a_failure_says_what_pip_said_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    python = Interpreter("python3.9", Path(sys.executable), "3.9.1", Path("/"))
    with pytest.raises(FetchError, match=r"(?s)failed \(status 1\):.*boto3==1\.42\.97"):
        await older.fetch(tmp_path, python)
    assert list(tmp_path.iterdir()) == []
