"""The context object of an invocation."""

import time

from tests.runtimes.driver import ARN

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def test_the_context_says_all_that_aws_s_does(start):
    code = "exports.handler = async (event, context) => context"
    got = start(code).invoke(request_id=REQUEST_ID).value
    assert got == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionVersion": "$LATEST",
        "functionName": "thing",
        "memoryLimitInMB": "128",
        "logGroupName": "/aws/lambda/thing",
        "logStreamName": "2026/01/01/[$LATEST]abc",
        "invokedFunctionArn": ARN,
        "awsRequestId": REQUEST_ID,
    }


def test_the_context_has_these_members_in_this_order(start):
    code = "exports.handler = async (event, context) => Object.keys(context)"
    assert start(code).invoke().value == [
        "callbackWaitsForEmptyEventLoop",
        "succeed",
        "fail",
        "done",
        "functionVersion",
        "functionName",
        "memoryLimitInMB",
        "logGroupName",
        "logStreamName",
        "clientContext",
        "identity",
        "invokedFunctionArn",
        "awsRequestId",
        "tenantId",
        "getRemainingTimeInMillis",
    ]


def test_the_context_tells_the_tenant(start):
    runtime = start("exports.handler = async (event, context) => [event, context.tenantId]")
    assert runtime.invoke({"a": 1}, tenant_id="blue/1").value == [{"a": 1}, "blue/1"]
    assert runtime.invoke({"a": 2}).value == [{"a": 2}, None]


def test_the_remaining_time_is_that_until_the_deadline(start):
    runtime = start("exports.handler = async (e, context) => context.getRemainingTimeInMillis()")
    before = int(time.time() * 1000)
    left = runtime.invoke(deadline_ms=before + 50_000).value
    after = int(time.time() * 1000)
    assert before + 50_000 - after <= left <= 50_000


def test_the_client_context_is_the_caller_s_json(start):
    runtime = start("exports.handler = async (e, {clientContext}) => [clientContext]")
    sent = '{"client": {"installation_id": "i"}, "custom": {"ü": 1}, "env": {}}'
    assert runtime.invoke(client_context=sent).value == [
        {"client": {"installation_id": "i"}, "custom": {"ü": 1}, "env": {}}
    ]
    assert runtime.invoke().value == [None]


def test_a_client_context_that_is_no_json_is_an_error(start):
    answer = start("exports.handler = async () => 1").invoke(client_context="{")
    assert answer.failed
    assert answer.value["errorMessage"].startswith("Cannot parse ClientContext as json: SyntaxErr")


def test_the_trace_id_is_in_the_environment_while_there_is_one(start):
    runtime = start("exports.handler = async () => [process.env._X_AMZN_TRACE_ID]")
    assert runtime.invoke(trace="Root=1-5759e988").value == ["Root=1-5759e988"]
    assert runtime.invoke().value == [None]
