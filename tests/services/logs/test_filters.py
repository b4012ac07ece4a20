"""Filter patterns: AWS's documented examples, and what must hold for every pattern."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs.chunks import open_lines, pack
from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.parsing import parse_pattern, passes_everything
from ingle.services.logs.reading import candidates

WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=6)
PHRASES = st.text(min_size=1, max_size=8)


def passed(pattern: str, *messages: str) -> list[int]:
    """Say which of some messages pass, from 1."""
    compiled = parse_pattern(pattern)
    return [number for number, message in enumerate(messages, 1) if compiled.matches(message)]


OR = ("ERROR WARN message", "ERROR message", "WARN message")
REQUESTS = ("[INFO] REQUEST FAILED", "[WARN] UNAUTHORIZED REQUEST", "[ERROR] 400 BAD REQUEST")


@pytest.mark.parametrize(
    ("pattern", "messages", "which"),
    [
        ("", OR, [1, 2, 3]),
        ("ERROR", ("[ERROR] A fatal exception has occurred", "Exiting with ERRORCODE: -1"), [1, 2]),
        ('"ERROR" - "Exiting"', ("[ERROR] A fatal", "Exiting with ERRORCODE: -1"), [1]),
        ("ERROR -Exiting", ("[ERROR] A fatal", "Exiting with ERRORCODE: -1"), [1]),
        ("ERROR Exception", ("[ERROR] Caught IllegalArgumentException", "[ERROR] x"), [1]),
        (
            "Failed to process the request",
            ("[WARN] Failed to process the request", "[ERROR] Failed to process"),
            [1],
        ),
        ('"INTERNAL SERVER ERROR"', ("[ERROR 500] INTERNAL SERVER ERROR", "INTERNAL ERROR"), [1]),
        ("ERROR", OR, [1, 2]),
        ("?ERROR ?WARN", OR, [1, 2, 3]),
        ("ERROR WARN", OR, [1]),
        ("ERROR -WARN", OR, [2]),
        # Optional terms do not count beside others.
        ("?INFO REQUEST", REQUESTS, [1, 2, 3]),
        ("?ERROR -400", REQUESTS, [1, 2]),
        ("error", OR, []),
        (r'"say \"hi\""', ('say "hi"', "say hi"), [1]),
        ("%ERROR%", ("an ERROR", "error"), [1]),
        (r"%[45]\d{2}%", ("code 404", "code 302"), [1]),
        ("%^START%", ("START RequestId", "RESTART"), [1]),
        ("%AUTHORIZED|ALLOWED%", ("UNAUTHORIZED", "ALLOWED", "DENIED"), [1, 2]),
        ("%colou?r%", ("color", "colour", "colouur"), [1, 2]),
        (r"%10\.10\.0\.1%", ("10.10.0.1", "10x10.0.1"), [1]),
        (r"%\x28%", ("a(b", "ab"), [1]),
    ],
)
def test_terms_match_as_aws_documents_it(
    pattern: str, messages: tuple[str, ...], which: list[int]
) -> None:
    assert passed(pattern, *messages) == which


APACHE = (
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
    '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /index.html HTTP/1.0" 500 5324',
    '10.0.0.9 - anna [10/Oct/2000:13:50:35 -0700] "GET /a.html HTTP/1.0" 404 435',
)
NAMED = "ip, user, username, timestamp, request"


@pytest.mark.parametrize(
    ("pattern", "which"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", [1, 2, 3]),
        ("[..., status_code, bytes]", [1, 2, 3]),
        ("[ip, user, ..., status_code, bytes]", [1, 2, 3]),
        ("[ip, user, ...]", [1, 2, 3]),
        ("[ip, user]", []),
        (f"[{NAMED}, status_code, bytes > 1000]", [1, 2]),
        (f"[{NAMED}, status_code = 200, bytes]", [1]),
        (f"[{NAMED}, status_code = 4*, bytes]", [3]),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", [3]),
        (f"[{NAMED}, status_code = 5* && status_code != 501, bytes > 1000]", [2]),
        (f"[{NAMED}, status_code = 403 || status_code = 404, bytes]", [3]),
        ("[..., status_code = 200 || (status_code >= 500 && status_code < 600), bytes]", [1, 2]),
        (r"[ip=%127\.0\.0\.[1-9]%, user, ...]", [1, 2]),
        ("[..., request=*.html*, status_code=4*,]", [3]),
        ('[ip, user, username="anna", ...]', [3]),
    ],
)
def test_fields_between_spaces_match_as_aws_documents_it(pattern: str, which: list[int]) -> None:
    assert passed(pattern, *APACHE) == which


@pytest.mark.parametrize(
    ("pattern", "which"),
    [("[w1=ERROR, w2]", [2]), ("[w1=ERROR || w1=WARN, w2]", [2, 3]), ("[w1!=ERROR, w2]", [3])],
)
def test_the_number_of_fields_counts(pattern: str, which: list[int]) -> None:
    assert passed(pattern, *OR) == which


def test_fields_are_extracted_by_name_or_place() -> None:
    match = parse_pattern("[..., request=*.html*, status_code=4*,]").look(APACHE[2])
    assert match is not None
    assert match.extracted == {
        "$1": "10.0.0.9",
        "$2": "-",
        "$3": "anna",
        "$4": "10/Oct/2000:13:50:35 -0700",
        "$request": "GET /a.html HTTP/1.0",
        "$status_code": "404",
        "$7": "435",
    }


TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "#foo": "bar",
        "with.dot": 5,
        "latency": 501.5,
        "errorCode": 400,
    }
)
USERS = json.dumps(
    {
        "user": {"id": 1, "email": "John.Stiles@example.com"},
        "users": [
            {"id": 2, "email": "John.Doe@example.com"},
            {"id": 3, "email": "Jane.Doe@example.com"},
        ],
        "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
    }
)


@pytest.mark.parametrize(
    ("pattern", "message", "passes"),
    [
        ('{ $.eventType = "UpdateTrail" }', TRAIL, True),
        ("{$.eventType=UpdateTrail}", TRAIL, True),
        ("{ $.sourceIPAddress != 123.123.* }", TRAIL, True),
        ("{ $.sourceIPAddress = 111.* }", TRAIL, True),
        ('{ $.arrayKey[0] = "value" }', TRAIL, True),
        ("{ $.objectList[1].id = 2 }", TRAIL, True),
        ("{ $.objectList[*].id = 2 }", TRAIL, True),
        ("{ $.objectList[*].id = 7 }", TRAIL, False),
        ("{ $.SomeObject IS NULL }", TRAIL, True),
        ("{ $.SomeOtherObject IS NULL }", TRAIL, False),
        ("{ $.SomeOtherObject NOT EXISTS }", TRAIL, True),
        ("{ $.SomeObject NOT EXISTS }", TRAIL, False),
        ("{ $.ThisFlag IS TRUE }", TRAIL, True),
        ("{ $.ThisFlag IS FALSE }", TRAIL, False),
        ('{ $.["#foo"] = bar }', TRAIL, True),
        ("{ $.['with.dot'] = 5 }", TRAIL, True),
        ("{ $.eventType = *Trail }", TRAIL, True),
        ("{ $.eventType = Upd*ail }", TRAIL, False),
        ("{ $.eventType = %Trail$% }", TRAIL, True),
        ("{ $.eventType != %Trail$% }", TRAIL, False),
        ("{ $.latency >= 500 }", TRAIL, True),
        ("{ $.latency < 10e3 }", TRAIL, True),
        ("{ $.latency < 10e-3 }", TRAIL, False),
        ("{ $.latency > +1000 }", TRAIL, False),
        ("{ $.latency = * }", TRAIL, True),
        ("{ $.errorCode = 400 }", TRAIL, True),
        ("{ $.errorCode != 500 }", TRAIL, True),
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', USERS, True),
        (
            '{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }',
            USERS,
            False,
        ),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch '
            "&& $.actions[2] = nonmatch }",
            USERS,
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) '
            "&& $.actions[2] = nonmatch }",
            USERS,
            False,
        ),
        ("{ $.users = 1 }", '{"users": [1, 2, 3]}', False),
        ("{ $.users != 1 }", '{"users": [1, 2, 3]}', False),
        ("{ $.a = 1 }", "not JSON", False),
        ("{ $.a = 1 }", '{"a": 1', False),
        ("{ $.a = 1 }", "7", False),
    ],
)
def test_json_matches_as_aws_documents_it(pattern: str, message: str, passes: bool) -> None:
    assert parse_pattern(pattern).matches(message) is passes


def test_what_selectors_find_is_extracted() -> None:
    match = parse_pattern("{ $.latency = * && $.user.id > 1 }").look(
        '{"latency": 50, "user": {"id": 2, "name": "x"}}'
    )
    assert match is not None
    assert match.extracted == {"$.latency": "50", "$.user.id": "2"}
    assert match.value("$.user.name") == "x"
    assert match.value("$.none") is None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a:b", "Invalid character(s) in term ':'"),
        ("(x)", "Invalid character(s) in term '('"),
        ('"a"b', "Invalid character(s) in term 'b'"),
        ('"open', "Invalid character(s) in term '\"'"),
        ("é", "Invalid character(s) in term 'é'"),
        ("-", "expected a term"),
        ("%something!%", "'!' is not supported"),
        ("%(a)%", "'(' is not supported"),
        ("%é%", "'é' is not supported"),
        ("%[a%", "Invalid regular expression %[a%"),
        ("%%", "must not be empty"),
        (r"%\q%", r"Invalid escape '\q'"),
        ("%a% %b% %c%", "at most 2 regular expressions"),
        ("{ $.a }", "expected one of = != < > <= >="),
        ("{ a = 1 }", "expected a selector"),
        ("{ $.a = 1", "expected '}'"),
        ("{ $.a = 1 } x", "expected nothing after '}'"),
        ("{ $.a > b }", "'b' is not a number"),
        ("{ $.a > %b% }", "cannot be compared with >"),
        ("{ $.a[*].b[*] = 1 }", "more than one wildcard"),
        ("{ $.a[*]=1 && $.b[*]=1 && $.c[*]=1 && $.d[*]=1 }", "at most 3 wildcards"),
        ("{}", "expected a selector"),
        ("[a, b", "expected ']'"),
        ("[a b]", "expected ']'"),
        ("[..., a, ...]", "one ellipsis"),
        ("[a, a]", "'a' is there twice"),
        ("[a = 1 || b = 2]", "must have one name"),
        ("[a = ]", "expected a number, a text"),
        ("{ " + "(" * 100 + "$.a = 1" + ")" * 100 + " }", "too many parentheses"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_place(pattern: str, told: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    assert told in str(caught.value)


@given(st.lists(WORDS, max_size=3), PHRASES, st.text())
def test_a_message_passes_if_it_holds_every_term(
    words: list[str], phrase: str, message: str
) -> None:
    quoted = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    pattern = parse_pattern(" ".join([*words, quoted]))
    assert pattern.matches(message) == all(term in message for term in (*words, phrase))
    assert pattern.matches(f"{phrase} {' '.join(reversed(words))} {message}")


@pytest.mark.parametrize("pattern", ["", "  ", '""'])
def test_an_empty_pattern_passes_everything(pattern: str) -> None:
    assert passes_everything(parse_pattern(pattern))


PARTS = '{ } [ ] ( ) $.a $ .b [0] = != < >= && || 1 x " % * ... , - ? IS NULL NOT EXISTS \\ é +'
TOKENS = st.sampled_from(PARTS.split()) | st.just(" ")


@given(st.lists(TOKENS, max_size=12).map("".join), st.text(max_size=20))
def test_any_text_is_a_pattern_or_refused(pattern: str, message: str) -> None:
    try:
        compiled = parse_pattern(pattern)
    except PatternError:
        return
    assert compiled.matches(message) is (compiled.look(message) is not None)


SCALARS = st.sampled_from(["ab", "a b", "b", "true", "1", "é", 'q"q', "a/b"]) | st.integers(0, 3)
DOCUMENTS = st.fixed_dictionaries({}, optional={"x": SCALARS, "y": SCALARS})
CONDITIONS = st.tuples(
    st.sampled_from(["$.x", "$.y"]),
    st.sampled_from(["=", "!="]),
    st.sampled_from(['"ab"', "a*", "*b", "b", "1", "true", '"é"', '"a/b"']),
).map(" ".join)
LOGIC = st.recursive(
    CONDITIONS,
    lambda inner: st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=4,
)


@given(LOGIC, st.lists(st.tuples(DOCUMENTS, st.booleans()), min_size=1, max_size=6))
def test_no_event_that_passes_is_overlooked(
    logic: str, documents: list[tuple[dict[str, Any], bool]]
) -> None:
    pattern = parse_pattern(f"{{ {logic} }}")
    messages = [json.dumps(document, ensure_ascii=escaped) for document, escaped in documents]
    (chunk,) = pack(enumerate(messages))
    lines = open_lines(chunk.encoding, chunk.data)
    found = set(candidates(lines, range(len(lines)), pattern))
    assert {index for index, each in enumerate(messages) if pattern.matches(each)} <= found


def test_a_regular_expression_takes_time_in_proportion_to_the_text() -> None:
    # Backtracking would take longer than the universe has existed.
    assert not parse_pattern("%a*a*a*a*a*a*a*a*a*a*a*a*b%").matches("a" * 200_000)
