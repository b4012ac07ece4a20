"""The context object."""

import json
import time

from tests.runtimes.driver import ARN

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def test_it_tells_what_aws_tells(answer_of):
    told = {
        "aws_request_id": REQUEST_ID,
        "client_context": None,
        "function_name": "thing",
        "function_version": "$LATEST",
        "get_remaining_time_in_millis()": 0,
        "identity.cognito_identity_id": None,
        "identity.cognito_identity_pool_id": None,
        "invoked_function_arn": ARN,
        "log_group_name": "/aws/lambda/thing",
        "log_stream_name": "2026/01/01/[$LATEST]abc",
        "memory_limit_in_mb": "128",
        "__class__.__name__": "LambdaContext",
    }
    code = ", ".join(f"'{name}': context.{name}" for name in told)
    assert answer_of(f"{{{code}}}", request_id=REQUEST_ID, deadline_ms=1_700_000_000_123) == told


def test_the_time_that_remains_is_that_until_the_deadline(answer_of):
    deadline = int(time.time() * 1000) + 600_000
    said = answer_of("context.get_remaining_time_in_millis()", deadline_ms=deadline)
    assert 0 < said <= 600_000


def test_the_callers_context_arrives(answer_of):
    sent = {"custom": {"ä": 1}, "env": {"make": "x"}, "client": {"app_title": "t"}}
    code = (
        "[context.client_context.custom, context.client_context.env, "
        "context.client_context.client.app_title, context.client_context.client.installation_id]"
    )
    said = answer_of(code, client_context=json.dumps(sent))
    assert said == [sent["custom"], sent["env"], "t", None]
    assert answer_of("context.client_context.client", client_context="{}") is None


def test_a_context_that_is_no_json_is_an_error(start):
    runtime = start("def handler(event, context): return 1")
    answer = runtime.invoke(client_context="{")
    assert answer.failed
    assert answer.value["errorType"] == "ValueError"
    assert runtime.events()[0].startswith("Unable to parse client context: ")


def test_the_trace_id_is_that_of_the_invocation(start):
    runtime = start(
        "import os\ndef handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')"
    )
    assert runtime.invoke(trace="Root=1-2-3").value == "Root=1-2-3"
    assert runtime.invoke().value is None
