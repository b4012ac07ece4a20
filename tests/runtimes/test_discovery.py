import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingle.runtimes.discovery import Interpreter, Interpreters, discover, find_installations
from ingle.runtimes.finders import asking, python
from tests.runtimes import pretenders

OWN_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
OWN_VERSION = ".".join(map(str, sys.version_info[:3]))
# Not resolved to the end: /usr/bin/python3 and the like are names of the same file.
OWN_EXECUTABLE = Path(os.path.realpath(sys._base_executable))  # type: ignore[attr-defined]


def test_this_python_is_found_without_its_virtual_environment():
    found = {each.runtime: each for each in discover()}
    own = found[OWN_RUNTIME]
    assert tuple(map(int, own.version.split("."))) >= sys.version_info[:3]
    assert not (own.executable.parent.parent / "pyvenv.cfg").exists()
    assert own.prefix.is_dir()


def test_a_link_leads_to_the_real_interpreter(tmp_path):
    (tmp_path / "python3").symlink_to(OWN_EXECUTABLE)
    assert discover([tmp_path]) == [
        Interpreter(OWN_RUNTIME, OWN_EXECUTABLE, OWN_VERSION, Path(sys.base_prefix).resolve())
    ]


@pytest.mark.parametrize("copies", [True, False], ids=["copied", "linked"])
def test_a_virtual_environment_leads_to_the_real_interpreter(tmp_path, copies):
    how = "--copies" if copies else "--symlinks"
    subprocess.run(
        [OWN_EXECUTABLE, "-m", "venv", how, "--without-pip", tmp_path / "env"], check=True
    )
    (found,) = discover([tmp_path / "env" / "bin"])
    assert found.executable.samefile(OWN_EXECUTABLE)
    assert found.prefix == Path(sys.base_prefix).resolve()


def test_of_one_minor_version_the_newest_patch_wins(tmp_path):
    pretenders.python(tmp_path / "a" / "python3.12", "3.12.9", tmp_path)
    pretenders.python(tmp_path / "b" / "python3.12", "3.12.10", tmp_path)
    pretenders.python(tmp_path / "c" / "python3.12", "3.12.1", tmp_path)
    pretenders.python(tmp_path / "c" / "python3.8", "3.8.2", tmp_path)
    found = discover([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    assert [(each.runtime, each.version) for each in found] == [
        ("python3.8", "3.8.2"),
        ("python3.12", "3.12.10"),
    ]


@pytest.mark.parametrize("version", ["3.7.16", "3.15.0", "2.7.18"])
def test_a_version_that_ingle_does_not_run_is_left_out(tmp_path, version):
    pretenders.python(tmp_path / "python3", version, tmp_path)
    assert discover([tmp_path]) == []


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\nexit 1\n",
        "#!/bin/sh\necho '{}'\n",
        "#!/bin/sh\necho '[1, 2]'\n",
        '#!/bin/sh\necho \'{"implementation": "cpython", "version": ["a", 1, 2]}\'\n',
        "#!/bin/sh\nprintf '\\377\\376'\n",
        "#!/does/not/exist\n",
        "not a program",
        "",
    ],
)
def test_a_broken_interpreter_counts_as_absent(tmp_path, script):
    pretenders.executable(tmp_path / "python3.11", script)
    assert discover([tmp_path]) == []


def test_a_link_to_itself_and_a_missing_folder_count_as_absent(tmp_path):
    (tmp_path / "python3.11").symlink_to("python3.11")
    assert discover([tmp_path, tmp_path / "missing", tmp_path / "python3.11"]) == []


def test_an_interpreter_that_hangs_is_ended_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.3)
    note = tmp_path / "pid"
    pretenders.executable(
        tmp_path / "python3.11", f"#!/bin/sh\nsleep 600 &\necho $! > {note}\nwait\n"
    )
    assert discover([tmp_path]) == []
    deadline = time.monotonic() + 10
    while Path(f"/proc/{note.read_text().strip()}").exists():
        assert time.monotonic() < deadline, "the child of the candidate still runs"


