"""Asynchronous invocation, as boto3 sees it, on the real server."""

import base64
import http.client
import json
import re
import urllib.error
import urllib.request

import pytest
from botocore.config import Config

from tests.e2e.conftest import INVOKER_ROLE, create, eventually, refusal, zip_of

ACCOUNT = "000000000000"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
ECHO = """
import json, os

def handler(event, context):
    print("got", json.dumps({
        "event": event,
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "client": context.client_context is not None,
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }))
    return {"answer": event}
"""
FAIL = "def handler(event, context):\n    raise ValueError('not today')\n"


def send(functions, name, event=None, **members):
    response = functions.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode(), **members
    )
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
    assert not {"FunctionError", "LogResult", "ExecutedVersion"} & response.keys()
    return response["ResponseMetadata"]["RequestId"]


@pytest.fixture
def got(messages, logs):
    """What ECHO printed: `got(name)` → a list, or None before it has a log group."""

    def read(name):
        try:
            lines = messages(name)
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(line[4:]) for line in lines if line.startswith("got ")]

    return read


@pytest.fixture
def arrived(got):
    """Wait until ECHO has printed so many events, and return them."""

    def wait(name, count=1):
        eventually(lambda: len(got(name)) >= count, f"{count} events of {name} ran")
        return got(name)

    return wait


def measured(server, metric, name):
    """Read a metric of a function; 0 where it was never recorded."""
    page = urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics").read().decode()
    found = re.findall(rf'^{metric}{{.*function="{name}"}} (.+)$', page, re.MULTILINE)
    return float(found[0]) if found else 0.0


def test_an_event_is_accepted_and_runs(functions, deploy, arrived, messages):
    name = deploy(ECHO)
    request_id = send(functions, name, {"answer": 42}, LogType="Tail")
    [event] = arrived(name)
    assert event["event"] == {"answer": 42}
    assert event["id"] == request_id
    assert event["arn"] == ARN + name
    eventually(lambda: any("REPORT" in line for line in messages(name)), "it is reported")
    lines = [line for line in messages(name) if request_id in line]
    assert [line.split()[0] for line in lines] == ["START", "got", "END", "REPORT"]


def test_invoke_async_accepts_an_event_too(functions, deploy, arrived):
    name = deploy(ECHO)
    response = functions.invoke_async(FunctionName=name, InvokeArgs=b'{"old": true}')
    assert response["Status"] == 202
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert arrived(name)[0]["event"] == {"old": True}


def test_the_qualifier_chooses_what_runs(functions, deploy, arrived):
    name = deploy(ECHO)
    functions.publish_version(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(app=FAIL))
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    send(functions, name, 1, Qualifier="1")
    send(functions, f"{name}:live", 2)
    found = {each["event"]: each["arn"] for each in arrived(name, 2)}
    assert found == {1: f"{ARN}{name}:1", 2: f"{ARN}{name}:live"}


def test_no_payload_is_an_empty_object(functions, deploy, arrived):
    name = deploy(ECHO)
    functions.invoke(FunctionName=name, InvocationType="Event")
    assert arrived(name)[0]["event"] == {}


def test_the_client_context_is_for_synchronous_invocations_only(functions, deploy, arrived):
    name = deploy(ECHO)
    context = base64.b64encode(b'{"custom": {}}').decode()
    send(functions, name, ClientContext=context)
    assert arrived(name)[0]["client"] is False
    assert refusal(
        functions.invoke, FunctionName=name, InvocationType="Event", ClientContext="{"
    ) == (
        400,
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
    )


@pytest.mark.parametrize(
    ("operation", "member", "limit"),
    [("invoke", "Payload", 1_048_576), ("invoke_async", "InvokeArgs", 262_144)],
)
def test_an_event_may_have_a_megabyte_and_an_old_one_a_quarter(
    functions, deploy, arrived, operation, member, limit
):
    name = deploy("def handler(event, context):\n    print('got', len(event))\n")
    settings = {"InvocationType": "Event"} if operation == "invoke" else {}
    call = getattr(functions, operation)
    payload = b'"%s"' % (b"x" * (limit - 2))
    call(FunctionName=name, **settings, **{member: payload})
    assert arrived(name) == [limit - 2]
    assert refusal(call, FunctionName=name, **settings, **{member: payload + b" "}) == (
        413,
        "RequestEntityTooLargeException",
        f"{limit + 1} byte payload is too large for the Event invocation type "
        f"(limit {limit} bytes)",
    )


