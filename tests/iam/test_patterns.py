"""Wildcards, ARNs and policy variables."""

import functools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.patterns import Patterns, Style

NAMES = st.text("abX:/*?.", max_size=12)
PATTERNS = st.text("abX:/*?.", max_size=12)


def match(
    pattern: str,
    value: str,
    style: Style = Style.LIKE,
    keys: Mapping[str, tuple[str, ...]] | None = None,
    folds: bool = False,
) -> bool:
    patterns = Patterns([pattern], style, has_variables=keys is not None, folds=folds)
    return patterns.match(value, (keys or {}).get)


def naive(pattern: str, value: str) -> bool:
    """The definition of wildcards, one character at a time."""

    @functools.cache
    def rest(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(value)
        if pattern[i] == "*":
            return rest(i + 1, j) or (j < len(value) and rest(i, j + 1))
        return j < len(value) and pattern[i] in ("?", value[j]) and rest(i + 1, j + 1)

    return rest(0, 0)


def naive_arn(pattern: str, value: str) -> bool:
    wanted, given_ = pattern.split(":", 5), value.split(":", 5)
    wanted += ["*"] * (6 - len(wanted))
    return len(given_) == 6 and all(map(naive, wanted, given_))


@given(PATTERNS, NAMES)
def test_wildcards_match_what_they_are_defined_to(pattern: str, value: str) -> None:
    assert match(pattern, value) is naive(pattern, value)


@given(st.lists(PATTERNS, max_size=4), NAMES)
def test_one_of_several_patterns_is_enough(patterns: list[str], value: str) -> None:
    compiled = Patterns(patterns, Style.LIKE, has_variables=False)
    assert compiled.match(value, {}.get) is any(naive(each, value) for each in patterns)


@given(PATTERNS, NAMES)
def test_case_makes_no_difference_where_it_is_folded(pattern: str, value: str) -> None:
    assert match(pattern, value, folds=True) is naive(pattern.lower(), value.lower())


@given(
    st.lists(st.text("ab*?", max_size=4), min_size=2, max_size=8).map(":".join),
    st.lists(st.text("ab/", max_size=4), min_size=6, max_size=8).map(":".join),
)
def test_the_parts_of_arns_are_compared_one_by_one(pattern: str, value: str) -> None:
    assert match(pattern, value, Style.ARN) is naive_arn(pattern, value)


def naive_resource(pattern: str, value: str) -> bool:
    """The same, where a `*` that ends a part is followed by whatever parts there may be."""
    wanted = pattern.split(":", 5)
    wanted += ["*"] * (6 - len(wanted))
    # Which of the wildcards may match colons: those that end a part, and all in the last one.
    marks = []
    for number, part in enumerate(wanted):
        marks += [(":", False)] if number else []
        for place, character in enumerate(part):
            ends = character == "*" and place == len(part) - 1
            marks.append((character, number == 5 or ends))

    @functools.cache
    def rest(i: int, j: int) -> bool:
        if i == len(marks):
            return j == len(value)
        character, is_wide = marks[i]
        fits = j < len(value) and (is_wide or value[j] != ":")
        if character == "*":
            return rest(i + 1, j) or (fits and rest(i, j + 1))
        if character == "?":
            return fits and rest(i + 1, j + 1)
        return j < len(value) and value[j] == character and rest(i + 1, j + 1)

    return rest(0, 0)


@given(
    st.lists(st.text("ab*?", max_size=4), min_size=2, max_size=8).map(":".join),
    st.lists(st.text("ab/", max_size=3), min_size=6, max_size=9).map(":".join),
)
def test_a_wildcard_at_the_end_of_a_part_of_a_resource_goes_on(pattern: str, value: str) -> None:
    """…/UserGuide/reference_policies_elements_resource.html, on wildcards."""
    assert match(pattern, value, Style.RESOURCE) is naive_resource(pattern, value)


@given(PATTERNS, NAMES)
def test_an_exact_pattern_has_no_wildcards(pattern: str, value: str) -> None:
    assert match(pattern, value, Style.EXACT) is (pattern == value)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    """An expression that tries every way to share the text out would not end."""
    assert not match("*a" * 40 + "b", "a" * 10_000)
    for style in (Style.ARN, Style.RESOURCE):
        assert not match("arn:aws:s3:::" + "*a" * 40 + "b", "arn:aws:s3:::" + "a" * 10_000, style)
        assert not match("arn:*a*:*a*:*a*:*a*:" + "*a" * 40 + "b", "arn" + ":a" * 1_000, style)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("*", "anything", True),
        ("*", "arn:aws:s3:::bucket", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", True),
        ("arn:aws:s3:::Bucket/*", "arn:aws:s3:::bucket/a", False),
        ("arn:aws:iam::*:user/a?", "arn:aws:iam::111122223333:user/ab", True),
        ("arn:aws:iam::*:user/a?", "arn:aws:iam::111122223333:user/a", False),
        # AWS's own example of what distinguishes ARNs from texts.
        (
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            False,
        ),
        # An ARN that ends too early is about everything that begins so.
        ("arn:aws:sqs", "arn:aws:sqs:us-east-1:111122223333:queue", True),
        ("arn:aws:sqs:us-east-1", "arn:aws:sqs:eu-west-1:111122223333:queue", False),
        ("arn:aws:s3:::*", "*", False),
    ],
)
def test_arns_match_as_in_the_documentation(pattern: str, value: str, matches: bool) -> None:
    assert match(pattern, value, Style.ARN) is matches
    if "finance" not in pattern:
        assert match(pattern, value, Style.RESOURCE) is matches


