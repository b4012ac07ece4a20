"""X-Ray: the traces of invocations, and the segments that clients add."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.callers import allow, new_role, new_user
from tests.e2e.conftest import ROLE, RUNTIME, eventually, refusal, zip_of
from tests.e2e.server import Server

SOURCE = """
import os

def handler(event, context):
    if event.get("fail"):
        raise ValueError("as told")
    return os.environ["_X_AMZN_TRACE_ID"]
"""


DAEMON = """
import json
import os
import socket
import time

def handler(event, context):
    fields = dict(each.split("=") for each in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    now = time.time()
    segment = {
        "id": os.urandom(8).hex(),
        "type": "subsegment",
        "trace_id": fields["Root"],
        "parent_id": fields["Parent"],
        "start_time": now,
        "end_time": now,
    }
    sent = [
        b"no segment",
        b'{"format": "json", "version": 2}\\n{}',
        b'{"format": "json", "version": 1}\\n{"name": "x"}',
        b'{"format": "json", "version": 1}\\n\\xff',
    ]
    sent += [
        b'{"format": "json", "version": 1}\\n' + json.dumps({**segment, "name": name}).encode()
        for name in event["names"]
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, int(port)))
        for each in sent:
            sock.send(each)
    if event.get("exit"):
        os._exit(1)
"""


@pytest.fixture
def xray(server: Server) -> Any:
    return server.client("xray")


@pytest.fixture
def traced(functions: Any) -> Any:
    """The name of a function that is traced."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": zip_of(app=SOURCE)},
        TracingConfig={"Mode": "Active"},
    )
    yield name
    functions.delete_function(FunctionName=name)


def new_trace() -> str:
    return f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"


def invoke(functions: Any, name: str, trace: str, event: Any = None) -> None:
    """Invoke a function as part of a trace."""
    header = f"Root={trace};Parent={'c' * 16};Sampled=1"

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = header

    functions.meta.events.register("before-sign.lambda.Invoke", add, unique_id="trace")
    try:
        functions.invoke(FunctionName=name, Payload=json.dumps(event or {}))
    finally:
        functions.meta.events.unregister("before-sign.lambda.Invoke", unique_id="trace")


def documents(xray: Any, trace: str) -> list[dict[str, Any]]:
    """The segments of a trace."""
    [found] = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    assert found["Id"] == trace
    return [json.loads(each["Document"]) for each in found["Segments"]]


def summaries(xray: Any, **asked: Any) -> dict[str, dict[str, Any]]:
    """The summaries of the last minutes, by the trace."""
    now = time.time()
    pages = xray.get_paginator("get_trace_summaries").paginate(
        StartTime=now - 600, EndTime=now + 600, **asked
    )
    return {each["Id"]: each for page in pages for each in page["TraceSummaries"]}


def test_an_invocation_has_a_segment_of_the_service_and_one_of_the_function(
    functions: Any, xray: Any, traced: str
) -> None:
    trace = new_trace()
    invoke(functions, traced, trace)
    service, function = sorted(documents(xray, trace), key=lambda each: each["origin"])
    assert (service["origin"], function["origin"]) == ("AWS::Lambda", "AWS::Lambda::Function")
    assert (service["parent_id"], function["parent_id"]) == ("c" * 16, service["id"])
    assert service["name"] == function["name"] == traced
    assert service["http"]["response"]["status"] == 200
    assert service["start_time"] <= function["start_time"] <= function["end_time"]
    names = [each["name"] for each in function["subsegments"]]
    assert names == ["Initialization", "Invocation"]
    assert "fault" not in function
    told = summaries(xray)[trace]
    assert [told[flag] for flag in ("HasFault", "HasError", "IsPartial")] == [False] * 3
    assert told["EntryPoint"]["Name"] == traced
    assert {each["Type"] for each in told["ServiceIds"]} == {"AWS::Lambda", "AWS::Lambda::Function"}
    assert told["Duration"] >= 0
    assert told["Http"]["HttpStatus"] == 200


def test_an_invocation_that_fails_is_a_fault(functions: Any, xray: Any, traced: str) -> None:
    trace = new_trace()
    invoke(functions, traced, trace, {"fail": True})
    function = next(d for d in documents(xray, trace) if d["origin"].endswith("Function"))
    assert function["fault"] is True
    told = summaries(xray, FilterExpression=f'service("{traced}") {{ fault }}')
    assert list(told) == [trace]
    [cause] = told[trace]["FaultRootCauses"]
    assert cause["Services"][0]["EntityPath"][0]["Exceptions"][0]["Name"] == "Unhandled"


def test_what_is_not_traced_is_in_no_trace(functions: Any, xray: Any, traced: str) -> None:
    functions.update_function_configuration(
        FunctionName=traced, TracingConfig={"Mode": "PassThrough"}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=traced)
    functions.invoke(FunctionName=traced)
    assert summaries(xray, FilterExpression=f'service("{traced}")') == {}


