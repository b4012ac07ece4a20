"""Event patterns, with the examples of AWS's own pages."""

import contextlib
import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.event_patterns import EventPattern, InvalidPattern

EC2 = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {
        "instance-id": "i-1234567890abcdef0",
        "state": "terminated",
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "creation-time": None,
        "empty": "",
        "flag": True,
        "items": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
        "nothing": [],
    },
}


@pytest.mark.parametrize(
    ("detail", "matches"),
    [
        ({"state": ["terminated"]}, True),
        ({"state": ["stopped", "terminated"]}, True),
        ({"state": ["stopped"]}, False),
        ({"state": ["terminated"], "c-count": [4]}, False),
        ({"c-count": [5]}, True),
        ({"c-count": [5.0]}, True),
        ({"c-count": ["5"]}, False),
        ({"x-limit": [3.018e2]}, True),
        ({"creation-time": [None]}, True),
        ({"state": [None]}, False),
        ({"empty": [""]}, True),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"state": [{"prefix": "term"}]}, True),
        ({"state": [{"prefix": {"equals-ignore-case": "TERM"}}]}, True),
        ({"state": [{"prefix": "TERM"}]}, False),
        ({"state": [{"suffix": "nated"}]}, True),
        ({"state": [{"suffix": {"equals-ignore-case": "NATED"}}]}, True),
        ({"state": [{"equals-ignore-case": "TERMINATED"}]}, True),
        ({"state": [{"equals-ignore-case": "TERMINATE"}]}, False),
        ({"state": [{"wildcard": "t*min*d"}]}, True),
        ({"state": [{"wildcard": "t*x*d"}]}, False),
        ({"state": [{"wildcard": "terminated"}]}, True),
        ({"state": [{"anything-but": "initializing"}]}, True),
        ({"state": [{"anything-but": ["stopped", "terminated"]}]}, False),
        ({"c-count": [{"anything-but": 5}]}, False),
        ({"c-count": [{"anything-but": [1, 2]}]}, True),
        ({"state": [{"anything-but": {"prefix": "init"}}]}, True),
        ({"state": [{"anything-but": {"prefix": ["init", "term"]}}]}, False),
        ({"state": [{"anything-but": {"suffix": "nated"}}]}, False),
        ({"state": [{"anything-but": {"equals-ignore-case": ["TERMINATED"]}}]}, False),
        ({"state": [{"anything-but": {"wildcard": "*term*"}}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"c-count": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"c-count": [{"numeric": [">", 0, "<", 5]}]}, False),
        ({"d-count": [{"numeric": ["<", 10]}]}, True),
        ({"x-limit": [{"numeric": ["=", 3.018e2]}]}, True),
        ({"state": [{"numeric": ["=", 1]}]}, False),
        ({"flag": [{"numeric": ["=", 1]}]}, False),
        ({"source-ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"source-ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"state": [{"cidr": "10.0.0.0/24"}]}, False),
        ({"state": [{"exists": True}]}, True),
        ({"state": [{"exists": False}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": {"deeper": [{"exists": False}]}}, True),
        ({"missing": {"deeper": [{"exists": True}]}}, False),
        ({"creation-time": [{"exists": True}]}, True),
        ({"items": [{"exists": True}]}, False),
        ({"items": {"sku": ["b"], "count": [2]}}, True),
        ({"items": {"sku": ["a"], "count": [2]}}, False),
        ({"nothing": ["x"]}, False),
        ({"$or": [{"state": ["stopped"]}, {"c-count": [{"numeric": [">", 4]}]}]}, True),
        ({"$or": [{"state": ["stopped"]}, {"c-count": [4]}], "flag": [True]}, False),
        ({"state": ["x", {"prefix": "ter"}]}, True),
    ],
)
def test_the_operators_match_as_documented(detail: dict[str, Any], matches: bool) -> None:
    assert EventPattern({"detail": detail}).matches(EC2) is matches
    assert EventPattern(json.dumps({"detail": detail})).matches(EC2) is matches


def test_all_fields_must_match_and_one_element_of_an_array_is_enough() -> None:
    assert EventPattern({"source": ["aws.ec2"], "account": ["111122223333"]}).matches(EC2)
    assert not EventPattern({"source": ["aws.ec2"], "account": ["1"]}).matches(EC2)
    assert EventPattern({"resources": [{"suffix": "bcdef0"}]}).matches(EC2)
    assert EventPattern({"a": ["x", "y"]}).matches({"a": ["n", ["y"]]})


def test_a_star_and_a_backslash_can_be_meant_literally() -> None:
    pattern = EventPattern({"path": [{"wildcard": r"a\*b\\*"}]})
    assert pattern.matches({"path": r"a*b\anything"})
    assert not pattern.matches({"path": r"axb\anything"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "Filter is not valid JSON"),
        ("{", "Filter is not valid JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"a": {}}', "Empty objects are not allowed"),
        ('{"a": "b"}', '"a" must be an object or an array'),
        ('{"a": 1}', '"a" must be an object or an array'),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [["b"]]}', "Match value must be"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed"),
        ('{"a": [{"like": "x"}]}', "Unrecognized match type like"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false"),
        ('{"a": [{"numeric": []}]}', "must be an array"),
        ('{"a": [{"numeric": [">", "1"]}]}', "Value of > must be numeric"),
        ('{"a": [{"numeric": ["="]}]}', "Value of equals must be numeric"),
        ('{"a": [{"numeric": [">", 0, "<"]}]}', "Value of < must be numeric"),
        ('{"a": [{"numeric": [1, 2]}]}', "Invalid member in numeric match: 1"),
        ('{"a": [{"numeric": [">", 0, 5]}]}', "Bad value in numeric range: 5"),
        ('{"a": [{"numeric": [">", 0, "<", 5, "<"]}]}', "Too many terms in numeric range"),
        ('{"a": [{"NUMERIC": ["=", 5]}]}', "Unrecognized match type NUMERIC"),
        ('{"a": [{"numeric": ["!", 1]}]}', "Unrecognized numeric range operator"),
        ('{"a": [{"numeric": ["<", 1, ">", 0]}]}', "Too many elements in numeric expression"),
        ('{"a": [{"numeric": [">", 0, ">", 0]}]}', "Bad numeric range operator: >"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
        ('{"a": [{"numeric": [">", 5000000001]}]}', "between -5.0E9 and 5.0E9"),
        ('{"a": [{"cidr": "10.0.0.0/99"}]}', "IPv4 mask bits must be <= 32"),
        ('{"a": [{"cidr": "::/129"}]}', "IPv6 mask bits must be <= 128"),
        ('{"a": [{"cidr": "xx.11.xx/8"}]}', "Nonstandard IP address: xx.11.xx"),
        ('{"a": [{"cidr": "10.0.0.0/xx"}]}', "Malformed CIDR, mask bits must be an integer"),
        ('{"a": [{"cidr": ["10.0.0.0/8"]}]}', "prefix match pattern must be a string"),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
        ('{"a": [{"cidr": "10.0.0.0/255.0.0.0"}]}', "Malformed CIDR"),
        ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard characters at pos 2"),
        ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape character at pos 2"),
        ('{"a": [{"anything-but": []}]}', "Empty arrays are not allowed"),
        (
            '{"a": [{"anything-but": ["x", 1]}]}',
            "either all values are number or string, mixed type",
        ),
        ('{"a": [{"anything-but": [null]}]}', "start|null|boolean is not supported"),
        ('{"a": [{"anything-but": {"numeric": [">", 1]}}]}', "Unsupported anything-but pattern"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
        ('{"a": [{"anything-but": {"suffix": ["", "x"]}}]}', "Null prefix/suffix not allowed"),
        ('{"a": [{"anything-but": {"suffix": [1]}}]}', "prefix/suffix match pattern must be a"),
        ('{"a": [{"anything-but": {"wildcard": 1}}]}', "wildcard match pattern must be a string"),
        (
            '{"a": [{"anything-but": {"equals-ignore-case": 123}}]}',
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not",
        ),
        (
            '{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}',
            "Value of anything-but must be an array or single string/number value.",
        ),
        ('{"a.b": "c"}', '"a.b" must be an object or an array'),
        ('{"$or": [{"a": ["b"]}]}', "at least 2 Objects"),
        ('{"$or": {"a": ["b"]}}', "It must be an Array followed with $or"),
        ('{"$or": [{"a": ["b"]}, 1]}', "Only JSON object is allowed in array of $or"),
        ('{"$or": [{"a": ["b"]}, {"prefix": ["b"]}]}', "prefix is Ruler reserved fieldName"),
        ('{"a":' * 102 + '["b"]' + "}" * 102, "nested deeper than 100"),
    ],
)
def test_what_is_no_pattern_is_told_why(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidPattern) as caught:
        EventPattern(pattern)
    assert reason in str(caught.value)


def test_a_pattern_may_be_deep_and_an_array_in_an_event_deeper() -> None:
    pattern = EventPattern('{"a":' * 100 + '["b"]' + "}" * 100)
    assert pattern.matches(orjson.loads('{"a":' * 100 + "[" * 900 + '"b"' + "]" * 900 + "}" * 100))
    assert not pattern.matches(orjson.loads("[" * 900 + "]" * 900))


@pytest.mark.parametrize(
    ("pattern", "event", "matches"),
    [
        ('{"a.b.c": [1]}', {"a": {"b": {"c": 1}}}, True),
        ('{"a": {"b": {"c": [1]}}}', {"a.b.c": 1}, True),
        ('{"a": {"b.c": [1]}}', {"a.b": {"c": 1}}, True),
        ('{"a": {"b": [1], "c": [2]}}', {"a": {"b": 1}, "a.c": 2}, True),
        ('{"a": {"b": [1], "c": [2]}}', {"a": {"b": 1}, "a.c": 3}, False),
        ('{"a.b": [1], "a": {"c": [2]}}', {"a": [{"b": 1}, {"c": 2}]}, False),
        ('{"a.b": [1], "a": {"c": [2]}}', {"a": [{"b": 1, "c": 2}]}, True),
        ('{"a": {"b": [1], "c": [2]}}', {"a": ["x", {"b": 1}], "a.c": 2}, True),
        ('{"a": [1], "a.b": [2]}', {"a": 1, "a.b": 2}, True),
        ('{"a.b": [{"exists": false}]}', {"a": {"b": 1}}, False),
        ('{"a": {"b": [{"exists": false}]}}', {"a.b": 1}, False),
        ('{"a.b": [{"exists": false}]}', {"a.c": 1}, True),
        ('{"a": {"a.b": [1]}}', {"a": {"b": 1}}, False),
    ],
)
def test_a_dot_joins_names(pattern: str, event: dict[str, Any], matches: bool) -> None:
    assert EventPattern(pattern).matches(event) is matches


@given(st.text("ab*", max_size=12), st.text("ab", max_size=16))
def test_a_wildcard_matches_what_a_regular_expression_does(wildcard: str, text: str) -> None:
    wildcard = re.sub(r"\*+", "*", wildcard)
    expected = re.fullmatch(wildcard.replace("*", ".*"), text) is not None
    assert EventPattern({"x": [{"wildcard": wildcard}]}).matches({"x": text}) is expected


_VALUES = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5)


@given(
    st.dictionaries(
        (st.text(min_size=1, max_size=3) | st.text("a.", min_size=1, max_size=4)).filter(
            lambda name: name != "$or"
        ),
        _VALUES,
        min_size=1,
    )
)
def test_an_event_matches_the_pattern_that_is_made_of_it(event: dict[str, Any]) -> None:
    pattern = EventPattern({name: [value] for name, value in event.items()})
    assert pattern.matches(event)
    for name in event:
        assert not pattern.matches({**event, name: "something else"})
        assert not pattern.matches({other: v for other, v in event.items() if other != name})


@given(
    st.recursive(
        _VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner)
    )
)
def test_whatever_is_given_is_a_pattern_or_refused(thing: Any) -> None:
    with contextlib.suppress(InvalidPattern):
        EventPattern(json.dumps(thing)).matches(EC2)
