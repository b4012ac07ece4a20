"""How JSON becomes objects and objects become JSON, which is as AWS's Jackson does it."""

import json

import pytest

PLAIN = {"id": 0, "urgent": False}


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ({"id": 5, "note": "n"}, {"id": 5, "note": "n"}),
        ({"id": "5", "urgent": "true"}, {"id": 5, "urgent": True}),
        ({"id": None, "note": None}, {}),
        ({"state": "PAID"}, {"state": "PAID"}),
        ({"state": "LOST"}, {}),
        ({"state": 0}, {"state": "OPEN"}),
        ({"items": [{"name": "a"}, {"name": "b", "count": 2}]}, None),
        ({"items": {"name": "single", "count": 1}}, {"items": [{"name": "single", "count": 1}]}),
        ({"extras": {"x": {"name": "a", "count": 3}}}, None),
        ({"price": 1.10}, {"price": 1.1}),
        ({"placed": 1700000000123}, {"placed": 1700000000123}),
        ({"placed": "2023-11-14T22:13:20.123Z"}, {"placed": 1700000000123}),
        ({"placed": "2023-11-15T00:13:20.123+02:00"}, {"placed": 1700000000123}),
        ({"placed": "2023-11-14"}, {"placed": 1699920000000}),
        ({"URL": "u", "url": "not this one"}, {"URL": "u"}),
        ({"parent": {"id": 1}}, {"parent": {**PLAIN, "id": 1}}),
        ({"parent": [{"id": 1}]}, {"parent": {**PLAIN, "id": 1}}),
        ({"parent": ""}, {}),
        ({"parent": []}, {}),
        ({"unknown": [{"a": {}}], "Id": 7, "note": "x"}, {"note": "x"}),
    ],
)
def test_an_object_is_filled_through_setters_and_public_fields(call, given, back):
    answer = call("example.Objects::order", given)
    if back is None:
        back = {name: _with_count(value) for name, value in given.items()}
    assert (answer.failed, answer.value) == (False, {**PLAIN, **back})


def _with_count(value):
    if isinstance(value, list):
        return [{"count": 1, **each} for each in value]
    return value


def test_members_are_written_in_the_order_of_the_fields(call):
    given = {"parent": {}, "state": "OPEN", "id": 3, "note": "n"}
    body = call("example.Objects::order", given).body
    assert list(json.loads(body)) == ["note", "id", "state", "urgent", "parent"]


def test_lists_and_maps_hold_what_their_type_says(call):
    given = {"items": [{}], "extras": {"x": {}}}
    found = call("example.Objects::itemClass", given).value
    assert found == "example.Order$Item example.Order$Item"


def test_a_type_variable_is_what_the_use_of_the_class_says(call):
    given = {"value": {"id": 1}, "values": [{"id": 2}]}
    assert call("example.Objects::boxed", given).value == "OrderOrder"


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ({"instant": 1700000000.5}, {"instant": 1700000000.5}),
        ({"instant": "2023-11-14T22:13:20Z"}, {"instant": 1700000000}),
        ({"day": [2024, 2, 29]}, {"day": [2024, 2, 29]}),
        ({"day": "2024-02-29"}, {"day": [2024, 2, 29]}),
        ({"local": "2024-02-29T12:34:56"}, {"local": [2024, 2, 29, 12, 34, 56]}),
        ({"local": [2024, 2, 29, 12, 34]}, {"local": [2024, 2, 29, 12, 34]}),
        ({"duration": "PT1.5S"}, {"duration": 1.5}),
        ({"maybe": "x"}, {"maybe": "x"}),
        ({"maybe": None}, {"maybe": None}),
        ({"id": "123e4567-e89b-12d3-a456-426614174000"}, None),
        ({"bytes": "AQID"}, None),
        ({"bytes": [1, 2, 3]}, {"bytes": "AQID"}),
        ({"letters": "ab"}, None),
        ({"letter": "z"}, None),
        ({"numbers": [1, 2]}, None),
        ({"numbers": 1}, {"numbers": [1]}),
    ],
)
def test_classes_of_java_itself_have_jacksons_forms(call, given, back):
    answer = call("example.Objects::times", given)
    assert not answer.failed
    assert answer.value == {"letter": "\0", **(given if back is None else back)}


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        ("declared", {"name": "cat"}),
        ("declaredList", [{"name": "cat"}]),
        ("undeclared", {"name": "cat", "lives": 9}),
    ],
)
def test_of_a_subclass_only_what_the_declared_type_has_is_written(call, handler, answer):
    assert call(f"example.Objects::{handler}").value == answer


