"""Issue point 6: what a function is given, and what its caller gets, when all goes well."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import RUNTIME, create, refusal
from tests.services.lambda_.zips import zipped

ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def echo(functions):
    name = create(functions, ECHO)
    yield name
    functions.delete_function(FunctionName=name)


@pytest.mark.parametrize(
    "event",
    [
        None,
        True,
        0,
        -1.5,
        2**70,
        "",
        "ß → 😀 \u0000 \u2028 \ud7ff",
        [],
        [1, [2, [3, {"four": None}]]],
        {},
        {"username": "Sally", "leer": {}, "": "empty name"},
    ],
)
def test_any_json_value_comes_in_as_the_event_and_goes_out_as_the_answer(echo, invoke, event):
    answer, response = invoke(echo, event)
    assert answer == event
    assert type(answer) is type(event)
    assert response["StatusCode"] == 200
    assert "FunctionError" not in response
    assert response["ExecutedVersion"] == "$LATEST"


def test_an_invocation_without_a_payload_gets_an_empty_object(functions, echo):
    assert functions.invoke(FunctionName=echo)["Payload"].read() == b"{}"


def test_a_payload_of_exactly_six_megabytes_comes_through(functions, echo):
    payload = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    response = functions.invoke(FunctionName=echo, Payload=payload)
    assert response["Payload"].read() == payload


def test_a_dry_run_runs_nothing(functions, logs, deploy):
    name = deploy("print('it ran')\n" + ECHO)
    response = functions.invoke(FunctionName=name, InvocationType="DryRun", Payload=b"{}")
    assert (response["StatusCode"], response["Payload"].read()) == (204, b"")
    assert refusal(logs.filter_log_events, logGroupName=f"/aws/lambda/{name}") == (
        400,
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )


CONTEXT = """
import time

def handler(event, context):
    before = context.get_remaining_time_in_millis()
    time.sleep(0.01)
    client = context.client_context
    return {
        "aws_request_id": context.aws_request_id,
        "log_group_name": context.log_group_name,
        "log_stream_name": context.log_stream_name,
        "function_name": context.function_name,
        "function_version": context.function_version,
        "invoked_function_arn": context.invoked_function_arn,
        "memory_limit_in_mb": context.memory_limit_in_mb,
        "identity": [
            context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id
        ],
        "client": client and [
            client.client.installation_id,
            client.client.app_title,
            client.client.app_version_name,
            client.client.app_version_code,
            client.client.app_package_name,
            client.custom,
            client.env,
        ],
        "remaining": [before, context.get_remaining_time_in_millis()],
    }
"""


def test_the_context_object_is_complete(functions, deploy, invoke):
    name = deploy(CONTEXT, MemorySize=192, Timeout=7)
    client = {
        "client": {
            "installation_id": "i-1",
            "app_title": "Títle",
            "app_version_name": "1.0",
            "app_version_code": "7",
            "app_package_name": "com.example",
        },
        "custom": {"key": "value"},
        "env": {"locale": "de"},
    }
    encoded = base64.b64encode(json.dumps(client).encode()).decode()
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    answer, response = invoke(name, None, ClientContext=encoded)
    before, after = answer.pop("remaining")
    assert 0 < after < before <= 7000
    stream = answer.pop("log_stream_name")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert answer == {
        "aws_request_id": response["ResponseMetadata"]["RequestId"],
        "log_group_name": f"/aws/lambda/{name}",
        "function_name": name,
        "function_version": "$LATEST",
        "invoked_function_arn": arn,
        "memory_limit_in_mb": "192",
        "identity": [None, None],
        "client": ["i-1", "Títle", "1.0", "7", "com.example", {"key": "value"}, {"locale": "de"}],
    }
    again, _ = invoke(f"{arn}:$LATEST", None)
    assert again["client"] is None
    assert again["invoked_function_arn"] == f"{arn}:$LATEST"
    assert again["aws_request_id"] != answer["aws_request_id"]


def test_a_client_context_that_is_no_json_object_is_refused(functions, echo):
    for wrong in ("%%%", base64.b64encode(b"not json").decode(), base64.b64encode(b"[]").decode()):
        assert refusal(functions.invoke, FunctionName=echo, ClientContext=wrong) == (
            400,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )


def test_the_environment_has_the_users_variables_and_aws_s(deploy, invoke):
    variables = {"GREETING": "Grüß Gott", "EMPTY": "", "SPACES": " a  b ", "LINES": "a\nb"}
    name = deploy(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        Environment={"Variables": variables},
    )
    answer, _ = invoke(name)
    assert answer.items() >= variables.items()
    expected = {
        "_HANDLER": "app.handler",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }
    assert answer.items() >= expected.items()
    # Nothing of the operator's own environment comes through.
    assert not [key for key in answer if "INGLE" in key or key == "HOME"]
    assert {key for key in answer if "SECRET" in key} <= {"AWS_SECRET_ACCESS_KEY"}


WARM = """
import os, pathlib

