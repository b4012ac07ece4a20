"""Java's regular expressions in Python."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.wire.model import load_model
from ingle.wire.patterns import compile_pattern
from ingle.wire.routing import served_services
from tests.wire.generate import sample


def _patterns() -> set[str]:
    found = set()
    for service in served_services():
        if service == "ec2":  # it has thousands of shapes and not one pattern
            continue
        shapes = load_model(service).shapes
        found |= {shapes.raw(name).get("pattern", "") for name in shapes.names}
    return found - {""}


def test_every_pattern_of_the_served_models_compiles() -> None:
    patterns = _patterns()
    assert len(patterns) > 400
    assert [pattern for pattern in patterns if compile_pattern(pattern) is None] == []


def test_almost_every_pattern_of_the_served_models_matches_something() -> None:
    patterns = _patterns()
    nothing = [pattern for pattern in patterns if sample(pattern, 0, 1 << 20) is None]
    assert len(nothing) <= len(patterns) // 50, nothing


@pytest.mark.parametrize(
    ("java", "matching", "other"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 漢字 ٣/x", "a#b"),
        (r"\p{ASCII}*", "plain", "é"),
        (r"\p{Print}+", "plain text", "tab\t"),
        (r"\P{Lu}+", "lower 1", "Upper"),
        (r"[\w-_]*", "a-b_c", "a.b"),
        (r"[a-z\d-_/]+", "a-1/_", "A"),
        (r"\d+", "123", "١٢٣"),
        (r"\w+", "abc", "äbc"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\n😀é", "\x01"),
        (r"\x{1F600}", "😀", "x"),
        (r"\Qa.b\E+", "a.b", "axb"),
        (r"^x(?i)abc$", "xABC", "yabc"),
        (r"(?<name>[ab])\k<name>", "aa", "ab"),
        (r"a\z", "a", "a\n"),
        (r"[\h]+", " \t", "\n"),
        (r"[a[b]", "[", "c"),
        (r"[a&&b]+", "a&b", "c"),
    ],
)
def test_javas_dialect_means_the_same_in_python(java: str, matching: str, other: str) -> None:
    pattern = compile_pattern(java)
    assert pattern is not None
    assert pattern.fullmatch(matching)
    assert not pattern.fullmatch(other)


def test_a_pattern_that_python_cannot_have_is_not_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert compile_pattern(r"[a-z") is None
    assert compile_pattern(r"\p{IsCherokee}") is None
    assert compile_pattern(r"[\P{L}]") is None
    assert "is not checked" in caplog.text


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_a_pattern_or_none(text: str) -> None:
    assert isinstance(compile_pattern.__wrapped__(text), re.Pattern | None)
