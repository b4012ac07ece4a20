"""What handlers answer with, and what becomes of it."""

import json

import pytest

MAX_RESPONSE = 6_291_556


def test_any_value_is_answered_as_its_json(start):
    runtime = start("""# -*- coding: utf-8 -*-
import decimal
def handler(event, context):
    return [None, True, 1.5, 2 ** 70, "bytes \\xc3\\xbc", u"text ü", {"a": (1,)},
            decimal.Decimal("1.5")]
""")
    answer = runtime.invoke()
    assert answer.value == [None, True, 1.5, 2**70, "bytes ü", "text ü", {"a": [1]}, 1.5]
    assert answer.body.isascii()


def test_an_events_text_is_unicode(answer_of):
    said = answer_of("[type(event[u'\\xfc']).__name__, event.keys()[0]]", {"ü": "ä"})
    assert said == ["unicode", "ü"]


@pytest.mark.parametrize("raw", [b"{}", b"[]", b'""', b"null", b"17", b" [1, 2.5e3, true] "])
def test_every_kind_of_event_arrives(start, raw):
    runtime = start("def handler(event, context): return event")
    assert runtime.invoke(raw=raw).value == json.loads(raw)


def test_an_event_that_is_no_json_is_an_error(start):
    runtime = start("def handler(event, context): return event")
    answer = runtime.invoke(raw=b"{")
    assert answer.failed
    assert answer.value["errorType"] == "ValueError"
    assert runtime.events()[0].startswith("Unable to parse input as json: ")
    assert runtime.invoke(1).value == 1


@pytest.mark.parametrize(
    ("expression", "kind", "message"),
    [
        ("object", "TypeError", "<type 'object'> is not JSON serializable"),
        ("'\\xff'", "UnicodeDecodeError", "'utf8' codec can't decode byte 0xff in position 0"),
        ("(lambda a: a.append(a) or a)([])", "ValueError", "Circular reference detected"),
    ],
)
def test_what_cannot_be_json_is_the_functions_error(start, expression, kind, message):
    runtime = start(f"def handler(event, context): return {expression} if event else 'fine'")
    answer = runtime.invoke(True)
    assert answer.failed
    assert answer.value["errorType"] == kind
    assert answer.value["errorMessage"].startswith(message)
    assert answer.value["stackTrace"][0][0].endswith("/json/__init__.py")
    [event] = runtime.events()
    assert event.startswith(f"An error occurred during JSON serialization of response: {message}")
    assert runtime.invoke(False).value == "fine"


def test_an_answer_may_be_as_long_as_aws_allows_and_no_longer(start):
    runtime = start("def handler(event, context): return 'x' * event")
    assert len(runtime.invoke(MAX_RESPONSE - 2).body) == MAX_RESPONSE
    answer = runtime.invoke(MAX_RESPONSE - 1)
    assert answer.failed
    assert answer.value == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert runtime.invoke(1).value == "x"


def test_large_events_arrive(start):
    runtime = start("def handler(event, context): return [len(event), event[-1]]")
    assert runtime.invoke("ä" * 1_000_000).value == [1_000_000, "ä"]


def test_what_was_loaded_stays_between_invocations(start):
    runtime = start("seen = []\ndef handler(event, context):\n  seen.append(1)\n  return len(seen)")
    assert [runtime.invoke().value for _ in range(3)] == [1, 2, 3]
