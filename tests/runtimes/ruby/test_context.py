"""The context object."""

import json
import time

from tests.runtimes.driver import ARN

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def test_it_tells_what_aws_tells(answer_of):
    told = {
        "aws_request_id": REQUEST_ID,
        "class.name": "LambdaContext",
        "client_context": None,
        "deadline_ms": 1_700_000_000_123,
        "function_name": "thing",
        "function_version": "$LATEST",
        "get_remaining_time_in_millis": 0,
        "identity": None,
        "invoked_function_arn": ARN,
        "log_group_name": "/aws/lambda/thing",
        "log_stream_name": "2026/01/01/[$LATEST]abc",
        "memory_limit_in_mb": "128",
        "tenant_id": None,
        "w3c": {},
    }
    code = ", ".join(f"'{name}' => context.{name}" for name in told)
    said = answer_of(f"{{ {code} }}", request_id=REQUEST_ID, deadline_ms=1_700_000_000_123)
    assert said == told


def test_the_context_tells_the_tenant(answer_of):
    assert answer_of("[event, context.tenant_id]", 7, tenant_id="blue/1") == [7, "blue/1"]


def test_the_time_that_remains_is_that_until_the_deadline(answer_of):
    deadline = int(time.time() * 1000) + 600_000
    assert 0 < answer_of("context.get_remaining_time_in_millis", deadline_ms=deadline) <= 600_000


def test_the_callers_context_arrives_as_a_hash(answer_of):
    sent = {"custom": {"ä": 1}, "env": {"make": "x"}, "client": {"app_title": "t"}}
    assert answer_of("context.client_context", client_context=json.dumps(sent)) == sent


def test_the_trace_context_is_apart_from_the_callers_own(answer_of):
    sent = {"custom": {}, "w3c": {"baggage": "a=b", "traceparent": 42, "unknown": "x"}}
    said = answer_of("[context.client_context, context.w3c]", client_context=json.dumps(sent))
    assert said == [{"custom": {}}, {"baggage": "a=b"}]


def test_a_context_that_is_no_json_is_an_error(start):
    runtime = start("def handler(event:, context:) = 'fine'")
    answer = runtime.invoke(client_context="{")
    assert answer.failed
    assert answer.value["errorType"] == "Function<JSON::ParserError>"
    assert runtime.invoke().value == "fine"


def test_the_trace_id_is_that_of_the_invocation(start):
    runtime = start("def handler(event:, context:) = ENV['_X_AMZN_TRACE_ID']")
    assert runtime.invoke(trace="Root=1-2-3").value == "Root=1-2-3"
    assert runtime.invoke().value is None
