"""Filter policies: AWS's documented examples, and what is none.

Source: https://docs.aws.amazon.com/sns/latest/dg/example-filter-policies.html
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.filter_policies import ATTRIBUTES, BODY, FilterPolicy

STORE = {
    "store": {"DataType": "String", "StringValue": "example_corp"},
    "event": {"DataType": "String", "StringValue": "order_placed"},
    "customer_interests": {
        "DataType": "String.Array",
        "StringValue": '["soccer", "rugby", "hockey"]',
    },
    "price_usd": {"DataType": "Number", "StringValue": "210.75"},
    "ip": {"DataType": "String", "StringValue": "10.0.0.3"},
    "picture": {"DataType": "Binary", "BinaryValue": b"x"},
}


@pytest.mark.parametrize(
    ("policy", "matches"),
    [
        ({}, True),
        ({"store": ["example_corp"]}, True),
        ({"store": ["other"]}, False),
        ({"store": ["example_corp"], "event": ["order_cancelled"]}, False),
        ({"store": ["other", {"prefix": "exam"}]}, True),
        ({"store": [{"suffix": "_corp"}]}, True),
        ({"store": [{"equals-ignore-case": "EXAMPLE_CORP"}]}, True),
        ({"store": [{"wildcard": "ex*rp"}]}, True),
        ({"store": [{"anything-but": ["other"]}]}, True),
        ({"store": [{"anything-but": {"prefix": "example"}}]}, False),
        ({"customer_interests": ["rugby", "football"]}, True),
        ({"customer_interests": ["football"]}, False),
        ({"price_usd": [{"numeric": [">=", 100, "<", 211]}]}, True),
        ({"price_usd": [{"numeric": ["=", 210.75]}]}, True),
        ({"price_usd": [{"numeric": ["<", 100]}]}, False),
        ({"price_usd": ["210.75"]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"colour": [{"exists": False}]}, True),
        ({"store": [{"exists": True}]}, True),
        ({"colour": [{"anything-but": ["red"]}]}, False),
        ({"picture": [{"exists": True}]}, False),
        ({"$or": [{"store": ["other"]}, {"event": ["order_placed"]}]}, True),
    ],
)
def test_attributes_match_as_documented(policy: dict[str, Any], matches: bool) -> None:
    assert FilterPolicy(json.dumps(policy), ATTRIBUTES).matches(STORE, "") is matches


@pytest.mark.parametrize(
    ("policy", "body", "matches"),
    [
        ({"a": {"b": ["c"]}}, '{"a": {"b": "c"}}', True),
        ({"a": {"b": ["c"]}}, '{"a": [{"b": "d"}, {"b": "c"}]}', True),
        ({"a": [None]}, '{"a": null}', True),
        ({"a": [True]}, '{"a": "true"}', False),
        ({"a": [1]}, '{"a": 1.0}', True),
        ({"a": [{"exists": False}]}, "not JSON", False),
        ({"a": [{"exists": False}]}, "[]", False),
    ],
)
def test_bodies_match_as_documented(policy: dict[str, Any], body: str, matches: bool) -> None:
    assert FilterPolicy(json.dumps(policy), BODY).matches({}, body) is matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"x"',
        '{"a": "b"}',
        '{"a": []}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"between": [1, 2]}]}',
        '{"a": [{"numeric": ["~", 1]}]}',
        '{"a": {"b": ["c"]}}',
        json.dumps({str(number): ["x"] for number in range(6)}),
        json.dumps({name: list("0123456789") for name in "abc"}),
        json.dumps({"a": ["x" * 262144]}),
    ],
)
def test_what_is_no_filter_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        FilterPolicy(text, ATTRIBUTES)
    assert caught.value.message.startswith("Invalid parameter: Filter")


@pytest.mark.parametrize("depth", [200, 500, 1000, 5000])
@pytest.mark.parametrize(
    ("opening", "inmost", "closing"),
    [
        ('{"a":', '["b"]', "}"),
        ('{"$or":[{"a":["b"]},', '{"a":["c"]}', "]}"),
        ("[", "", "]"),
    ],
)
def test_no_policy_is_too_deep_to_be_refused(
    depth: int, opening: str, inmost: str, closing: str
) -> None:
    for scope in (ATTRIBUTES, BODY):
        with pytest.raises(InvalidParameter):
            FilterPolicy(opening * depth + inmost + closing * depth, scope)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    policy=JSON, body=st.text() | JSON.map(json.dumps), scope=st.sampled_from([ATTRIBUTES, BODY])
)
def test_any_text_is_a_policy_that_says_yes_or_no_or_is_refused(
    policy: Any, body: str, scope: str
) -> None:
    try:
        made = FilterPolicy(json.dumps(policy), scope)
    except InvalidParameter:
        return
    assert made.matches(STORE, body) in (True, False)