def test_wildcards_between_parts_of_a_resource() -> None:
    orders = "arn:aws:lambda:us-east-1:111122223333:function:orders"
    for pattern, matches in (
        ("arn:aws:lambda:us-*:function:orders", True),
        ("arn:aws:lambda:us-*:orders", False),  # five parts: the sixth is anything
        ("arn:aws:lambda:us-*:*:orders", True),
        ("arn:aws:lambda:*:*:*:orders", True),
        ("arn:aws:lambda:us-*1:*:function:orders", True),
        ("arn:aws:lambda:us-*3:*:function:orders", False),
    ):
        assert match(pattern, orders, Style.RESOURCE) is matches


KEYS = {"aws:username": ("ann",), "aws:principaltag/team name": ("blue",), "s3:prefix": ("a", "b")}


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("home/${aws:username}/*", "home/ann/x", True),
        ("home/${AWS:UserName}/*", "home/ann/x", True),
        ("home/${aws:username}/*", "home/bob/x", False),
        ("${aws:PrincipalTag/team name}", "blue", True),
        ("${aws:PrincipalTag/other, 'none'}", "none", True),
        ("${aws:username, 'none'}", "ann", True),
        ("${aws:PrincipalTag/other, ''}-", "-", True),
        ("${aws:PrincipalTag/other}", "", False),
        ("${s3:prefix}", "a", False),  # has several values
        ("${*}", "*", True),
        ("${*}", "a", False),
        ("a${?}", "a?", True),
        ("a${?}", "ab", False),
        ("${$}{aws:username}", "${aws:username}", True),
        ("${}", "${}", True),
        ("${aws:username", "${aws:username", True),
    ],
)
def test_variables_are_replaced(pattern: str, value: str, matches: bool) -> None:
    assert match(pattern, value, Style.LIKE, KEYS) is matches


def test_variables_are_plain_text_in_old_versions() -> None:
    assert match("${aws:username}", "${aws:username}")
    assert not match("${aws:username}", "ann")


@given(st.text("ab*?:${}", max_size=6), st.text("ab*?:${}", max_size=6))
def test_what_is_put_in_a_variables_place_means_itself_alone(name: str, value: str) -> None:
    keys = {"aws:username": (name,)}
    assert match("<${aws:username}>", f"<{value}>", Style.LIKE, keys) is (name == value)
    arn = "arn:aws:s3:::{}/x?"
    asked = arn.format(value).replace("?", "y")
    for style in (Style.ARN, Style.RESOURCE):
        matches = match(arn.format("${aws:username}"), asked, style, keys)
        assert matches is (name == value.replace("?", "y"))


def test_a_value_with_colons_does_not_move_the_parts_of_an_arn() -> None:
    keys = {"aws:username": ("eu:1:f",)}
    assert not match("arn:aws:s3:${aws:username}", "arn:aws:s3:eu:1:f", Style.ARN, keys)
    assert match("arn:aws:s3:::${aws:username}", "arn:aws:s3:::eu:1:f", Style.ARN, keys)
