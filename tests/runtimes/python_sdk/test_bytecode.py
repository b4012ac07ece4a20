"""Byte code that is made ahead."""

import os
import sys
from pathlib import Path

import pytest

from ingle.runtimes.fetching import FetchError
from ingle.runtimes.python_sdk import bytecode

RELEASE = sys.version_info[:2]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "__init__.py").write_text("")
    (tmp_path / "one" / "two" / "three.py").write_text("def f(): raise KeyError\n")
    return tmp_path


async def test_an_interpreter_compiles_everything_once(place):
    await bytecode.make(place, Path(sys.executable), RELEASE)
    made = sorted(place.rglob("*.pyc"))
    assert [each.name.partition(".")[0] for each in made] == ["__init__", "three"]
    for each in made:
        # Flags of https://peps.python.org/pep-0552: a hash, which is not to be checked.
        assert each.read_bytes()[4:8] == b"\x01\0\0\0"
        assert each.parent.stat().st_mode & 0o777 == 0o755
        each.unlink()
    await bytecode.make(place, Path(sys.executable), RELEASE)
    assert list(place.rglob("*.pyc")) == []


async def test_it_names_the_files_by_where_functions_see_them(place):
    await bytecode.make(place, Path(sys.executable), RELEASE)
    (compiled,) = place.rglob("three.*.pyc")
    assert b"/var/runtime/one/two/three.py" in compiled.read_bytes()
    assert os.fsencode(place) not in compiled.read_bytes()


async def test_what_was_not_finished_is_made_anew(place):
    await bytecode.make(place, Path(sys.executable), RELEASE)
    (compiled,) = place.rglob("three.*.pyc")
    whole = compiled.read_bytes()
    compiled.write_bytes(whole[:20])
    (place / ".compiled-{}.{}".format(*RELEASE)).unlink()
    await bytecode.make(place, Path(sys.executable), RELEASE)
    assert compiled.read_bytes() == whole


async def test_an_interpreter_that_cannot_is_named_and_tried_again(place):
    with pytest.raises(FetchError, match="/gone/python3 cannot be started"):
        await bytecode.make(place, Path("/gone/python3"), RELEASE)
    await bytecode.make(place, Path(sys.executable), RELEASE)
    assert len(list(place.rglob("*.pyc"))) == 2