def test_what_cannot_be_an_event_is_refused(functions, deploy):
    name = deploy(ECHO)
    for call, member in ((functions.invoke, "Payload"), (functions.invoke_async, "InvokeArgs")):
        settings = {"InvocationType": "Event"} if member == "Payload" else {}
        status, code, message = refusal(call, FunctionName=name, **settings, **{member: b"{"})
        assert (status, code) == (400, "InvalidRequestContentException")
        assert message.startswith("Could not parse request body into json: ")
        assert refusal(call, FunctionName="nobody", **settings, **{member: b"{}"}) == (
            404,
            "ResourceNotFoundException",
            f"Function not found: {ARN}nobody",
        )
    assert refusal(functions.invoke, FunctionName=name, InvocationType="Event", Qualifier="7") == (
        404,
        "ResourceNotFoundException",
        f"Function not found: {ARN}{name}:7",
    )


def test_a_function_that_succeeds_tells_its_destination(functions, deploy, arrived):
    name, destination = deploy(ECHO, Role=INVOKER_ROLE), deploy(ECHO)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": ARN + destination}}
    )
    request_id = send(functions, name, {"key": "välue"})
    [told] = arrived(destination)
    record = told["event"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}{name}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"key": "välue"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"answer": {"key": "välue"}},
    }
    assert told["id"] != request_id


def test_a_function_that_fails_tells_its_destination(functions, deploy, arrived, server):
    name, destination = deploy(FAIL, Role=INVOKER_ROLE), deploy(ECHO)
    functions.publish_version(FunctionName=name)
    functions.publish_version(FunctionName=destination)
    functions.put_function_event_invoke_config(
        FunctionName=name,
        Qualifier="1",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"{ARN}{destination}:1"}},
    )
    request_id = send(functions, name, [1], Qualifier="1")
    [told] = arrived(destination)
    record = told["event"]
    del record["timestamp"]
    response = record.pop("responsePayload")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}{name}:1",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": [1],
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "1",
            "functionError": "Unhandled",
        },
    }
    assert (response["errorType"], response["errorMessage"]) == ("ValueError", "not today")
    assert told["arn"] == f"{ARN}{destination}:1"
    assert measured(server, "ingle_lambda_async_events_dropped_total", name) == 1


def test_a_destination_that_is_gone_is_counted_and_logged(functions, deploy, server):
    name, destination = deploy(ECHO, Role=INVOKER_ROLE), deploy(ECHO)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": ARN + destination}}
    )
    functions.delete_function(FunctionName=destination)
    send(functions, name)
    metric = "ingle_lambda_destination_delivery_failures_total"
    eventually(lambda: measured(server, metric, name) == 1, "the failure is counted")
    assert (
        f"The record of an event of {ACCOUNT}:us-east-1:{name} could not be delivered to "
        f"{ARN}{destination}: Function not found: {ARN}{destination}"
    ) in server.log


def test_a_record_that_is_too_large_for_an_event_is_counted_and_logged(functions, deploy, server):
    source = "def handler(event, context):\n    return 'x' * 1100000\n"
    name, destination = deploy(source, Role=INVOKER_ROLE), deploy(ECHO)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": ARN + destination}}
    )
    send(functions, name)
    metric = "ingle_lambda_destination_delivery_failures_total"
    eventually(lambda: measured(server, metric, name) == 1, "the failure is counted")
    assert "bytes, and an event 1048576 at most" in server.log


def test_a_function_that_is_switched_off_gives_its_events_up_at_once(
    functions, deploy, arrived, server
):
    name, destination = deploy(ECHO, Role=INVOKER_ROLE), deploy(ECHO)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": ARN + destination}}
    )
    request_id = send(functions, name, "lost")
    record = arrived(destination)[0]["event"]
    del record["timestamp"]
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}{name}:$LATEST",
            "condition": "ZeroReservedConcurrency",
            "approximateInvokeCount": 0,
        },
        "requestPayload": "lost",
    }


def test_a_throttled_function_delays_no_other_and_runs_when_it_may(functions, deploy, arrived, got):
    name, other = deploy(ECHO + "    # never seen\n", Timeout=30), deploy(ECHO)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    for number in range(30):
        send(functions, name, number)
    send(functions, other)
    arrived(other)
    events = arrived(name, 30)
    assert sorted(each["event"] for each in events) == list(range(30))


def test_a_slow_function_delays_no_other(functions, deploy, arrived):
    slow = deploy("import time\ndef handler(event, context):\n    time.sleep(8)\n", Timeout=30)
    for _ in range(100):
        send(functions, slow)
    for _ in range(3):
        other = deploy(ECHO)
        send(functions, other)
        arrived(other)


