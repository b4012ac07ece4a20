"""The forms that a handler may have."""

import pytest


@pytest.mark.parametrize(
    ("handler", "event", "answer"),
    [
        ("Interfaces$Hello", {"name": "Ann"}, "Hello, Ann!"),
        ("Interfaces$Hello::handleRequest", {"name": "Ann"}, "Hello, Ann!"),
        ("Interfaces$Upper", {"a": "b"}, {"A": "B"}),
        ("Interfaces$Upper::handleRequest", {"a": "b"}, {"A": "B"}),
        ("Interfaces$Sum", [1, 2, 3], 6),
        ("Interfaces$Nothing", "x", None),
        ("Methods::fixed", "x", "static x"),
        ("Methods::own", "x", "own x"),
        ("Methods::withContext", "x", "x thing"),
        ("Methods::onlyContext", "x", "thing"),
        ("Methods::none", "x", "none"),
        ("Methods::nothing", "x", None),
        ("Methods::twice", 21, 42),
        ("Methods::longer", 2**40, 2**40 + 1),
        ("Methods::not", True, False),
        ("Methods::half", 5, 2.5),
        ("Methods::group", [1, 2], {"all": [1, 2]}),
        ("Methods::copy", {"a": [1]}, {"a": [1]}),
        ("Methods::copyWithContext", 1, "thing"),
        ("Methods::readOnly", 1, None),
        ("Methods::writeOnly", 1, [1]),
        ("Methods::writeWithContext", 1, ["thing"]),
    ],
)
def test_a_handler_of_this_form_is_called(call, handler, event, answer):
    got = call(f"example.{handler}", event)
    assert (got.failed, got.value) == (False, answer)


def test_an_overload_with_a_context_is_preferred_to_those_with_as_many_parameters(start):
    assert start("example.Methods::over").invoke("x").value == "with context"


@pytest.mark.parametrize("name", ["first", "last"])
def test_a_context_counts_twice_among_overloads(call, name):
    assert call(f"example.Methods::{name}", "x").value == "context"


def test_overloads_that_cannot_be_handlers_are_named_in_the_log(start):
    runtime = start("example.Methods::over")
    assert set(runtime.events()) == {
        "Ignoring two-argument overload because second parameter type is not Context",
        "Ignoring three-argument overload because argument signature is not "
        "(InputStream, OutputStream, Context",
        "Ignoring an overload of method over because it has too many parameters: "
        "Expected at most 3, got 4",
    }


def test_the_value_that_a_stream_method_returns_is_ignored_with_a_note(start):
    runtime = start("example.Methods::readOnly")
    assert runtime.events() == ["Will ignore return type int on byte stream handler"]
    runtime.invoke(7)
    assert runtime.events() == ["read 7"]


def test_types_are_found_through_generic_superclasses(start):
    assert start("example.Interfaces$Leaf").invoke([{"id": 1}]).value == "example.Order"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (None, "null"),
        ("x", "java.lang.String"),
        (1, "java.lang.Integer"),
        (2**40, "java.lang.Long"),
        (2**70, "java.math.BigInteger"),
        (1.5, "java.lang.Double"),
        (True, "java.lang.Boolean"),
        ([1], "java.util.ArrayList"),
        ({"a": 1}, "java.util.LinkedHashMap"),
    ],
)
def test_a_parameter_of_type_object_gets_what_the_json_is(call, event, kind):
    assert call("example.Interfaces$Kind", event).value == kind


def test_one_object_serves_all_invocations(start):
    runtime = start("example.Interfaces$Counter")
    assert [runtime.invoke({}).value for _ in range(3)] == [1, 2, 3]


def test_the_largest_answer_is_passed_on_and_a_larger_one_refused(start):
    runtime = start("example.Interfaces$Large")
    most = 6_291_556
    assert len(runtime.invoke(most - 2).body) == most
    answer = runtime.invoke(most - 1)
    assert answer.failed
    assert answer.value == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert runtime.invoke(1).value == "x"


def test_an_event_of_megabytes_is_read_whole(start):
    event = ["é" * 1000] * 900
    assert start("example.Methods::copy").invoke(event).value == event


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("::handle", "Invalid handler: `::handle'"),
        ("example.Methods::", "Invalid handler: `example.Methods::'"),
        (
            "example.Methods::never",
            "No public method named never with appropriate method signature found on class "
            "example.Methods",
        ),
        (
            "example.Methods::hidden",
            "No public method named hidden with appropriate method signature found on class "
            "example.Methods",
        ),
        (
            "example.Errors$NoHandler",
            "Class does not implement an appropriate handler interface: example.Errors$NoHandler",
        ),
        (
            "example.Interfaces$Raw",
            "Class example.Interfaces$Raw does not implement RequestHandler with concrete type "
            "parameters",
        ),
        (
            "example.Interfaces$Unbound",
            "Class example.Interfaces$Unbound does not implement RequestHandler with concrete type "
            "parameters: parameter T has no upper bound.",
        ),
    ],
)
def test_a_handler_that_cannot_be_one_fails_each_invocation_in_aws_words(start, handler, message):
    runtime = start(handler)
    runtime.events()
    for _ in range(2):
        answer = runtime.invoke({})
        assert (answer.failed, answer.value) == (True, {"errorMessage": message})
        assert runtime.events() == [message]


def test_a_class_that_is_missing_fails_each_invocation_in_aws_words(start):
    runtime = start("example.Absent::handle")
    answer = runtime.invoke({})
    assert (answer.failed, answer.value) == (
        True,
        {
            "errorMessage": "Class not found: example.Absent",
            "errorType": "java.lang.ClassNotFoundException",
        },
    )
    (event,) = runtime.events()
    lines = event.splitlines()
    assert lines[:2] == [
        "Class not found: example.Absent: java.lang.ClassNotFoundException",
        "java.lang.ClassNotFoundException: example.Absent",
    ]
    assert "ingle" not in event


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            "example.Errors$NeedsMore::handle",
            "Class example.Errors$NeedsMore has no public zero-argument constructor",
        ),
        (
            "example.Errors$Inner::handle",
            "Class example.Errors$Inner cannot be instantiated because it is a non-static inner "
            "class",
        ),
    ],
)
def test_a_class_that_cannot_be_made_fails_each_invocation_in_aws_words(start, handler, message):
    answer = start(handler).invoke({})
    assert answer.failed
    assert answer.value == {"errorMessage": message, "errorType": "java.lang.Exception"}