def test_odd_values_are_written_as_jackson_does(call):
    body = call("example.Objects::odds").body
    assert body.decode() == (
        '{"text":"\\"\\\\\\n\\u0001é😀","not a number":"NaN","list":[1,null,2.5,"c","PAID"],'
        '"array":[1,2],"empty":null}'
    )


def test_records_are_read_and_written(call):
    line = {"name": "l", "points": [{"x": 1, "y": 2}], "next": {"name": "m"}}
    answer = call("example.Records::line", line, folder="records")
    assert (answer.failed, answer.value) == (False, line)


def test_records_with_type_variables_are_read(call):
    given = {"first": {"x": 1}, "second": [{"y": 2}]}
    answer = call("example.Records::pair", given, folder="records")
    assert answer.value == "PointPoint"


def test_a_string_is_made_of_numbers_and_booleans(call):
    answer = call("example.Objects::texts", {"a": 1.50, "b": True, "c": "d"})
    assert answer.value == {"a": "1.5", "b": "true", "c": "d"}


def test_keys_of_maps_become_constants(call):
    assert call("example.Objects::states", {"PAID": 1}).value == {"PAID": 1}


@pytest.mark.parametrize(
    ("event", "answer"), [("", ["none"]), ([], []), ("a", ["a"]), (["a", "b"], ["a", "b"])]
)
def test_a_value_that_is_no_list_becomes_the_only_element_of_one(call, event, answer):
    assert call("example.Objects::strings", event).value == answer


@pytest.mark.parametrize(
    ("handler", "event", "message"),
    [
        (
            "Methods::own",
            {},
            "Cannot deserialize value of type `java.lang.String` from Object value "
            "(token `JsonToken.START_OBJECT`)\n"
            " at [Source: (ByteArrayInputStream); line: 1, column: 1]",
        ),
        (
            "Methods::longer",
            "1000,10",
            'Cannot deserialize value of type `java.lang.Long` from String "1000,10": '
            "not a valid `java.lang.Long` value\n"
            " at [Source: (ByteArrayInputStream); line: 1, column: 1]",
        ),
        (
            "Methods::twice",
            3000000000,
            "Numeric value (3000000000) out of range of int (-2147483648 - 2147483647)\n"
            " at [Source: (ByteArrayInputStream); line: 1, column: 1]",
        ),
        (
            "Objects::order",
            {"items": [{}, {"count": "x"}]},
            'Cannot deserialize value of type `int` from String "x": not a valid `int` value\n'
            " at [Source: (ByteArrayInputStream); line: 1, column: 26] (through reference chain: "
            'example.Order["items"]->java.util.ArrayList[1]->example.Order$Item["count"])',
        ),
        (
            "Objects::strict",
            {"number": 1},
            "not 1\n"
            " at [Source: (ByteArrayInputStream); line: 1, column: 12] (through reference chain: "
            'example.Objects$Strict["number"])',
        ),
        (
            "Objects::unmakeable",
            {},
            "Cannot construct instance of `example.Objects$NoConstructor` (no Creators, like "
            "default constructor, exist): cannot deserialize from Object value (no delegate- or "
            "property-based Creator)\n"
            " at [Source: (ByteArrayInputStream); line: 1, column: 1]",
        ),
    ],
)
def test_an_event_that_does_not_fit_is_refused_as_on_aws(call, handler, event, message):
    answer = call(f"example.{handler}", event)
    assert answer.failed
    value = answer.value
    assert value["errorMessage"] == "An error occurred during JSON parsing"
    assert value["errorType"] == "java.lang.RuntimeException"
    assert value["stackTrace"] == []
    cause = value["cause"]
    assert cause["errorType"] == "java.io.UncheckedIOException"
    assert cause["stackTrace"] == []
    assert cause["cause"]["errorMessage"] == message
    assert cause["errorMessage"].endswith(": " + message)


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            "broken",
            'no number today (through reference chain: example.Objects$Broken["number"])',
        ),
        (
            "endless",
            "Document nesting depth (1001) exceeds the maximum allowed (1000)",
        ),
    ],
)
def test_an_answer_that_has_no_json_is_refused_as_on_aws(call, handler, message):
    answer = call(f"example.Objects::{handler}")
    assert answer.failed
    assert answer.value["errorMessage"] == "An error occurred during JSON serialization of response"
    assert answer.value["errorType"] == "java.lang.RuntimeException"
    assert answer.value["cause"]["cause"]["errorMessage"].startswith(message)