def test_metrics_count_events_and_their_age(functions, deploy, arrived, server):
    name = deploy(ECHO)
    send(functions, name)
    functions.invoke_async(FunctionName=name, InvokeArgs=b"{}")
    arrived(name, 2)
    assert measured(server, "ingle_lambda_async_events_received_total", name) == 2
    age = "ingle_lambda_async_event_age_seconds"
    eventually(lambda: measured(server, f"{age}_count", name) == 2, "both ages are recorded")
    assert 0 <= measured(server, f"{age}_sum", name) < 60


FETCH = """
import os, urllib.error, urllib.request

def handler(event, context):
    try:
        return urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + event).status
    except urllib.error.HTTPError as error:
        return error.code
"""


def test_metrics_are_for_this_machine_but_not_for_functions(server, deploy, invoke):
    def status(**headers):
        connection = http.client.HTTPConnection(*server.address)
        connection.request("GET", "/_ingle/metrics", headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    assert status() == 200
    assert status(Host="localhost:4566") == 200
    assert status(Origin="http://page.example") == 403
    assert status(Host="page.example") == 403
    name = deploy(FETCH)
    assert invoke(name, "/_ingle/health")[0] == 200
    assert invoke(name, "/_ingle/metrics")[0] == 403


def in_chain(server, trace):
    """A client that sends a trace header, as the SDK in a function does with the one it got."""
    client = server.client("lambda", config=Config())

    def add(params, **_):
        params["headers"]["X-Amzn-Trace-Id"] = trace

    client.meta.events.register("before-call", add)
    return client


TRACE = "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"


def test_the_seventeenth_invocation_in_a_loop_is_stopped_unless_it_is_allowed(
    server, functions, deploy
):
    name, other = deploy(TRACE), deploy(TRACE)
    trace = ""

    def call(function):
        response = in_chain(server, trace).invoke(FunctionName=function)
        return json.loads(response["Payload"].read())

    for _ in range(16):
        trace = call(name)
        trace = call(other)
    assert refusal(in_chain(server, trace).invoke, FunctionName=name) == (
        400,
        "RecursiveInvocationException",
        "Lambda has detected your function being invoked in a recursive loop with other Amazon "
        "Web Services resources and stopped your function's invocation.",
    )
    metric = "ingle_lambda_recursive_invocations_dropped_total"
    assert measured(server, metric, name) == 1
    assert functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == (
        "Terminate"
    )
    functions.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    assert ":16;" in call(name) + ";"


def test_two_functions_that_are_each_other_s_destination_are_stopped(
    server, functions, deploy, arrived, got
):
    source = "def handler(event, context):\n    print('got', 1)\n"
    one, two = (deploy(source, Role=INVOKER_ROLE) for _ in range(2))
    told = deploy(ECHO)
    for name, other in ((one, two), (two, one)):
        functions.put_function_event_invoke_config(
            FunctionName=name,
            DestinationConfig={
                "OnSuccess": {"Destination": ARN + other},
                "OnFailure": {"Destination": ARN + told},
            },
        )
    send(functions, one, "start")
    record = arrived(told)[0]["event"]
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert record["requestContext"]["functionArn"] == f"{ARN}{one}:$LATEST"
    assert "responseContext" not in record
    assert (len(got(one)), len(got(two))) == (16, 16)
    metric = "ingle_lambda_recursive_invocations_dropped_total"
    assert measured(server, metric, one) == 1


def test_the_recursion_setting_is_kept_for_functions_that_exist(functions, deploy):
    name = deploy(TRACE)
    for loop in ("Allow", "Terminate", "Allow"):
        answer = functions.put_function_recursion_config(FunctionName=name, RecursiveLoop=loop)
        assert answer["RecursiveLoop"] == loop
        read = functions.get_function_recursion_config(FunctionName=ARN + name)
        assert read["RecursiveLoop"] == loop
    for call in (
        functions.get_function_recursion_config,
        lambda **members: functions.put_function_recursion_config(RecursiveLoop="Allow", **members),
    ):
        assert refusal(call, FunctionName="nobody") == (
            404,
            "ResourceNotFoundException",
            f"Function not found: {ARN}nobody",
        )
    functions.delete_function(FunctionName=name)
    create(functions, TRACE, FunctionName=name)
    assert functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == (
        "Terminate"
    )


def test_a_loop_setting_that_aws_does_not_have_is_refused(unchecked, deploy):
    status, code, message = refusal(
        unchecked.put_function_recursion_config, FunctionName=deploy(TRACE), RecursiveLoop="Maybe"
    )
    assert (status, code) == (400, "ValidationException")
    assert "recursiveLoop" in message
