"""What handlers answer with, and what becomes of it."""

import json

import pytest

MAX_RESPONSE = 6_291_556


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("nil", None),
        ("{ a: 1, 'b' => [true, 1.5, nil] }", {"a": 1, "b": [True, 1.5, None]}),
        ("'grüße'", "grüße"),
        (":symbol", "symbol"),
        ("Time.at(0).utc", "1970-01-01 00:00:00 UTC"),
        ("Struct.new(:a) { def to_json(*) = '[7]' }.new(1)", [7]),
    ],
)
def test_any_value_is_answered_as_its_json(answer_of, expression, value):
    assert answer_of(expression) == value


def test_an_event_has_text_for_keys_and_its_text_is_utf8(answer_of):
    said = answer_of("[event.keys[0].class, event['ü'].encoding]", {"ü": "ä"})
    assert said == ["String", "UTF-8"]


@pytest.mark.parametrize("raw", [b"{}", b"[]", b'""', b"null", b"17", b" [1, 2.5e3, true] "])
def test_every_kind_of_event_arrives(start, raw):
    runtime = start("def handler(event:, context:) = event")
    assert runtime.invoke(raw=raw).value == json.loads(raw)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("Float::NAN", "JSON::GeneratorError"),
        ("[].tap { |round| round << round }", "JSON::NestingError"),
        ('"\\xff"', "JSON::GeneratorError"),
    ],
)
def test_what_cannot_be_json_is_the_functions_error(start, expression, kind):
    runtime = start(f"def handler(event:, context:) = event ? {expression} : 'fine'")
    answer = runtime.invoke(True)
    assert answer.failed
    assert answer.value["errorType"] == f"Function<{kind}>"
    assert runtime.invoke(False).value == "fine"


def test_a_stream_is_answered_as_it_is(start):
    runtime = start("require 'stringio'\ndef handler(event:, context:) = StringIO.new('<p>ü</p>')")
    answer = runtime.invoke()
    assert not answer.failed
    assert answer.body.decode() == "<p>ü</p>"


def test_a_function_may_convert_events_and_answers_itself(start):
    runtime = start("""
        class AwsLambda::Marshaller
          def self.marshall_request(raw) = [raw['content-type'], raw.body]
          def self.marshall_response(answer) = "<#{answer.inspect}>"
        end
        def handler(event:, context:) = event
    """)
    assert runtime.invoke(raw=b"{ }").body == b'<["application/json", "{ }"]>'


def test_an_answer_may_be_as_long_as_aws_allows_and_no_longer(start):
    runtime = start("def handler(event:, context:) = 'x' * event")
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
    runtime = start("def handler(event:, context:) = [event.length, event[-1]]")
    assert runtime.invoke("ä" * 1_500_000).value == [1_500_000, "ä"]


def test_what_was_loaded_stays_between_invocations(start):
    runtime = start("$n = 0\ndef handler(event:, context:) = $n += 1")
    assert [runtime.invoke().value for _ in range(3)] == [1, 2, 3]


def test_net_http_is_there_without_being_required(answer_of):
    assert answer_of(
        "[Net::HTTP, JSON, Time.iso8601('2026-01-01T00:00:00Z').year].map(&:to_s)"
    ) == [
        "Net::HTTP",
        "JSON",
        "2026",
    ]
