import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs.patterns import matcher, parse
from ingle.wire.errors import ServiceError

WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=6)
PHRASES = st.text(min_size=1, max_size=8)


@given(st.lists(WORDS, max_size=4), st.sampled_from([" ", "  ", "\t"]))
def test_terms_are_split_at_white_space(words: list[str], space: str) -> None:
    assert parse(space.join(words)) == tuple(words)


@given(PHRASES)
def test_a_phrase_in_quotes_is_taken_as_it_is(phrase: str) -> None:
    quoted = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse(quoted) == (phrase,)


@given(st.lists(WORDS, min_size=1, max_size=3), PHRASES, st.text())
def test_a_message_passes_if_it_holds_every_term(
    words: list[str], phrase: str, message: str
) -> None:
    quoted = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    passes = matcher(" ".join([*words, quoted]))
    assert passes is not None
    assert passes(message) == all(term in message for term in (*words, phrase))
    assert passes(f"{phrase} {' '.join(reversed(words))} {message}")


@pytest.mark.parametrize(
    ("pattern", "message", "passes"),
    [
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "an error", False),
        ("ERROR disk", "disk ERROR", True),
        ("ERROR disk", "ERROR", False),
        ('"disk full"', "the disk full of it", True),
        ('"disk full"', "full disk", False),
        (r'"say \"hi\""', 'say "hi"', True),
    ],
)
def test_matching_is_as_aws_documents_it(pattern: str, message: str, passes: bool) -> None:
    test = matcher(pattern)
    assert test is not None
    assert test(message) is passes


@pytest.mark.parametrize("pattern", ["", "  ", '""'])
def test_an_empty_pattern_passes_everything(pattern: str) -> None:
    assert matcher(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ('{ $.level = "error" }', "JSON patterns ('{')"),
        ("[ip, user]", "space-delimited patterns ('[')"),
        ("%ERR.*%", "regular expressions ('%')"),
        ("?ERROR ?WARN", "optional terms ('?')"),
        ("ERROR -timeout", "excluded terms ('-')"),
    ],
)
def test_other_kinds_of_patterns_are_refused_by_name(pattern: str, named: str) -> None:
    with pytest.raises(ServiceError) as caught:
        matcher(pattern)
    assert caught.value.error_code == "InvalidParameterException"
    assert named in caught.value.message


@pytest.mark.parametrize(
    ("pattern", "character"),
    [("a:b", ":"), ("(x)", "("), ('a"b"', '"'), ('"a"b', "b"), ('"open', '"'), ("é", "é")],
)
def test_a_character_that_needs_quotes_is_refused(pattern: str, character: str) -> None:
    with pytest.raises(ServiceError) as caught:
        matcher(pattern)
    assert caught.value.message == f"Invalid character(s) in term '{character}'"


@given(st.text(max_size=12))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        test = matcher(pattern)
    except ServiceError:
        return
    assert test is None or test(pattern.replace("\\", "")) in (True, False)
