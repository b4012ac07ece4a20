"""The process as a function finds it: variables, folders, properties, other programs."""

from pathlib import Path

import pytest

GREETING = "héllo wörld"


def test_variables_are_seen_though_java_started_before_they_were_known(start):
    runtime = start("example.Environments::greeting", GREETING=GREETING)
    assert runtime.invoke().value == [GREETING] * 3


def test_no_other_variables_are_seen(start):
    runtime = start("example.Environments::all", GREETING=GREETING)
    seen = runtime.invoke().value
    assert set(seen) == {
        *runtime.environment,
        *("GREETING", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "_HANDLER"),
    }


@pytest.mark.parametrize("how", ["child", "builder"])
def test_programs_that_a_function_starts_see_its_variables(start, how):
    runtime = start(f"example.Environments::{how}", GREETING=GREETING)
    seen = dict(line.split("=", 1) for line in runtime.invoke(["env"]).value)
    assert seen.pop("MORE", None) == ("more" if how == "builder" else None)
    assert seen["GREETING"] == GREETING
    assert set(seen) == set(start("example.Environments::all", GREETING="").invoke().value)


def test_all_that_aws_allows_of_variables_reaches_programs(start):
    many = {f"V{number}": "x" * 16 for number in range(200)}
    seen = start("example.Environments::child", **many).invoke(["env"]).value
    assert {f"{name}={value}" for name, value in many.items()} <= set(seen)


def test_more_variables_than_there_is_room_for_are_told_in_the_log(start):
    runtime = start("example.Environments::greeting", GREETING="x" * 30_000)
    (event,) = runtime.events()
    assert event.startswith(
        "ingle: a program that is started without a call of ProcessBuilder.environment() does not "
        "see the function's variables: "
    )
    assert runtime.invoke().value == ["x" * 30_000] * 3


def test_the_kernel_shows_the_functions_variables_and_no_others(start):
    runtime = start("example.Environments::greeting", GREETING=GREETING)
    environ = Path(f"/proc/{runtime.pid}/environ").read_bytes()
    shown = [each for each in environ.split(b"\0") if each]
    assert f"GREETING={GREETING}".encode() in shown
    assert not any(each.startswith(b"_0=") for each in shown)


def test_a_program_with_the_functions_own_standard_input_reads_nothing(start):
    runtime = start("example.Environments::inherited")
    assert runtime.invoke(["cat"]).value == 0
    assert runtime.invoke(["sh", "-c", "read line; exit 7"]).value == 7


def test_standard_input_is_empty(start):
    assert start("example.Environments::standardInput").invoke().value == -1


@pytest.mark.parametrize(
    ("zone", "name"),
    [(":UTC", "UTC"), ("UTC", "UTC"), ("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo",) * 2],
)
def test_the_time_zone_is_that_of_the_variable(start, zone, name):
    found = start("example.Environments::zone", TZ=zone).invoke().value
    assert found == name.removeprefix(":")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("file.encoding", "UTF-8"),
        ("user.language", "en"),
        ("user.country", "US"),
        ("user.home", "/tmp"),
        ("java.io.tmpdir", "/tmp"),
    ],
)
def test_a_property_is_what_functions_expect(call, name, value):
    assert call("example.Environments::property", name).value == value


def test_relative_paths_lead_to_the_functions_package(start, task):
    (task / "note.txt").write_text("n")
    found = start("example.Environments::files").invoke().value
    assert found == [str(task), f"{task}/here", "true"]


def test_the_threads_class_loader_is_the_functions(start):
    assert start("example.Environments::loader").invoke().value == "own"


@pytest.mark.parametrize(("memory_mb", "heap_mb"), [(128, 88), (512, 435), (2048, 1740)])
def test_the_heap_is_a_share_of_the_functions_memory(bring_up, put, memory_mb, heap_mb):
    put("functions")
    runtime = bring_up(memory_mb=memory_mb)
    runtime.initialise("example.Environments::heap")
    # One of the spaces for young objects is always empty, and not counted.
    assert 0.94 * heap_mb < runtime.invoke().value <= heap_mb
