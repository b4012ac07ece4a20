"""JAVA_TOOL_OPTIONS, and other variables that count only when Java starts."""

from pathlib import Path

import pytest

from ingle.runtimes.python import frames


def test_system_properties_among_the_options_are_set(start):
    runtime = start(
        "example.Environments::property", JAVA_TOOL_OPTIONS="-Done=1 -Dtwo='a b' -Dthree"
    )
    assert runtime.events() == ["Picked up JAVA_TOOL_OPTIONS: -Done=1 -Dtwo='a b' -Dthree"]
    found = [runtime.invoke(name).value for name in ("one", "two", "three", "four")]
    assert found == ["1", "a b", "", None]


def test_the_time_zone_among_the_options_counts(start):
    runtime = start(
        "example.Environments::zone", JAVA_TOOL_OPTIONS="-Duser.timezone=America/New_York"
    )
    assert runtime.invoke().value == "America/New_York"


@pytest.mark.parametrize("options", ["-Done=1", "-XX:+TieredCompilation -XX:TieredStopAtLevel=1"])
def test_options_that_need_no_new_start_cause_none(start, options):
    runtime = start("example.Environments::all", JAVA_TOOL_OPTIONS=options)
    assert _children(runtime.pid) == []


def test_an_option_that_comes_too_late_starts_another_java(start):
    runtime = start(
        "example.Environments::property", JAVA_TOOL_OPTIONS="-Xss2m -Dfile.encoding=ISO-8859-1"
    )
    assert len(_children(runtime.pid)) == 1
    assert runtime.events()[0].startswith("Picked up JAVA_TOOL_OPTIONS: -Xss2m")
    assert runtime.invoke("sun.java.command").value.startswith(str(runtime.folder.parent))


@pytest.mark.parametrize("variable", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"])
@pytest.mark.parametrize("heap", ["-Xmx100m", "-XX:MaxHeapSize=100m"])
def test_options_of_the_function_take_the_place_of_the_runtimes(start, variable, heap):
    runtime = start("example.Environments::heap", **{variable: f"-XX:+UseG1GC {heap}"})
    assert runtime.invoke().value == 100


def test_a_java_that_was_started_anew_has_the_same_variables(start):
    expected = start("example.Environments::all").invoke().value
    runtime = start("example.Environments::all", JAVA_TOOL_OPTIONS="-Xss2m")
    assert runtime.invoke().value == {**expected, "JAVA_TOOL_OPTIONS": "-Xss2m"}


def test_a_java_that_was_started_anew_ends_with_the_first_one(start):
    runtime = start("example.Errors::exit", JAVA_TOOL_OPTIONS="-Xss2m")
    with pytest.raises(EOFError):
        runtime.invoke(7)
    assert runtime.wait() == 7


def test_a_java_that_was_started_anew_ends_with_the_channel(start):
    runtime = start("example.Errors::exit", JAVA_TOOL_OPTIONS="-Xss2m")
    runtime.hang_up()
    assert runtime.wait() == 0


def test_a_wrapper_script_starts_the_java_that_serves(bring_up, put, task):
    put("functions")
    wrapper = task / "wrapper"
    wrapper.write_text('#!/bin/sh\nexport GREETING=wrapped\nexec "$@" extra\n')
    wrapper.chmod(0o755)
    runtime = bring_up()
    kind, _ = runtime.initialise(
        "example.Environments::greeting", AWS_LAMBDA_EXEC_WRAPPER=str(wrapper)
    )
    assert kind == frames.READY
    assert runtime.invoke().value == ["wrapped"] * 3


def test_other_libraries_are_found_where_the_variable_says(start):
    runtime = start("example.Environments::property", LD_LIBRARY_PATH="/opt/mine")
    assert runtime.invoke("java.library.path").value.split(":")[0] == "/opt/mine"


def _children(pid):
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [child for each in threads for child in (each / "children").read_text().split()]
