"""What a handler is told of its invocation."""

import json
import time

from tests.runtimes.driver import ARN

REQUEST = "11111111-2222-3333-4444-555555555555"


def test_the_context_tells_of_the_function_and_the_invocation(start):
    answer = start("example.Contexts::all").invoke(request_id=REQUEST)
    assert answer.value == {
        "requestId": REQUEST,
        "logGroup": "/aws/lambda/thing",
        "logStream": "2026/01/01/[$LATEST]abc",
        "name": "thing",
        "version": "$LATEST",
        "arn": ARN,
        "memory": 512,
        "noIdentity": True,
        "noClient": True,
        "noTenant": True,
    }


def test_the_context_tells_the_tenant(start):
    runtime = start("example.Contexts::tenant")
    assert runtime.invoke({"a": 1}, tenant_id="blue/1").value == "blue/1"
    assert runtime.invoke({"a": 1}).value is None


def test_the_time_that_remains_is_until_the_deadline_and_never_negative(start):
    runtime = start("example.Contexts::remaining")
    now = int(time.time() * 1000)
    assert 0 < runtime.invoke(deadline_ms=now + 60_000).value <= 60_000
    assert runtime.invoke(deadline_ms=now - 1000).value == 0


def test_the_client_context_is_what_the_caller_sent(start):
    sent = {
        "client": {
            "installation_id": "i",
            "app_title": "t",
            "app_version_name": "n",
            "app_version_code": "c",
            "app_package_name": "p",
        },
        "custom": {"key": "value", "number": 1},
        "env": {"platform": "iPhoneOS"},
    }
    answer = start("example.Contexts::client").invoke(client_context=json.dumps(sent))
    assert answer.value == [
        *("i", "t", "n", "c", "p"),
        {"key": "value", "number": "1"},
        {"platform": "iPhoneOS"},
    ]


def test_the_trace_header_is_a_property_and_in_the_context(start):
    runtime = start("example.Contexts::trace")
    assert runtime.invoke(trace="Root=1-a").value == ["Root=1-a", "Root=1-a"]
    assert runtime.invoke().value == [None, None]
