"""The Telemetry and Logs APIs, in sandboxes of the real server."""

import json
import uuid

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, eventually, zip_of
from tests.e2e.extensions import CLIENT, layer
from tests.e2e.test_provided import package

SUBSCRIBER = (
    CLIENT
    + r"""
import http.server


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        for each in batch:
            if each["type"] != "extension":  # else it would be told of what it says here
                say(told=each)
            elif "greetings" in each["record"]:
                say(greeted=each["record"])

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(("sandbox.localdomain", 4243), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
identifier, _ = register("INVOKE", "SHUTDOWN")
subscription = {
    "schemaVersion": "SCHEMA",
    "types": ["platform", "function", "extension"],
    "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"},
}
say(subscribed=call("PUT", "PATH", subscription, Lambda_Extension_Identifier=identifier)[::2])
print("greetings from", NAME, flush=True)
while following(identifier)["eventType"] != "SHUTDOWN":
    pass
"""
)
TELEMETRY = SUBSCRIBER.replace("SCHEMA", "2022-12-13").replace("PATH", "/2022-07-01/telemetry")
LOGS = SUBSCRIBER.replace("SCHEMA", "2021-03-18").replace("PATH", "/2020-08-15/logs")
HANDLER = """
import os
print("loading")
def handler(event, context):
    print("hello from", context.aws_request_id)
    if event == "exit":
        os._exit(3)
    return event
"""
BOOTSTRAP = """#!/usr/bin/env python3
import json, os, urllib.request
print("loading", flush=True)
API = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(API + "next") as response:
        identity, event = response.headers["Lambda-Runtime-Aws-Request-Id"], response.read()
    print("hello from", identity, flush=True)
    if event == b'"exit"':
        os._exit(3)
    with urllib.request.urlopen(API + identity + "/response", event) as response:
        response.read()
"""


@pytest.fixture
def subscribed(functions):
    """Create a function whose extension has subscribed: `subscribed(TELEMETRY, runtime)`."""
    made = []

    def create(program, runtime=RUNTIME):
        name = f"t-{uuid.uuid4().hex[:12]}"
        own = runtime.startswith("provided")
        with layer(functions, {"listener": program}) as layers:
            functions.create_function(
                FunctionName=name,
                Role=ROLE,
                Runtime=runtime,
                Handler="app.handler",
                Code={"ZipFile": package(BOOTSTRAP) if own else zip_of(app=HANDLER)},
                Timeout=20,
                MemorySize=512,
                **layers,
            )
        made.append(name)
        return name

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def told(functions, messages):
    """What the extension of a function was told, once its sandboxes have ended."""

    def read(name, last="platform.report"):
        functions.update_function_configuration(FunctionName=name, Description="new")

        def events():
            lines = [json.loads(line[4:]) for line in messages(name) if line.startswith("EXT ")]
            return [line["told"] for line in lines if "told" in line]

        eventually(lambda: any(each["type"] == last for each in events()), f"{last} came")
        return events()

    return read


def record(events, kind):
    """The record of the only event of this kind."""
    (found,) = [each["record"] for each in events if each["type"] == kind]
    return found


@pytest.mark.parametrize("runtime", [RUNTIME, "provided.al2023"])
def test_a_subscriber_is_told_how_init_and_invocation_go(
    subscribed, invoke, told, messages, functions, runtime
):
    name = subscribed(TELEMETRY, runtime)
    answer, response = invoke(name, [1, 2])
    request_id = response["ResponseMetadata"]["RequestId"]
    assert (answer, "FunctionError" in response) == ([1, 2], False)
    events = told(name)
    kinds = [each["type"] for each in events]
    # The runtime starts once the extension has registered, and so while it subscribes.
    assert "platform.telemetrySubscription" in kinds
    unordered = ("function", "platform.telemetrySubscription")
    assert [kind for kind in kinds if kind not in unordered] == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    written = [each["record"] for each in events if each["type"] == "function"]
    assert written == ["loading\n", f"hello from {request_id}\n"]
    assert kinds.index("platform.start") < kinds.index("function", kinds.index("function") + 1)
    start = record(events, "platform.initStart")
    assert len(start.pop("instanceId")) == 32
    version = start.pop("runtimeVersion")
    assert f"INIT_START Runtime Version: {version}\n" in messages(name)
    assert start == {
        "initializationType": "on-demand",
        "phase": "init",
        "functionName": name,
        "functionVersion": "$LATEST",
        "instanceMaxMemory": 512,
    }
    began = record(events, "platform.start")
    tracing = began.pop("tracing")
    assert began == {"requestId": request_id, "version": "$LATEST"}
    assert tracing["type"] == "X-Amzn-Trace-Id"
    assert tracing["value"].startswith("Root=1-")
    assert record(events, "platform.initReport")["status"] == "success"
    assert record(events, "platform.extension") == {
        "name": "listener",
        "state": "Ready",
        "events": ["INVOKE", "SHUTDOWN"],
    }
    done = record(events, "platform.runtimeDone")
    assert (done["requestId"], done["status"]) == (request_id, "success")
    assert done["metrics"]["producedBytes"] == len("[1, 2]")
    report = record(events, "platform.report")
    assert (report["requestId"], report["status"]) == (request_id, "success")
    assert [each["name"] for each in report["spans"]] == ["extensionOverhead"]
    metrics = report["metrics"]
    (line,) = [each for each in messages(name) if each.startswith("REPORT ")]
    assert f"Billed Duration: {metrics['billedDurationMs']} ms" in line
    assert f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB" in line


