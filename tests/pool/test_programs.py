import sys
from pathlib import Path

import pytest

from ingle.pool.programs import programs
from ingle.runtimes.catalogue import catalogue, served_runtimes
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python_sdk import bundled, older

WITH_INTERPRETERS = [name for name in served_runtimes() if catalogue()[name].line]
PREFIX = Path("/srv/it")


def interpreter(runtime: str, prefix: Path) -> Interpreter:
    return Interpreter(runtime, prefix / "bin" / "it", f"{catalogue()[runtime].version}.0", prefix)


def test_every_runtime_that_ingle_serves_has_a_program(tmp_path):
    table = programs((interpreter(runtime, tmp_path) for runtime in WITH_INTERPRETERS), tmp_path)
    assert sorted(table) == sorted([*served_runtimes(), "image"])


def test_without_any_interpreter_there_are_the_runtimes_that_need_none():
    found = sorted(programs([], Path("/srv")))
    assert found == [
        "image",
        "provided",
        "provided.al2",
        "provided.al2023",
    ]


def test_a_python_forks_its_sandboxes_itself():
    program = programs([interpreter("python3.12", PREFIX)], PREFIX)["python3.12"]
    assert program.python == str(PREFIX / "bin" / "it")
    assert (program.home, program.launch) == (str(PREFIX), None)
    assert program.shows[str(PREFIX)] == str(PREFIX)


def test_a_python_finds_the_boto3_that_supports_it(tmp_path):
    for runtime, place in (
        ("python3.12", f"/var/runtime/sdks/{bundled.tree().name}/boto3"),
        ("python3.8", f"/var/runtime/sdks/{older.tree((3, 8)).name}/boto3"),
        ("python2.7", f"/var/runtime/sdks/{older.tree((2, 7)).name}/boto3"),
    ):
        program = programs([interpreter(runtime, tmp_path)], tmp_path)[runtime]
        assert program.links["/var/runtime/boto3"] == place
        assert program.shows[str(tmp_path / "python")] == "/var/runtime/sdks"


def test_a_runtime_of_ones_own_is_started_by_the_python_that_runs_ingle():
    program = programs([], Path("/srv"))["provided.al2023"]
    assert program.python == sys._base_executable  # type: ignore[attr-defined]
    assert program.launch is not None
    assert program.launch.http


def test_a_container_image_is_started_without_knowing_what_is_in_it():
    program = programs([], Path("/srv"))["image"]
    assert program.launch is not None
    assert (program.launch.image, program.launch.http) == (True, True)
    assert (program.launch.arguments, dict(program.launch.environment)) == ((), {})


@pytest.mark.parametrize("runtime", [n for n in WITH_INTERPRETERS if not n.startswith("python3")])
def test_any_other_language_is_launched_and_speaks_in_frames(runtime):
    program = programs([interpreter(runtime, PREFIX)], PREFIX)[runtime]
    assert program.python == sys._base_executable  # type: ignore[attr-defined]
    assert program.home == str(PREFIX)
    assert program.launch is not None
    assert not program.launch.http
    assert program.shows[str(PREFIX)] == str(PREFIX)


@pytest.mark.parametrize("folder", ["/opt/hostedtoolcache/Python", "/tmp/venv"])
def test_an_installation_that_sandboxes_would_cover_is_shown_where_aws_has_it(folder):
    prefix = Path(folder)
    python = programs([interpreter("python3.12", prefix)], prefix)["python3.12"]
    assert (python.python, python.home) == ("/var/lang/bin/it", "/var/lang")
    assert python.shows[folder] == "/var/lang"
    assert python.links[folder] == "/var/lang"
    node = programs([interpreter("nodejs20.x", prefix)], prefix)["nodejs20.x"]
    assert node.launch is not None
    assert "/var/lang/bin/it" in node.launch.arguments
    assert (node.home, node.shows[folder]) == ("/var/lang", "/var/lang")
    assert node.links[folder] == "/var/lang"
