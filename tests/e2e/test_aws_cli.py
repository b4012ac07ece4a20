"""The AWS CLI, unmodified, against the real server."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, zip_of
from tests.e2e.server import Server

_AWS = str(Path(sys.executable).with_name("aws"))
HELLO = """
def handler(event, context):
    print("greeting", event["username"])
    return "Hello, " + event["username"]
"""


@dataclass(frozen=True)
class Ran:
    """How a command came out."""

    status: int
    output: str
    error: str

    @property
    def json(self) -> Any:
        """What it printed."""
        assert self.status == 0, self.error
        return json.loads(self.output)


@dataclass(frozen=True)
class AwsCli:
    """Runs `aws` in a folder of its own, with the variables that `ingle env` prints."""

    server: Server
    folder: Path

    def __call__(self, *arguments: str, **variables: str) -> Ran:
        done = subprocess.run(
            [_AWS, *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                **self.server.credentials,
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr.strip())

    def create(self, name: str, *settings: str) -> Ran:
        """Create the function that says hello."""
        (self.folder / "hello.zip").write_bytes(zip_of(app=HELLO))
        return self(
            *("lambda", "create-function", "--function-name", name, "--role", ROLE),
            *("--runtime", RUNTIME, "--handler", "app.handler"),
            *("--zip-file", "fileb://hello.zip", *settings),
        )

    def invoke(self, name: str, event: object, *settings: str) -> tuple[Any, Any]:
        """Return the response and the function's answer."""
        (self.folder / "event.json").write_text(json.dumps(event))
        response = self(
            *("lambda", "invoke", "--function-name", name, *settings),
            *("--payload", "fileb://event.json", "answer.json"),
        ).json
        return response, json.loads((self.folder / "answer.json").read_bytes())


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> AwsCli:
    return AwsCli(server, tmp_path)


@pytest.fixture
def hello(functions: Any, deploy: Callable[..., str]) -> str:
    """A function that says hello, deleted after the test."""
    return deploy(HELLO)


def test_a_function_lives_from_creation_to_deletion(aws: AwsCli) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"

    made = aws.create(name, "--description", "says hello", "--memory-size", "256").json
    assert made["FunctionArn"] == arn
    assert (made["State"], made["MemorySize"], made["Timeout"]) == ("Active", 256, 3)

    response, answer = aws.invoke(name, {"username": "Sally"})
    assert response == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert answer == "Hello, Sally"

    found = aws("lambda", "get-function", "--function-name", arn).json
    assert found["Configuration"]["CodeSha256"] == made["CodeSha256"]
    with urllib.request.urlopen(found["Code"]["Location"]) as package:
        assert zipfile.ZipFile(BytesIO(package.read())).namelist() == ["app.py"]

    names = aws("lambda", "list-functions", "--query", "Functions[].FunctionName").json
    assert name in names

    (aws.folder / "new.zip").write_bytes(zip_of(app=HELLO.replace("Hello", "Good day")))
    update = ("lambda", "update-function-code", "--function-name", name)
    assert aws(*update, "--zip-file", "fileb://new.zip").json["CodeSha256"] != made["CodeSha256"]
    configure = ("lambda", "update-function-configuration", "--function-name", name)
    assert aws(*configure, "--timeout", "9").json["Timeout"] == 9
    assert aws.invoke(name, {"username": "Sally"})[1] == "Good day, Sally"

    assert aws("lambda", "delete-function", "--function-name", name).status == 0
    gone = aws("lambda", "get-function-configuration", "--function-name", name)
    assert gone.status == 255
    assert gone.error == (
        "An error occurred (ResourceNotFoundException) when calling the GetFunctionConfiguration "
        f"operation: Function not found: {arn}"
    )


def test_the_log_tail_comes_with_the_answer(aws: AwsCli, hello: str) -> None:
    response, _ = aws.invoke(hello, {"username": "Sally"}, "--log-type", "Tail")
    tail = base64.b64decode(response["LogResult"]).decode()
    assert "\ngreeting Sally\nEND RequestId: " in tail
    assert "\tMemory Size: 128 MB\tMax Memory Used: " in tail


def test_a_function_that_fails_is_no_failure_of_the_command(aws: AwsCli, hello: str) -> None:
    response, answer = aws.invoke(hello, {})
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("KeyError", "'username'")


def test_a_dry_run_runs_nothing(aws: AwsCli, hello: str) -> None:
    dry = ("lambda", "invoke", "--function-name", hello, "--invocation-type", "DryRun")
    assert aws(*dry, "nothing.json").json == {"StatusCode": 204}
    group = f"/aws/lambda/{hello}"
    streams = aws("logs", "describe-log-streams", "--log-group-name", group)
    assert streams.status == 255
    assert "(ResourceNotFoundException)" in streams.error


