"""What AWS changed with Node.js 24; the runtime's name decides, not the Node.js that serves it."""

import re

import pytest

from tests.runtimes.driver import ARN

NEW = {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async (event) => event",
        "exports.handler = (event) => Promise.resolve(event)",
        "exports.handler = (event) => event",
    ],
)
def test_a_handler_answers_with_what_it_returns(start, code):
    assert start(code, **NEW).invoke({"a": 1}).value == {"a": 1}


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = (event, context, callback) => callback(null, 1)",
        "exports.handler = async (event, context, callback) => 1",
    ],
)
def test_a_handler_may_take_no_callback(refused, code):
    error, runtime = refused(code, **NEW)
    assert error["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert error["errorMessage"] == (
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with "
        "Node.js 24. You need to modify this function to use a supported handler signature to use "
        "Node.js 24 or later. For more information see "
        "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html."
    )
    [event] = runtime.events()
    assert "\t-\tERROR\tInit Error \t" in event


def test_the_context_has_no_functions_to_answer_with(start):
    code = "exports.handler = async (event, context) => Object.keys(context)"
    assert start(code, **NEW).invoke().value == [
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
    assert start("exports.handler = (e, c) => c", **NEW).invoke().value["invokedFunctionArn"] == ARN


def test_an_error_is_answered_and_logged(start):
    runtime = start("exports.handler = () => { throw new TypeError('x') }", **NEW)
    for _ in range(2):
        answer = runtime.invoke()
        assert answer.failed
        assert answer.value["errorType"] == "TypeError"
        assert "\tERROR\tInvoke Error \t" in runtime.events()[0]


def test_what_cannot_be_json_has_an_error_type_of_its_own(start):
    answer = start("exports.handler = async () => 1n", **NEW).invoke()
    assert answer.value["errorType"] == "Runtime.JSONStringifyError"
    assert answer.value["errorMessage"] == "Unable to stringify response body"


def test_a_rejection_beside_the_answer_is_the_answer(start):
    code = "exports.handler = async () => { Promise.reject(new Error('aside')); return 'fine' }"
    runtime = start(code, **NEW)
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert runtime.wait() == 128


def test_a_promise_that_can_never_settle_is_an_error(start):
    answer = start("exports.handler = () => new Promise(() => {})", **NEW).invoke()
    assert answer.value["errorType"] == "Runtime.NodeJsExit"


def test_there_is_a_dash_for_no_request_id(start):
    runtime = start("console.log('loading'); exports.handler = async () => 1", **NEW)
    [event] = runtime.events()
    assert re.fullmatch(r"\S+Z\t-\tINFO\tloading", event)


def test_a_streamed_response_does_not_wait_for_the_event_loop(start):
    code = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        setTimeout(() => console.log('done'), 5000); stream.end('x');
    });"""
    runtime = start(code, **NEW)
    assert runtime.invoke().streamed == b"x"
    assert runtime.events() == []


def test_a_streaming_handler_that_takes_three_parameters_takes_no_callback(start):
    code = """exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
        stream.end(context.awsRequestId);
    });"""
    assert len(start(code, **NEW).invoke().streamed) == 36


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        (
            "index.handler",
            {"index.ts": "exports.handler = async (e: number): Promise<number> => e"},
        ),
        ("index.handler", {"index.mts": "export const handler = async (e: number) => e"}),
        ("index.handler", {"index.cts": "exports.handler = async (e: number) => e"}),
        ("index.handler", {"index.js": "export const handler = async (e) => e"}),
        ("index.handler", {"index.js": "await 1; export const handler = async (e) => e"}),
        ("index.handler", {"index.mjs": "export default {handler: async (e) => e}"}),
    ],
)
def test_node_24_loads_more(start, task, major, handler, files):
    if major < 24:
        pytest.skip("this Node.js cannot")
    for name, text in files.items():
        (task / name).write_text(text)
    assert start(handler=handler, **NEW).invoke(7).value == 7