def test_pyenvs_versions_are_found_through_the_shims_on_the_path(tmp_path, monkeypatch):
    root = tmp_path / "pyenv"
    made = pretenders.python(root / "versions" / "3.9.1" / "bin" / "python3.9", "3.9.1", root)
    shim = pretenders.telltale(root / "shims" / "python3.9")
    monkeypatch.setenv("PATH", str(root / "shims"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    assert made in [each.executable for each in find_installations()]
    assert made.parent in list(python.folders())
    assert not pretenders.was_run(shim)


def test_nothing_is_run_whose_name_or_real_name_is_no_interpreters(tmp_path):
    others = [
        pretenders.telltale(tmp_path / name)
        for name in ("python3.7", "python4", "python3.11-config", "pythonw", "mise", "cc")
    ]
    (tmp_path / "python3.11").symlink_to("mise")
    (tmp_path / "python3").symlink_to("python3.7")
    assert discover([tmp_path]) == []
    assert not any(map(pretenders.was_run, others))


def test_an_executable_with_several_names_is_asked_once(tmp_path):
    made = pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    made.write_text(f"{made.read_text()}echo >> {tmp_path}/asked\n")
    (tmp_path / "python3").symlink_to("python3.11")
    (tmp_path / "python").symlink_to("python3")
    assert len(discover([tmp_path])) == 1
    assert (tmp_path / "asked").read_text() == "\n"


def test_the_folders_that_the_configuration_names_win_over_newer_releases(tmp_path):
    old = pretenders.python(tmp_path / "mine" / "bin" / "python3.11", "3.11.1", tmp_path)
    pretenders.python(tmp_path / "usual" / "python3.11", "3.11.9", tmp_path)
    (found,) = discover([tmp_path / "usual"], more=[tmp_path / "mine"])
    assert (found.executable, found.version) == (old, "3.11.1")


@pytest.mark.parametrize("named", ["many/one/bin", "many/one", "many"])
def test_a_folder_to_search_holds_executables_an_installation_or_several(tmp_path, named):
    made = pretenders.python(tmp_path / "many/one/bin/python3.11", "3.11.1", tmp_path)
    (found,) = discover([], more=[tmp_path / named])
    assert found.executable == made


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_interpreters_are_looked_for_once(tmp_path):
    path = pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    interpreters = Interpreters(Time(), [tmp_path])
    first = await interpreters.find("python3.11")
    path.unlink()
    assert first is not None
    assert await interpreters.find("python3.11") is first


async def test_what_was_found_is_kept_when_a_later_look_does_not_see_it(tmp_path):
    path = pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    interpreters = Interpreters(Time(), [tmp_path])
    (first,) = interpreters.look()
    path.unlink()
    assert interpreters.look() == [first]


async def test_a_newer_version_serves_only_where_that_is_allowed(tmp_path):
    pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    strict = Interpreters(Time(), [tmp_path])
    assert await strict.find("python3.10") is None
    possible = strict.substitute("python3.10")
    assert possible is not None
    assert possible.version == "3.11.1"
    allowing = Interpreters(Time(), [tmp_path], substitutes=["python3.10"])
    assert await allowing.find("python3.10") == possible
    assert await allowing.find("python3.9") is None


async def test_an_interpreter_installed_meanwhile_is_found_after_ten_seconds(tmp_path):
    clock = Time()
    interpreters = Interpreters(clock, [tmp_path])
    assert await interpreters.find("python3.11") is None
    pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    clock.now += 9.9
    assert await interpreters.find("python3.11") is None
    clock.now += 0.1
    found = await interpreters.find("python3.11")
    assert found is not None
    assert found.version == "3.11.1"
    assert interpreters.is_new("python3.11")


async def test_what_was_there_at_first_is_not_new(tmp_path):
    pretenders.python(tmp_path / "python3.11", "3.11.1", tmp_path)
    interpreters = Interpreters(Time(), [tmp_path])
    assert await interpreters.find("python3.11")
    assert not interpreters.is_new("python3.11")