def test_extensions_write_to_the_functions_log_and_are_told_of_it(subscribed, invoke, messages):
    name = subscribed(TELEMETRY)
    invoke(name)
    logged = messages(name)
    assert "greetings from listener\n" in logged
    assert any(line.startswith("TELEMETRY\tName: listener\tState: Subscribed") for line in logged)
    greeted = 'EXT {"extension": "listener", "greeted": "greetings from listener\\n"}\n'
    eventually(lambda: greeted in messages(name), "it was told")


@pytest.mark.parametrize("runtime", [RUNTIME, "provided.al2023"])
def test_a_subscriber_is_told_of_a_runtime_that_exits(subscribed, invoke, messages, runtime):
    name, sent = subscribed(TELEMETRY, runtime), set()

    def reports():
        lines = [json.loads(line[4:]) for line in messages(name) if line.startswith("EXT ")]
        told = [line["told"] for line in lines if "told" in line]
        return [each["record"] for each in told if each["type"] == "platform.report"]

    def is_told():
        # A sandbox that lost its runtime lives on for two seconds, in which a busy machine may not
        # get round to its extension; each invocation has one of its own.
        answer, response = invoke(name, "exit")
        assert answer["errorType"] == "Runtime.ExitError"
        sent.add(response["ResponseMetadata"]["RequestId"])
        return bool(reports())

    eventually(is_told, "platform.report came", 60)
    report = reports()[0]
    assert report["requestId"] in sent
    assert (report["status"], report["errorType"]) == ("error", "Runtime.ExitError")


def test_the_logs_api_tells_of_the_same_in_its_own_schema(subscribed, invoke, told, messages):
    name = subscribed(LOGS)
    _, response = invoke(name)
    request_id = response["ResponseMetadata"]["RequestId"]
    events = told(name)
    assert [each["type"] for each in events if each["type"] != "function"] == [
        "platform.logsSubscription",
        "platform.extension",
        "platform.start",
        "platform.runtimeDone",
        "platform.end",
        "platform.report",
    ]
    assert record(events, "platform.runtimeDone") == {"requestId": request_id, "status": "success"}
    assert record(events, "platform.end") == {"requestId": request_id}
    assert any(
        line.startswith("LOGS\tName: listener\tState: Subscribed") for line in messages(name)
    )


def test_an_internal_extension_may_subscribe(deploy, invoke, messages):
    source = (
        CLIENT.partition("\n")[2]
        + r"""
import socket

listening = socket.create_server(("127.0.0.1", 4244))
received = threading.Event()
lines = []


def listen():
    for line in listening.accept()[0].makefile():
        lines.append(json.loads(line))
        if lines[-1]["type"] == "function":
            received.set()


threading.Thread(target=listen, daemon=True).start()
identifier, _ = register(name="inner")
threading.Thread(target=following, args=(identifier,), daemon=True).start()
subscription = {
    "schemaVersion": "2022-12-13",
    "types": ["function"],
    "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
    "destination": {"protocol": "TCP", "port": 4244},
}
told = call(
    "PUT", "/2022-07-01/telemetry", subscription, Lambda_Extension_Identifier=identifier
)[::2]


def handler(event, context):
    print("tell me", flush=True)
    received.wait()
    return told, lines[0]["record"]
"""
    )
    name = deploy(source, MemorySize=512, Timeout=15)
    answer, response = invoke(name)
    assert "FunctionError" not in response, answer
    assert answer == [[200, "OK"], "tell me\n"]
