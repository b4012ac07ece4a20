"""Filter expressions, against traces that are put together by hand."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.xray.filters import BadFilter, parse
from ingle.services.xray.summaries import Trace

FRONT = {
    "id": "a" * 16,
    "name": "front.example.com",
    "origin": "AWS::EC2::Instance",
    "start_time": 100.0,
    "end_time": 106.5,
    "http": {
        "request": {
            "url": "http://front.example.com/login",
            "method": "GET",
            "client_ip": "10.0.0.1",
        },
        "response": {"status": 200},
    },
    "user": "ann",
    "annotations": {"age": 37, "shop": "berlin", "paid": True},
    "subsegments": [
        {"id": "d" * 16, "name": "call", "namespace": "remote", "start_time": 101, "end_time": 105}
    ],
}
BACK = {
    "id": "b" * 16,
    "parent_id": "d" * 16,
    "name": "back",
    "origin": "AWS::Lambda::Function",
    "start_time": 101.0,
    "end_time": 103.0,
    "fault": True,
    "cause": {"exceptions": [{"type": "ValueError", "message": "no such shop"}]},
}
TRACE = Trace("1-5759e988-bd862e3fe1be46a994272793", "000000000000", [FRONT, BACK])


@pytest.mark.parametrize(
    "expression",
    [
        "fault",
        "fault = true",
        "error = false",
        "!error",
        "!ok",
        "responsetime > 5",
        "duration >= 5 AND duration <= 8",
        "http.status = 200",
        "http.status != 500",
        'http.url CONTAINS "login"',
        'http.url BEGINSWITH "http://front" AND http.method = "GET"',
        'http.clientip ENDSWITH ".1"',
        'user = "ann"',
        'name = "call"',
        'type = "AWS::Lambda::Function"',
        'message CONTAINS "shop"',
        "annotation.age = 37",
        "annotation.age > 36.5",
        'annotation.shop = "berlin"',
        'annotation[shop] BEGINSWITH "ber"',
        "annotation.paid = true",
        "annotation.age",
        "!annotation.none",
        'service("back")',
        'service("back") { fault }',
        'service("back") { responsetime < 3 }',
        '!service("front.example.com") { fault }',
        'service(id(name: "back", type: "AWS::Lambda::Function")) { fault = true }',
        "service() { fault }",
        'edge("front.example.com", "back") { fault }',
        'edge(id(name: "front.example.com"), "back")',
        '!edge("back", "front.example.com")',
        'service("front.example.com") { root AND first AND !last AND remote }',
        "(error OR fault) AND !throttle",
        "error or fault and !throttle",
        "!partial AND !inferred",
    ],
)
def test_expressions_that_hold_match(expression: str) -> None:
    assert parse(expression)(TRACE)


@pytest.mark.parametrize(
    "expression",
    [
        "error",
        "throttle",
        "responsetime > 6.5",
        'http.url = "login"',
        'user != "ann"',
        'annotation.age = "37"',
        "annotation.age = true",
        'annotation.shop = "paris"',
        'service("front.example.com") { fault }',
        'service("nobody")',
        'edge("back", "front.example.com")',
        "fault AND error",
    ],
)
def test_expressions_that_do_not_hold_do_not_match(expression: str) -> None:
    assert not parse(expression)(TRACE)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("fault AND", "it ends too early"),
        ("speed > 5", "speed is no keyword"),
        ("responsetime", "it ends too early"),
        ('responsetime > "5"', "responsetime is compared with a number"),
        ("responsetime CONTAINS 5", "cannot be compared with contains"),
        ("http.url = 5", "compared with a text in double quotes"),
        ('http.url > "x"', "cannot be compared with >"),
        ("fault = 5", "neither true nor false"),
        ("(fault", ") is missing"),
        ('service("a" { fault }', ") is missing"),
        ("fault fault", "unexpected 'fault'"),
        ("annotation. = 5", "annotation is followed by no key"),
        ("id(color: 5)", "id is no keyword"),
        ('service(id(color: "x"))', "id() takes name"),
        ("fault; drop", "unexpected"),
        ("(" * 5000 + "fault", "nested too deep"),
        ("!" * 5000 + "fault", "nested too deep"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse(expression)
    assert reason in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with contextlib.suppress(BadFilter):
        parse(text)(TRACE)


_ATOMS = st.sampled_from(["fault", "error", "ok", "responsetime > 5", "annotation.age = 37"])


def _trees(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(st.just("!"), inner), st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)
    )


def _written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if tree[0] == "!":
        return f"!({_written(tree[1])})"
    return f"({_written(tree[1])}) {tree[0]} ({_written(tree[2])})"


def _holds(tree: Any) -> bool:
    if isinstance(tree, str):
        return tree not in ("error", "ok")
    if tree[0] == "!":
        return not _holds(tree[1])
    left, right = _holds(tree[1]), _holds(tree[2])
    return (left and right) if tree[0] == "AND" else (left or right)


@given(st.recursive(_ATOMS, _trees, max_leaves=12))
def test_connectives_are_those_of_logic(tree: Any) -> None:
    assert parse(_written(tree))(TRACE) is _holds(tree)
