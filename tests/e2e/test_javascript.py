"""The AWS SDK for JavaScript, unmodified: under Node.js, and as a web page uses it."""

import base64
import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, zip_of
from tests.e2e.server import Server
from tests.e2e.streams import create_streaming

_JS = Path(__file__).parent / "js"
_SETUP = Path(__file__).parents[2] / "scripts" / "setup"
HELLO = """
def handler(event, context):
    print("greeting", event["username"])
    return "Hello, " + event["username"]
"""

Call = tuple[str, str, dict[str, Any]]


class JavaScript:
    """Makes calls with the SDK; knows how it went."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.preflights = 0

    def __call__(self, *calls: Call, page: str | None = None) -> list[dict[str, Any]]:
        """Make calls one after another and return {"answer": …} or {"error": …} for each.

        Args:
            calls: service, command and input of each.
            page: the origin of the web page that makes them.
        """
        wanted = {
            "page": page,
            "calls": [
                {"service": service, "command": command, "input": given}
                for service, command, given in calls
            ],
        }
        done = subprocess.run(
            ["node", "calls.mjs"],
            cwd=_JS,
            env=self._server.environment(),
            input=json.dumps(wanted, default=_encoded),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        printed = json.loads(done.stdout, object_hook=_decoded)
        self.preflights = printed["preflights"]
        outcomes: list[dict[str, Any]] = printed["outcomes"]
        return outcomes


def _encoded(value: object) -> dict[str, str]:
    assert isinstance(value, bytes)
    return {"$base64": base64.b64encode(value).decode()}


def _decoded(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$base64"]) if value.keys() == {"$base64"} else value


def _invoke(name: str, event: object, **settings: Any) -> Call:
    payload = json.dumps(event).encode()
    return "lambda", "Invoke", {"FunctionName": name, "Payload": payload, **settings}


@pytest.fixture(scope="session")
def packages() -> None:
    """The SDK is installed."""
    if not (_JS / "node_modules").is_dir():
        subprocess.run([_SETUP, "node"], check=True, timeout=100)


@pytest.fixture
def javascript(server: Server, packages: None) -> JavaScript:
    return JavaScript(server)


@pytest.fixture
def hello(functions: Any, deploy: Callable[..., str]) -> str:
    """A function that says hello, deleted after the test."""
    return deploy(HELLO)


def test_a_function_lives_from_creation_to_deletion(javascript: JavaScript) -> None:
    name = f"js-{uuid.uuid4().hex[:8]}"
    named = {"FunctionName": name}
    settings = {"Role": ROLE, "Runtime": RUNTIME, "Handler": "app.handler"}
    made, answer, configured, updated, better, found, listed, deleted, gone = javascript(
        ("lambda", "CreateFunction", {**named, **settings, "Code": {"ZipFile": zip_of(app=HELLO)}}),
        _invoke(name, {"username": "Sally"}),
        ("lambda", "UpdateFunctionConfiguration", {**named, "MemorySize": 256}),
        (
            "lambda",
            "UpdateFunctionCode",
            {**named, "ZipFile": zip_of(app=HELLO.replace("Hello", "Good day"))},
        ),
        _invoke(name, {"username": "Sally"}),
        ("lambda", "GetFunction", named),
        ("lambda", "ListFunctions", {}),
        ("lambda", "DeleteFunction", named),
        ("lambda", "GetFunction", named),
    )
    assert made["answer"]["State"] == "Active"
    assert answer["answer"]["StatusCode"] == 200
    assert answer["answer"]["ExecutedVersion"] == "$LATEST"
    assert answer["answer"]["Payload"] == b'"Hello, Sally"'
    assert configured["answer"]["MemorySize"] == 256
    assert updated["answer"]["CodeSha256"] != made["answer"]["CodeSha256"]
    assert better["answer"]["Payload"] == b'"Good day, Sally"'
    assert found["answer"]["Configuration"]["CodeSha256"] == updated["answer"]["CodeSha256"]
    assert name in [each["FunctionName"] for each in listed["answer"]["Functions"]]
    assert deleted["answer"]["$metadata"]["httpStatusCode"] == 204
    assert gone["error"] == {
        "name": "ResourceNotFoundException",
        "message": f"Function not found: arn:aws:lambda:us-east-1:000000000000:function:{name}",
        "fault": "client",
        "status": 404,
    }


def test_a_function_error_comes_with_its_log(javascript: JavaScript, hello: str) -> None:
    [failed] = javascript(_invoke(hello, {}, LogType="Tail"))
    answer = failed["answer"]
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"])["errorType"] == "KeyError"
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "[ERROR] KeyError: 'username'\nTraceback (most recent call last):\n" in tail


def test_log_lines_are_read(javascript: JavaScript, hello: str) -> None:
    group = {"logGroupName": f"/aws/lambda/{hello}"}
    _, streams, found = javascript(
        _invoke(hello, {"username": "Sally"}),
        ("logs", "DescribeLogStreams", group),
        ("logs", "FilterLogEvents", {**group, "filterPattern": "greeting"}),
    )
    [stream] = streams["answer"]["logStreams"]
    [event] = found["answer"]["events"]
    assert event["message"] == "greeting Sally\n"
    assert event["logStreamName"] == stream["logStreamName"]


def test_a_streamed_answer_is_read(javascript: JavaScript, functions: Any) -> None:
    body = "stream.write('one, '); await new Promise((go) => setTimeout(go, 20)); "
    streaming = create_streaming(functions, body + "stream.write('two'); throw 'sorry';")
    given = {"FunctionName": streaming, "Payload": b"{}", "LogType": "Tail"}
    read, missing = javascript(
        ("lambda", "InvokeWithResponseStream", given),
        ("lambda", "InvokeWithResponseStream", {"FunctionName": "nobody"}),
    )
    functions.delete_function(FunctionName=streaming)
    assert read["answer"]["ExecutedVersion"] == "$LATEST"
    *chunks, complete = read["answer"]["EventStream"]
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == b"one, two"
    assert "sorry" in complete["InvokeComplete"]["ErrorDetails"]
    assert b"REPORT" in base64.b64decode(complete["InvokeComplete"]["LogResult"])
    assert missing["error"]["name"] == "ResourceNotFoundException"


def test_errors_of_the_service_have_their_names(javascript: JavaScript, hello: str) -> None:
    payload = {"FunctionName": hello, "Payload": b"{not json"}
    code = {"Code": {"ZipFile": b"no zip"}, "Role": ROLE, "Runtime": RUNTIME, "Handler": "a.b"}
    outcomes = javascript(
        ("lambda", "Invoke", payload),
        ("lambda", "CreateFunction", {"FunctionName": f"{hello}-2", **code}),
        ("lambda", "ListCapacityProviders", {}),
        ("logs", "DescribeLogStreams", {"logGroupName": "nothing"}),
    )
    assert [(each["error"]["name"], each["error"]["status"]) for each in outcomes] == [
        ("InvalidRequestContentException", 400),
        ("InvalidParameterValueException", 400),
        ("NotImplemented", 501),
        ("ResourceNotFoundException", 400),
    ]


def test_a_web_page_invokes_a_function(javascript: JavaScript, hello: str) -> None:
    answered, failed, unknown, logged = javascript(
        _invoke(hello, {"username": "Sally"}, LogType="Tail"),
        _invoke(hello, {}),
        _invoke("nobody", {}),
        ("logs", "FilterLogEvents", {"logGroupName": f"/aws/lambda/{hello}"}),
        page="http://localhost:5173",
    )
    assert javascript.preflights == 4
    # A browser shows the page only the headers that the server names.
    assert answered["answer"]["Payload"] == b'"Hello, Sally"'
    assert answered["answer"]["ExecutedVersion"] == "$LATEST"
    assert b"greeting Sally" in base64.b64decode(answered["answer"]["LogResult"])
    assert answered["answer"]["$metadata"]["requestId"]
    assert failed["answer"]["FunctionError"] == "Unhandled"
    assert unknown["error"]["name"] == "ResourceNotFoundException"
    assert len(logged["answer"]["events"]) > 4


def test_messages_go_through_a_queue(javascript: JavaScript) -> None:
    """The SDK itself checks the digests of bodies and attributes."""
    settings = {"FifoQueue": "true", "VisibilityTimeout": "600"}
    name = f"js-{uuid.uuid4().hex[:8]}.fifo"
    [made] = javascript(("sqs", "CreateQueue", {"QueueName": name, "Attributes": settings}))
    queue = {"QueueUrl": made["answer"]["QueueUrl"]}
    entry = {"Id": "a", "MessageBody": "one \u00e9\u4e16", "MessageGroupId": "g"}
    attributes = {"bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    copy = entry | {"MessageDeduplicationId": "1", "MessageAttributes": attributes}
    entries = [copy, copy | {"Id": "b"}, entry | {"Id": "c"}]
    every = queue | {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]}
    sent, received, refused = javascript(
        ("sqs", "SendMessageBatch", queue | {"Entries": entries}),
        ("sqs", "ReceiveMessage", every | {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 5}),
        ("sqs", "ReceiveMessage", queue | {"MaxNumberOfMessages": 11}),
    )
    ids = {each["MessageId"] for each in sent["answer"]["Successful"]}
    assert len(ids) == 1
    [failed] = sent["answer"]["Failed"]
    assert (failed["Id"], failed["SenderFault"]) == ("c", True)
    assert "ContentBasedDeduplication" in failed["Message"]
    [message] = received["answer"]["Messages"]
    assert message["Body"] == "one \u00e9\u4e16"
    assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert refused["error"]["name"] == "InvalidParameterValue"
    handle = {"ReceiptHandle": message["ReceiptHandle"]}
    hidden, deleted, counted, _, gone = javascript(
        ("sqs", "ChangeMessageVisibility", queue | handle | {"VisibilityTimeout": 60}),
        ("sqs", "DeleteMessage", queue | handle),
        ("sqs", "GetQueueAttributes", queue | {"AttributeNames": ["All"]}),
        ("sqs", "DeleteQueue", queue),
        ("sqs", "SendMessage", queue | {"MessageBody": "x", "MessageGroupId": "g"}),
    )
    assert "answer" in hidden
    assert "answer" in deleted
    told = counted["answer"]["Attributes"]
    assert (told["ApproximateNumberOfMessages"], told["SqsManagedSseEnabled"]) == ("0", "true")
    assert gone["error"]["name"] == "QueueDoesNotExist"
