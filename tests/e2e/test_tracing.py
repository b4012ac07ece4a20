"""X-Ray's trace header: what functions, logs and callers see of it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.languages import runtimes_of, zip_of_files
from tests.e2e.server import Server

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
SENT = f"Root={ROOT};Parent=53995c3f42cd8ad8"
SOURCE = """
import os

def handler(event, context):
    return os.environ["_X_AMZN_TRACE_ID"]
"""
NODE = "exports.handler = async () => process.env._X_AMZN_TRACE_ID;"
DAEMON = """
import os
import socket

def handler(event, context):
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    segment = b'{"format": "json", "version": 1}\\n{"name": "x"}'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sent = [sock.sendto(segment, (host, int(port))) for _ in range(3)]
    return sent, os.environ["AWS_XRAY_CONTEXT_MISSING"]
"""


@pytest.fixture
def call(server: Server) -> Callable[..., tuple[dict[str, str], dict[str, Any]]]:
    """Invoke a function with a trace header: `call(name, header)` → (what it saw, response)."""

    def invoke(name: str, header: str = "", **settings: Any) -> tuple[Any, dict[str, Any]]:
        client = server.client("lambda")

        def add_header(params: dict[str, Any], **_rest: Any) -> None:
            if header:
                params["headers"]["X-Amzn-Trace-Id"] = header

        client.meta.events.register("before-call.lambda.Invoke", add_header)
        response = client.invoke(FunctionName=name, **settings)
        assert "FunctionError" not in response
        return fields(json.loads(response["Payload"].read())), response

    return invoke


def fields(header: str) -> dict[str, str]:
    return dict(each.split("=", 1) for each in header.split(";"))


@pytest.fixture
def active(deploy: Any) -> str:
    name: str = deploy(SOURCE, TracingConfig={"Mode": "Active"})
    return name


def test_the_mode_is_kept_changed_and_part_of_a_version(functions: Any, active: str) -> None:
    told = functions.get_function_configuration(FunctionName=active)
    assert told["TracingConfig"] == {"Mode": "Active"}
    assert functions.publish_version(FunctionName=active)["Version"] == "1"
    changed = functions.update_function_configuration(
        FunctionName=active, TracingConfig={"Mode": "PassThrough"}
    )
    assert changed["TracingConfig"] == {"Mode": "PassThrough"}
    version = functions.get_function_configuration(FunctionName=active, Qualifier="1")
    assert version["TracingConfig"] == {"Mode": "Active"}


def test_the_first_invocation_of_a_second_is_traced_under_a_new_root(
    call: Any, active: str
) -> None:
    seen, response = call(active)
    assert re.fullmatch("1-[0-9a-f]{8}-[0-9a-f]{24}", seen["Root"])
    assert seen["Sampled"] == "1"
    answered = response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    assert fields(answered) == seen


@pytest.mark.parametrize("mode", ["Active", "PassThrough"])
def test_what_the_caller_decided_stands(call: Any, deploy: Any, mode: str) -> None:
    name = deploy(SOURCE, TracingConfig={"Mode": mode})
    seen, _ = call(name, f"{SENT};Sampled=1")
    assert (seen["Root"], seen["Sampled"]) == (ROOT, "1")
    assert seen["Parent"] != "53995c3f42cd8ad8"
    seen, _ = call(name, f"{SENT};Sampled=0")
    assert (seen["Root"], seen["Sampled"]) == (ROOT, "0")
    assert seen["Parent"] == "53995c3f42cd8ad8"


def test_the_report_names_the_trace_and_the_segment(call: Any, active: str, messages: Any) -> None:
    seen, _ = call(active, f"{SENT};Sampled=1")
    [report] = [each for each in messages(active) if each.startswith("REPORT")]
    assert report.endswith(
        f" MB\tInit Duration: {report.split('Init Duration: ')[1].split(' ms')[0]} ms\t\n"
        f"XRAY TraceId: {ROOT}\tSegmentId: {seen['Parent']}\tSampled: true\t\n"
    )
    call(active, f"{SENT};Sampled=0")
    assert "XRAY" not in [each for each in messages(active) if each.startswith("REPORT")][1]


def test_a_log_in_json_names_them_too(call: Any, deploy: Any, messages: Any) -> None:
    name = deploy(
        SOURCE,
        TracingConfig={"Mode": "Active"},
        LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"},
    )
    seen, response = call(name, f"{SENT};Sampled=1")
    call(name, f"{SENT};Sampled=0")
    told = [json.loads(each) for each in messages(name)]
    for kind in ("platform.runtimeDone", "platform.report"):
        first, second = (each["record"] for each in told if each["type"] == kind)
        header = response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
        assert first["tracing"] == {
            "spanId": seen["Parent"],
            "type": "X-Amzn-Trace-Id",
            "value": header,
        }
        assert "tracing" not in second


@pytest.mark.skipif(not runtimes_of("nodejs"), reason="no Node.js on this machine")
def test_a_function_in_node_js_sees_each_invocation_s_own(call: Any, functions: Any) -> None:
    name = "traced-node"
    functions.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/lambda-ex",
        Runtime=runtimes_of("nodejs")[-1],
        Handler="index.handler",
        Code={"ZipFile": zip_of_files({"index.js": NODE})},
        TracingConfig={"Mode": "Active"},
    )
    try:
        one, _ = call(name, f"{SENT};Sampled=1")
        other, _ = call(name, f"{SENT};Sampled=1")
    finally:
        functions.delete_function(FunctionName=name)
    assert one["Root"] == other["Root"] == ROOT
    assert one["Parent"] != other["Parent"]


def test_segments_that_a_function_sends_harm_nobody(invoke: Any, deploy: Any) -> None:
    name = deploy(DAEMON, TracingConfig={"Mode": "Active"})
    for _ in range(2):
        (sent, missing), response = invoke(name)
        assert "FunctionError" not in response
        assert (sent, missing) == ([46] * 3, "LOG_ERROR")