def test_segments_of_clients_are_kept_and_join_the_trace(
    functions: Any, xray: Any, traced: str
) -> None:
    trace = new_trace()
    invoke(functions, traced, trace)
    function = next(d for d in documents(xray, trace) if d["origin"].endswith("Function"))
    now = time.time()
    front = {"id": "c" * 16, "name": "front", "trace_id": trace, "start_time": now - 1}
    inner = {
        "id": "e" * 16,
        "type": "subsegment",
        "parent_id": function["id"],
        "name": "query",
        "trace_id": trace,
        "start_time": now,
        "end_time": now + 0.25,
        "annotations": {"shop": traced},
    }
    answer = xray.put_trace_segments(
        TraceSegmentDocuments=[
            json.dumps(front | {"in_progress": True}),
            json.dumps(inner),
            json.dumps(front | {"id": "short"}),
            "no json",
        ]
    )
    refused = answer["UnprocessedTraceSegments"]
    assert [(each["ErrorCode"], each.get("Id")) for each in refused] == [
        ("ParseError", "short"),
        ("ParseError", None),
    ]
    told = summaries(xray, FilterExpression=f'annotation.shop = "{traced}"')[trace]
    assert told["IsPartial"]
    assert told["EntryPoint"]["Name"] == "front"
    [noted] = told["Annotations"]["shop"]
    assert noted["AnnotationValue"] == {"StringValue": traced}
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(front | {"end_time": now + 1})])
    assert not summaries(xray)[trace]["IsPartial"]
    whole = next(d for d in documents(xray, trace) if d["id"] == function["id"])
    assert [each["name"] for each in whole["subsegments"]][-1] == "query"
    assert summaries(xray, FilterExpression=f'edge("front", "{traced}")')[trace]


def test_what_a_function_sends_to_the_daemon_is_below_it(
    functions: Any, xray: Any, deploy: Any, server: Server
) -> None:
    may = new_role(server, allow("xray:PutTraceSegments"))
    name = deploy(DAEMON, TracingConfig={"Mode": "Active"}, Role=may)
    for event in ({"names": ["query"]}, {"names": ["last words"], "exit": True}):
        trace = new_trace()
        invoke(functions, name, trace, event)
        function = next(d for d in documents(xray, trace) if d["origin"].endswith("Function"))
        assert function["subsegments"][-1]["name"] == event["names"][0]


def test_a_role_that_may_not_put_segments_sends_none(
    functions: Any, xray: Any, deploy: Any, server: Server
) -> None:
    name = deploy(DAEMON, TracingConfig={"Mode": "Active"}, Role=new_role(server))
    trace = new_trace()
    invoke(functions, name, trace, {"names": ["query"]})
    function = next(d for d in documents(xray, trace) if d["origin"].endswith("Function"))
    assert "query" not in [each["name"] for each in function["subsegments"]]


def test_a_function_that_calls_another_is_above_it(
    functions: Any, xray: Any, server: Server, traced: str
) -> None:
    caller = f"t-{uuid.uuid4().hex[:12]}"
    source = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    boto3.client('lambda').invoke(FunctionName=event['name'])\n"
    )
    functions.create_function(
        FunctionName=caller,
        Role=new_role(server, allow("lambda:InvokeFunction")),
        Runtime=RUNTIME,
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": zip_of(app=source)},
    )
    trace = new_trace()
    invoke(functions, caller, trace, {"name": traced})

    def both() -> bool:
        return len(documents(xray, trace)) == 4

    eventually(both, "both functions are in the trace")
    found = documents(xray, trace)
    above = next(d for d in found if d["name"] == caller and d["origin"].endswith("Function"))
    below = next(d for d in found if d["name"] == traced and d["origin"] == "AWS::Lambda")
    assert below["parent_id"] == above["id"]
    functions.delete_function(FunctionName=caller)


def test_wrong_questions_are_refused(xray: Any) -> None:
    now = time.time()
    for asked, text in (
        ({"StartTime": now, "EndTime": now - 5}, "StartTime is after EndTime"),
        ({"StartTime": now - 100_000, "EndTime": now}, "more than 24 hours"),
        (
            {"StartTime": now - 5, "EndTime": now, "FilterExpression": "speed > 5"},
            "Invalid filter expression: speed is no keyword",
        ),
        ({"StartTime": now - 5, "EndTime": now, "NextToken": "x"}, "Invalid NextToken"),
    ):
        status, code, message = refusal(xray.get_trace_summaries, **asked)
        assert (status, code) == (400, "InvalidRequestException")
        assert text in message
    status, code, message = refusal(xray.batch_get_traces, TraceIds=["1-2-3"])
    assert (status, code, message) == (400, "InvalidRequestException", "Invalid trace id: 1-2-3")
    assert (
        refusal(xray.batch_get_traces, TraceIds=[new_trace()] * 6)[1] == "InvalidRequestException"
    )
    missing = new_trace()
    assert xray.batch_get_traces(TraceIds=[missing])["UnprocessedTraceIds"] == [missing]


def test_traces_are_for_those_who_may_and_for_their_account(server: Server, xray: Any) -> None:
    user = server.client("xray", **new_user(server, allow("xray:PutTraceSegments")))
    trace, now = new_trace(), time.time()
    front = {"id": "a" * 16, "name": "x", "trace_id": trace, "start_time": now, "end_time": now}
    user.put_trace_segments(TraceSegmentDocuments=[json.dumps(front)])
    with pytest.raises(ClientError, match="AccessDenied"):
        user.batch_get_traces(TraceIds=[trace])
    assert len(documents(xray, trace)) == 1
    other = server.client("xray", region_name="eu-west-1")
    assert other.batch_get_traces(TraceIds=[trace])["Traces"] == []