def test_log_lines_are_filtered_and_read(aws: AwsCli, hello: str) -> None:
    aws.invoke(hello, {"username": "Sally"})
    aws.invoke(hello, {"username": "Harry"})
    group = ("--log-group-name", f"/aws/lambda/{hello}")

    every = aws("logs", "filter-log-events", *group, "--query", "events[].message").json
    kinds = [message.split()[0] for message in every]
    assert kinds == ["INIT_START", *["START", "greeting", "END", "REPORT"] * 2]
    found = aws("logs", "filter-log-events", *group, "--filter-pattern", "greeting Harry").json
    assert [event["message"] for event in found["events"]] == ["greeting Harry\n"]

    streams = aws("logs", "describe-log-streams", *group, "--query", "logStreams[].logStreamName")
    [stream] = streams.json
    read = aws("logs", "get-log-events", *group, "--log-stream-name", stream, "--start-from-head")
    assert [event["message"] for event in read.json["events"]] == every
    groups = aws("logs", "describe-log-groups", "--log-group-name-prefix", group[1])
    assert [each["logGroupName"] for each in groups.json["logGroups"]] == [group[1]]


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        pytest.param(
            ["lambda", "invoke", "--function-name", "nobody", "answer.json"],
            255,
            "An error occurred (ResourceNotFoundException) when calling the Invoke operation: "
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
            id="no such function",
        ),
        pytest.param(
            ["lambda", "list-capacity-providers"],
            255,
            "An error occurred (NotImplemented) when calling the ListCapacityProviders operation: "
            "The operation ListCapacityProviders of lambda is not implemented by Ingle yet",
            id="an operation to come",
        ),
        pytest.param(
            ["kinesis", "list-streams"],
            255,
            "An error occurred (NotImplemented) when calling the ListStreams operation: "
            "The service kinesis, so also its operation ListStreams, is not implemented by Ingle "
            "yet",
            id="a service to come",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    aws: AwsCli, arguments: list[str], status: int, problem: str
) -> None:
    ran = aws(*arguments)
    assert (ran.status, ran.output, ran.error) == (status, "", problem)


def test_a_name_that_is_taken_is_refused(aws: AwsCli, hello: str) -> None:
    again = aws.create(hello)
    assert again.status == 255
    assert again.error == (
        "An error occurred (ResourceConflictException) when calling the CreateFunction "
        f"operation: Function already exist: {hello}"
    )


def test_another_secret_is_refused(aws: AwsCli) -> None:
    ran = aws("lambda", "list-functions", AWS_SECRET_ACCESS_KEY="x" * 40)
    assert ran.status == 255
    assert ran.error.startswith(
        "An error occurred (InvalidSignatureException) when calling the ListFunctions operation: "
        "The request signature we calculated does not match the signature you provided."
    )


def test_another_region_has_functions_of_its_own(aws: AwsCli, hello: str) -> None:
    here = aws("lambda", "list-functions", "--query", "Functions[].FunctionName").json
    there = ("lambda", "list-functions", "--region", "eu-central-1")
    assert hello in here
    assert aws(*there, "--query", "Functions[].FunctionName").json == []


def test_messages_go_through_queues_and_dead_letters_back(aws: AwsCli) -> None:
    base = f"cli-{uuid.uuid4().hex[:8]}"

    def sqs(*arguments: str) -> Ran:
        # Version 1 of the CLI heeds no variable for SQS.
        return aws("sqs", *arguments, "--endpoint-url", aws.server.endpoint)

    def made(name: str, **attributes: str) -> tuple[str, str]:
        given = ("--attributes", json.dumps(attributes)) if attributes else ()
        url = sqs("create-queue", "--queue-name", name, *given).json["QueueUrl"]
        told = sqs(
            *("get-queue-attributes", "--queue-url", url),
            *("--attribute-names", "QueueArn", "RedrivePolicy"),
        ).json["Attributes"]
        return url, told["QueueArn"]

    dead_url, dead = made(f"{base}-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, arn = made(base, RedrivePolicy=redrive, VisibilityTimeout="0")
    assert url in sqs("list-queues", "--queue-name-prefix", base).json["QueueUrls"]
    queue, letters = ("--queue-url", url), ("--queue-url", dead_url)
    attributes = '{"colour": {"DataType": "String", "StringValue": "red"}}'
    sent = sqs(
        *("send-message", *queue, "--message-body", "hello"),
        *("--message-attributes", attributes),
    ).json
    receive = ("--message-attribute-names", "All", "--attribute-names", "All")
    [message] = sqs("receive-message", *queue, *receive).json["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello")
    assert message["MessageAttributes"]["colour"]["StringValue"] == "red"
    assert sqs("receive-message", *queue).output == ""
    sources = sqs("list-dead-letter-source-queues", *letters).json
    assert sources["queueUrls"] == [url]
    started = sqs("start-message-move-task", "--source-arn", dead).json
    assert started["TaskHandle"]
    waited = ("--wait-time-seconds", "20")
    [message] = sqs("receive-message", *queue, *receive, *waited).json["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("hello", "2")
    [task] = sqs("list-message-move-tasks", "--source-arn", dead).json["Results"]
    assert (task["ApproximateNumberOfMessagesMoved"], task["SourceArn"]) == (1, dead)
    handle = ("--receipt-handle", message["ReceiptHandle"])
    assert sqs("delete-message", *queue, *handle).status == 0
    sqs("tag-queue", *queue, "--tags", "a=b")
    assert sqs("list-queue-tags", *queue).json["Tags"] == {"a": "b"}
    assert sqs("purge-queue", *queue).status == 0
    again = sqs("purge-queue", *queue)
    assert again.error == (
        "An error occurred (AWS.SimpleQueueService.PurgeQueueInProgress) when calling the "
        f"PurgeQueue operation: Only one PurgeQueue operation on {base} is allowed every 60 "
        "seconds."
    )
    for each in (queue, letters):
        assert sqs("delete-queue", *each).status == 0
    gone = sqs("get-queue-url", "--queue-name", base)
    assert "(AWS.SimpleQueueService.NonExistentQueue)" in gone.error
    assert arn.endswith(base)
