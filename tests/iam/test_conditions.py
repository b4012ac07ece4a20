"""Every condition operator, keys that are missing, and keys that have several values.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.conditions import Condition, parse_operator
from ingle.iam.operators import OPERATORS
from tests.iam.building import allows as statement_allows
from tests.iam.building import request, session, statement, user

KEY = "lambda:Key"


def holds(operator: str, values: Any, *given_: str, absent: bool = False) -> bool:
    """Whether a condition on one key holds for a request that has these values of it."""
    listed = values if isinstance(values, list) else [values]
    condition = Condition(operator, KEY, listed, has_variables=True, allows=True)
    return condition.holds(request() if absent else request(lambda__Key=given_))


@pytest.mark.parametrize(
    ("operator", "value", "given_", "expected"),
    [
        ("StringEquals", "Blue", "Blue", True),
        ("StringEquals", "Blue", "blue", False),
        ("StringEquals", "Bl*", "Blue", False),
        ("StringEquals", ["Red", "Blue"], "Blue", True),
        ("StringNotEquals", "Blue", "Red", True),
        ("StringNotEquals", ["Red", "Blue"], "Red", False),
        ("StringEqualsIgnoreCase", "BLUE", "blue", True),
        ("StringEqualsIgnoreCase", "BLUE", "red", False),
        ("StringNotEqualsIgnoreCase", "BLUE", "blue", False),
        ("StringNotEqualsIgnoreCase", "BLUE", "red", True),
        ("StringLike", "home/*", "home/ann", True),
        ("StringLike", "home/?", "home/ann", False),
        ("StringLike", "Home/*", "home/ann", False),
        ("StringLike", "", "", True),
        ("StringNotLike", "home/*", "home/ann", False),
        ("StringNotLike", "home/*", "tmp/ann", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericEquals", "10", "1_0", False),
        ("NumericEquals", "10", "+1e1", True),
        ("NumericEquals", "0.5", ".5", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericNotEquals", "10", "10", False),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThan", "10", "9999", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "0.1", "0.2", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericGreaterThanEquals", "10", "-11", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2025-12-31T22:30:00-0130", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
        ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
        ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2020-01-01T00:00:01Z", "1577836802", True),
        ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", False),
        ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01.5Z", True),
        ("DateGreaterThanEquals", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", True),
        ("DateGreaterThanEquals", "2020-01-01T00:00:01Z", "yesterday", False),
        ("Bool", "true", "true", True),
        ("Bool", "True", "true", True),
        ("Bool", "false", "true", False),
        ("Bool", "${lambda:Key}", "true", True),
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
        ("BinaryEquals", "no Base64", "no Base64", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.8", False),
        ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", False),
        ("IpAddress", "0.0.0.0/0", "somewhere", False),
        ("IpAddress", "0.0.0.0/0", "10.0.0.0/8", False),  # a range is no address
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
        ("NotIpAddress", "203.0.113.0/24", "10.0.0.1", True),
        ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        ("ArnLike", "arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        ("ArnLike", "arn:aws:sns:*:t", "arn:aws:sns:eu-west-1:1:t", False),
        ("ArnLike", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b", True),
        ("ArnNotEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:t", False),
        ("ArnNotLike", "arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:u", True),
        ("Null", "false", "x", True),
        ("Null", "true", "x", False),
    ],
)
def test_each_operator_compares_as_documented(
    operator: str, value: Any, given_: str, expected: bool
) -> None:
    assert holds(operator, value, given_) is expected


NEGATED = [name for name, kind in OPERATORS.items() if kind.is_negated]


def test_the_negated_operators_are_those_with_not_in_their_names() -> None:
    assert sorted(NEGATED) == sorted(name for name in OPERATORS if "Not" in name)
    assert len(OPERATORS) == 26  # and Null


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_missing_key_matches_nothing(operator: str) -> None:
    """So a negated operator holds. IfExists holds in any case, and so does ForAllValues."""
    assert holds(operator, "1", absent=True) is (operator in NEGATED)
    assert holds(f"{operator}IfExists", "1", absent=True)
    assert holds(f"ForAllValues:{operator}", "1", absent=True)
    assert not holds(f"ForAnyValue:{operator}", "1", absent=True)
    assert holds(f"ForAnyValue:{operator}IfExists", "1", absent=True)


def test_null_asks_whether_there_is_a_key() -> None:
    assert holds("Null", "true", absent=True)
    assert not holds("Null", "false", absent=True)
    assert holds("Null", "true")  # the key is there, and has no value


def test_if_exists_compares_what_is_there() -> None:
    assert holds("StringEqualsIfExists", "a", "a")
    assert not holds("StringEqualsIfExists", "a", "b")
    assert not holds("StringNotEqualsIfExists", "a", "a")


@pytest.mark.parametrize(
    ("operator", "values", "given_", "expected"),
    [
        # The example of AWS's page on keys with several values: attributes of a table.
        ("ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ["Tags", "Message"], True),
        ("ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ["Tags", "ID"], False),
        ("ForAnyValue:StringLike", ["ID", "PostDateTime"], ["PostDateTime", "Message"], True),
        ("ForAnyValue:StringLike", ["ID", "PostDateTime"], ["UserName"], False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "d"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a"], [""], True),
        ("ForAnyValue:StringEquals", ["a"], [""], False),
        ("StringEquals", ["a"], ["b", "a"], True),
        ("StringNotEquals", ["a"], ["b", "a"], False),
    ],
)
def test_keys_with_several_values(
    operator: str, values: list[str], given_: list[str], expected: bool
) -> None:
    assert holds(operator, values, *given_) is expected


@given(
    st.lists(st.sampled_from("abc"), max_size=3),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3),
)
def test_quantifiers_are_what_sets_say(values: list[str], given_: list[str]) -> None:
    wanted, asked = set(values), set(given_)
    assert holds("ForAllValues:StringEquals", values, *given_) is (asked <= wanted)
    assert holds("ForAnyValue:StringEquals", values, *given_) is bool(asked & wanted)
    assert holds("ForAllValues:StringNotEquals", values, *given_) is (not asked & wanted)
    assert holds("ForAnyValue:StringNotEquals", values, *given_) is bool(asked - wanted)


@given(st.sampled_from(sorted(OPERATORS)), st.lists(st.text(max_size=8), max_size=2), st.text())
def test_a_negated_operator_is_the_opposite(name: str, values: list[str], value: str) -> None:
    negation = {
        "ArnEquals": "ArnNotEquals",
        "ArnLike": "ArnNotLike",
        "DateEquals": "DateNotEquals",
        "IpAddress": "NotIpAddress",
        "NumericEquals": "NumericNotEquals",
        "StringEquals": "StringNotEquals",
        "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
        "StringLike": "StringNotLike",
    }
    if name in negation:
        plain = [text.replace("${", "") for text in values]
        assert holds(name, plain, value) is not holds(negation[name], plain, value)


@pytest.mark.parametrize(
    "name",
    [
        "StringMatches",
        "stringequals",
        "NullIfExists",
        "ForSomeValues:StringEquals",
        "ForAnyValue::StringEquals",
        "IfExists",
        "",
    ],
)
def test_there_is_no_other_operator(name: str) -> None:
    assert parse_operator(name) is None


def test_all_operators_and_all_keys_of_a_statement_must_hold() -> None:
    made = statement(
        Condition={
            "StringEquals": {"aws:RequestedRegion": "eu-west-1", "lambda:Principal": "a"},
            "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        }
    )
    keys = {
        "aws__RequestedRegion": "eu-west-1",
        "lambda__Principal": "a",
        "aws__SourceIp": "10.1.1.1",
    }
    assert statement_allows(made, request(**keys))
    for name in keys:
        assert not statement_allows(made, request(**{**keys, name: "other"}))


def test_names_of_keys_have_no_case() -> None:
    made = statement(Condition={"StringEquals": {"AWS:requestedREGION": "eu-west-1"}})
    assert statement_allows(made, request(aws__RequestedRegion="eu-west-1"))


def test_what_follows_from_the_principal_is_known() -> None:
    for principal, key, value in (
        (user("ann"), "aws:username", "ann"),
        (user("team/ann"), "aws:username", "ann"),
        (user("ann"), "aws:userid", "AIDAANNEXAMPLE"),
        (user("ann"), "aws:PrincipalType", "User"),
        (user("ann"), "aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann"),
        (session("path/app"), "aws:PrincipalArn", "arn:aws:iam::111122223333:role/path/app"),
        (session("app", "one"), "aws:userid", "AROAEXAMPLEEXAMPLE:one"),
        (session(), "aws:PrincipalType", "AssumedRole"),
        (session(), "aws:PrincipalAccount", "111122223333"),
        (session(), "aws:ResourceAccount", "111122223333"),
        (session(), "aws:PrincipalIsAWSService", "false"),
        (user(Team="blue"), "aws:PrincipalTag/team", "blue"),
    ):
        assert statement_allows(
            statement(Condition={"StringEquals": {key: value}}), request(principal)
        )
    absent = statement(Condition={"Null": {"aws:username": "true"}})
    assert statement_allows(absent, request(session()))
    assert not statement_allows(absent, request(user()))


def test_what_a_variable_without_a_value_differs_from_is_not_known() -> None:
    """It is denied, and not allowed: a role's session has no `aws:username`."""
    different = {"StringNotEquals": {"lambda:Principal": "${aws:username}"}}
    asked = request(session(), lambda__Principal="x")
    assert not statement_allows(statement(Condition=different), asked)
    assert statement_allows(statement(Condition=different), request(user(), lambda__Principal="x"))
    elsewhere = statement(NotResource="arn:aws:lambda:*:*:function:${aws:username}")
    assert not statement_allows(elsewhere, asked)
    assert statement_allows(elsewhere, request(user()))