count = 0

def handler(event, context):
    global count
    count += 1
    file = pathlib.Path("/tmp/visits")
    with file.open("a") as visits:
        visits.write("x")
    return [count, len(file.read_text()), context.log_stream_name]
"""


def test_a_warm_sandbox_keeps_its_globals_and_its_tmp(deploy, invoke):
    name = deploy(WARM)
    answers = [invoke(name)[0] for _ in range(3)]
    assert [answer[:2] for answer in answers] == [[1, 1], [2, 2], [3, 3]]
    assert len({answer[2] for answer in answers}) == 1


def test_parallel_invocations_each_have_a_sandbox_of_their_own(deploy, invoke):
    name = deploy(
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(2)\n"
        "    return [event, context.log_stream_name]\n",
        Timeout=30,
    )
    with ThreadPoolExecutor(8) as threads:
        answers = [answer for answer, _ in threads.map(lambda n: invoke(name, n), range(8))]
    assert [answer[0] for answer in answers] == list(range(8))
    assert len({answer[1] for answer in answers}) == 8


def test_the_tail_of_the_log_comes_with_the_answer(deploy, invoke):
    name = deploy("def handler(event, context):\n    print('größe', event)\n    return event\n")
    _, response = invoke(name, 17, LogType="Tail")
    request_id = response["ResponseMetadata"]["RequestId"]
    lines = base64.b64decode(response["LogResult"]).decode().splitlines()
    assert lines[0].startswith("INIT_START Runtime Version: python:3.")
    assert lines[1:4] == [
        f"START RequestId: {request_id} Version: $LATEST",
        "größe 17",
        f"END RequestId: {request_id}",
    ]
    assert lines[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    _, warm = invoke(name, 18, LogType="Tail")
    assert base64.b64decode(warm["LogResult"]).decode().startswith("START RequestId: ")
    assert "LogResult" not in invoke(name, 19)[1]
    assert "LogResult" not in invoke(name, 19, LogType="None")[1]


def test_the_tail_of_the_log_is_its_last_four_kilobytes(deploy, invoke):
    name = deploy("def handler(event, context):\n    for n in range(999): print('line', n)\n")
    _, response = invoke(name, LogType="Tail")
    tail = base64.b64decode(response["LogResult"])
    assert len(tail) == 4096
    assert b"line 998\nEND RequestId: " in tail
    assert b"line 0\n" not in tail


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("float('nan')", b"NaN"),
        ("decimal.Decimal('1.5')", b"1.5"),
        ("(1, 2)", b"[1, 2]"),
        ("{1: None}", b'{"1": null}'),
        ("None", b"null"),
    ],
)
def test_an_answer_is_written_as_python_s_json_does(functions, deploy, answer, text):
    name = deploy(f"import decimal\ndef handler(event, context):\n    return {answer}\n")
    response = functions.invoke(FunctionName=name)
    assert (response["Payload"].read(), response.get("FunctionError")) == (text, None)


def test_a_handler_may_be_in_a_package_of_folders(functions, deploy, invoke):
    name = deploy(ECHO, Handler="app.handler")
    files = {"pkg/__init__.py": "", "pkg/deep/__init__.py": "", "pkg/deep/mod.py": ECHO}
    functions.update_function_code(FunctionName=name, ZipFile=zipped(files))
    for handler in ("pkg/deep/mod.handler", "pkg.deep.mod.handler"):
        functions.update_function_configuration(FunctionName=name, Handler=handler)
        assert invoke(name, handler)[0] == handler
