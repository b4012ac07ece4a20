"""What functions throw, and what the caller and the log get of it."""

import json

import pytest


def test_an_exception_is_answered_with_message_type_and_stack(start):
    answer = start("example.Errors$Throws").invoke()
    assert answer.failed
    assert list(answer.value) == ["errorMessage", "errorType", "stackTrace"]
    assert answer.value["errorMessage"] == "too far"
    assert answer.value["errorType"] == "java.lang.IllegalArgumentException"
    (frame,) = answer.value["stackTrace"]
    assert frame.startswith("example.Errors$Throws.handleRequest(Errors.java:")


def test_an_exception_is_logged_with_its_stack_as_one_event(start):
    runtime = start("example.Errors$Throws")
    runtime.invoke()
    (event,) = runtime.events()
    lines = event.split("\n")
    assert lines[0] == "too far: java.lang.IllegalArgumentException"
    assert lines[1] == "java.lang.IllegalArgumentException: too far"
    assert lines[2].startswith("\tat example.Errors$Throws.handleRequest(Errors.java:")
    assert lines[3:] == [""]


def test_an_exception_without_a_message_is_answered_with_its_class(start):
    value = start("example.Errors::silent").invoke().value
    assert value["errorMessage"] == value["errorType"] == "java.lang.IllegalStateException"


def test_causes_are_answered_too(start):
    value = start("example.Errors::caused").invoke().value
    assert value["errorMessage"] == "outer"
    assert value["errorType"] == "example.Errors$Custom"
    assert value["cause"]["errorMessage"] == 'For input string: "x"'
    assert value["cause"]["errorType"] == "java.lang.NumberFormatException"
    assert any("parseInt" in frame for frame in value["cause"]["stackTrace"])


def test_causes_that_go_in_a_circle_are_answered_once(start):
    value = start("example.Errors::circular").invoke().value
    assert value["errorMessage"] == "two"
    assert value["cause"]["errorMessage"] == "one"
    assert "cause" not in value["cause"]


def test_no_call_of_the_runtime_itself_is_in_a_stack(start):
    for name in ("$Throws", "::caused", "::silent"):
        runtime = start(f"example.Errors{name}")
        answer = runtime.invoke()
        assert answer.failed
        assert b"ingle" not in answer.body
        assert "ingle" not in "".join(runtime.events())


def test_the_function_goes_on_after_an_exception(start):
    runtime = start("example.Errors::sometimes")
    assert runtime.invoke(-1).failed
    assert runtime.invoke(5).value == 5


def test_an_interrupted_thread_is_not_so_in_the_next_invocation(start):
    runtime = start("example.Errors::interrupt")
    assert [runtime.invoke().value for _ in range(2)] == [False, False]


def test_a_constructor_that_throws_fails_the_initialisation(refused):
    error, runtime = refused("example.Errors$BadConstructor::handle")
    assert error == {
        "errorMessage": "not made",
        "errorType": "java.lang.IllegalStateException",
    }
    assert runtime.wait() == 1
    (event,) = runtime.events()
    assert event.startswith("not made: java.lang.IllegalStateException\n")


def test_a_static_initialiser_that_throws_fails_the_initialisation(refused):
    error, runtime = refused("example.Errors$BadStart::handle")
    assert error == {
        "errorMessage": "Error loading class example.Errors$BadStart",
        "errorType": "java.lang.ExceptionInInitializerError",
    }
    assert runtime.wait() == 1


def test_a_class_whose_parent_is_missing_is_answered_and_ends_the_process(bring_up, put, task):
    put("functions")
    (task / "example" / "Interfaces$Mid.class").unlink()
    runtime = bring_up()
    runtime.initialise("example.Interfaces$Leaf")
    answer = runtime.invoke([])
    assert answer.failed
    assert answer.value == {
        "errorMessage": "Error loading class example.Interfaces$Leaf: example/Interfaces$Mid",
        "errorType": "java.lang.NoClassDefFoundError",
    }
    assert runtime.wait() == 1


def test_an_error_of_the_virtual_machine_is_answered_and_ends_the_process(start):
    runtime = start("example.Errors::overflow")
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == "java.lang.StackOverflowError"
    assert runtime.wait() == 1


def test_memory_beyond_the_heap_is_answered_and_ends_the_process(bring_up, put):
    put("functions")
    runtime = bring_up(memory_mb=128)
    runtime.initialise("example.Errors::hoard")
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorMessage"] == "Java heap space"
    assert answer.value["errorType"] == "java.lang.OutOfMemoryError"
    assert runtime.wait() == 1


@pytest.mark.parametrize("status", [0, 3])
def test_a_function_that_exits_ends_the_process_with_its_status(start, status):
    runtime = start("example.Errors::exit")
    with pytest.raises(EOFError, match="leaving"):
        runtime.invoke(status)
    assert runtime.wait() == status


def test_the_end_of_the_channel_ends_the_process_quietly(bring_up):
    runtime = bring_up()
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_the_end_of_the_channel_ends_a_function_quietly(start):
    runtime = start("example.Interfaces$Hello")
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_an_error_in_json_format_is_logged_as_one_json_line(start):
    runtime = start("example.Errors$Throws", AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke(request_id="11111111-2222-3333-4444-555555555555")
    (event,) = runtime.events()
    said = json.loads(event)
    assert said["level"] == "ERROR"
    assert said["AWSRequestId"] == "11111111-2222-3333-4444-555555555555"
    assert said["message"].startswith("too far: java.lang.IllegalArgumentException\n")
