"""Runtimes of one's own: an executable named bootstrap that speaks with the Runtime API."""

import base64
import io
import json
import shutil
import time
import uuid
import zipfile

import pytest

from tests.e2e.conftest import ROLE

PROVIDED = ["provided", "provided.al2", "provided.al2023"]
LARGEST_ANSWER = 6_291_556

WITH_BASH = r"""#!/bin/bash
set -u
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
count=0
while true; do
    exec 3<>"/dev/tcp/$host/$port"
    printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n' "$host" >&3
    while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do
        case ${line,,} in
            lambda-runtime-aws-request-id:*) id=${line#*: } id=${id%$'\r'} ;;
            content-length:*) length=${line#*: } length=${length%$'\r'} ;;
        esac
    done
    IFS= read -r -N "$length" event <&3
    exec 3>&-
    count=$((count + 1))
    answer="{\"event\": $event, \"handler\": \"$_HANDLER\", \"count\": $count}"
    echo "handled $id"
    exec 3<>"/dev/tcp/$host/$port"
    printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\n' "$id" >&3
    printf 'Host: %s\r\nContent-Length: %s\r\n\r\n%s' "$host" "${#answer}" "$answer" >&3
    IFS= read -r line <&3
    exec 3>&-
done
"""

# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-walkthrough.html
WITH_CURL = """#!/bin/bash
set -euo pipefail
API=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
    HEADERS=$(mktemp)
    EVENT_DATA=$(curl -sS -LD "$HEADERS" "$API/next")
    REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" |
        tr -d '[:space:]' | cut -d: -f2)
    curl -sS "$API/$REQUEST_ID/response" -d "{\\"echo\\": $EVENT_DATA}" >/dev/null
done
"""

WITH_PYTHON = """#!/usr/bin/env python3
import json, os, sys, urllib.error, urllib.request

API = "http://%s/2018-06-01/runtime/" % os.environ["AWS_LAMBDA_RUNTIME_API"]

def post(path, body, **headers):
    request = urllib.request.Request(API + path, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

if os.environ["_HANDLER"] == "broken":
    error = {"errorMessage": "not today", "errorType": "Custom.NotToday", "stackTrace": []}
    post("init/error", json.dumps(error).encode())
    sys.exit(1)

last = None
while True:
    with urllib.request.urlopen(API + "invocation/next") as response:
        headers, event = dict(response.headers.items()), json.loads(response.read())
    base = "invocation/%s/" % headers["Lambda-Runtime-Aws-Request-Id"]
    if event == "headers":
        answer = headers
    elif event == "environment":
        answer = {**os.environ, "cwd": os.getcwd()}
    elif event == "last":
        answer = last
    elif event == "exit":
        sys.exit(3)
    elif event == "fail":
        error = {"errorMessage": "sorry", "errorType": "Custom.Sorry", "stackTrace": ["a", "b"]}
        post(base + "error", json.dumps(error).encode())
        continue
    elif event == "another's":
        other = "invocation/%s/" % "00000000-0000-0000-0000-000000000000"
        answer = [post(other + "response", b'"stolen"'), post(other + "error", b"{}")]
    else:
        answer = "x" * (event - 2)
    last = post(base + "response", json.dumps(answer).encode())
"""


WITH_STREAMS = """#!/usr/bin/env python3
import http.client, json, os

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
INVOCATION = "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", INVOCATION + "next")
    response = api.getresponse()
    event = json.loads(response.read())
    path = INVOCATION + response.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    pieces = [b"x" * event["size"]] * event["pieces"]
    headers = {"Lambda-Runtime-Function-Response-Mode": "streaming"}
    api.request("POST", path, iter([b'"', *pieces, b'"']), headers, encode_chunked=True)
    api.getresponse().read()
"""


def package(bootstrap: str | None, mode: int = 0o755) -> bytes:
    """A zip with this bootstrap, or with something else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("readme.txt" if bootstrap is None else "bootstrap")
        entry.external_attr = (0o100000 | mode) << 16
        archive.writestr(entry, bootstrap or "nothing to run")
    return buffer.getvalue()


@pytest.fixture
def provide(functions):
    """Create a function of these bytes: `provide(package(…), Timeout=5)` → its name."""
    made = []

    def create(content, **settings):
        name = f"p-{uuid.uuid4().hex[:12]}"
        functions.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime=settings.pop("Runtime", "provided.al2023"),
            Handler=settings.pop("Handler", "app.handler"),
            Code={"ZipFile": content},
            **settings,
        )
        made.append(name)
        return name

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def python_function(provide):
    return provide(package(WITH_PYTHON), Timeout=20, MemorySize=512)


@pytest.mark.parametrize("runtime", PROVIDED)
def test_a_bootstrap_in_bash_serves_one_invocation_after_the_other(
    provide, invoke, messages, runtime
):
    name = provide(package(WITH_BASH), Runtime=runtime, Handler="anything/at.all")
    for count in (1, 2, 3):
        answer, response = invoke(name, {"n": [count, "ü"]})
        assert "FunctionError" not in response
        assert answer == {
            "event": {"n": [count, "ü"]},
            "handler": "anything/at.all",
            "count": count,
        }
    logged = messages(name)
    assert sum(line.startswith("handled ") for line in logged) == 3
    assert logged[0] == f"INIT_START Runtime Version: {runtime.replace('.', ':')}\n"


@pytest.mark.skipif(shutil.which("curl", path="/usr/local/bin:/usr/bin") is None, reason="no curl")
def test_the_bootstrap_of_awss_walkthrough_works(provide, invoke):
    name = provide(package(WITH_CURL))
    assert invoke(name, {"text": "Hello"})[0] == {"echo": {"text": "Hello"}}
    assert invoke(name, [1, 2])[0] == {"echo": [1, 2]}


@pytest.mark.skipif(not shutil.which("bash", path="/usr/bin:/bin"), reason="no bash")
def test_sh_is_bash_as_on_aws(provide, invoke):
    name = provide(package(WITH_BASH.replace("/bin/bash", "/bin/sh\nset -o pipefail")))
    assert invoke(name, 1)[0]["event"] == 1


def test_a_streamed_answer_is_whole_for_a_caller_who_waits(provide, invoke):
    name = provide(package(WITH_STREAMS), Timeout=20, MemorySize=512)
    answer, response = invoke(name, {"pieces": 3, "size": 2_000_000})
    assert "FunctionError" not in response
    assert answer == "x" * 6_000_000
    answer, response = invoke(name, {"pieces": 4, "size": 2_000_000})
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke(name, {"pieces": 1, "size": 1})[0] == "x"


def test_the_headers_of_an_invocation_are_awss(python_function, functions, invoke):
    context = base64.b64encode(b'{"custom": {"who": "me"}}').decode()
    before = time.time() * 1000
    headers, response = invoke(python_function, "headers", ClientContext=context)
    request_id = response["ResponseMetadata"]["RequestId"]
    arn = functions.get_function_configuration(FunctionName=python_function)["FunctionArn"]
    assert headers["Lambda-Runtime-Aws-Request-Id"] == request_id
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == arn
    assert json.loads(headers["Lambda-Runtime-Client-Context"]) == {"custom": {"who": "me"}}
    deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
    assert before < deadline - 20_000 < time.time() * 1000


def test_the_environment_is_that_of_a_runtime_of_ones_own(provide, invoke):
    name = provide(package(WITH_PYTHON), Environment={"Variables": {"MINE": "1"}})
    environment, _ = invoke(name, "environment")
    assert environment["cwd"] == environment["LAMBDA_TASK_ROOT"] == "/var/task"
    assert environment["_HANDLER"] == "app.handler"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["MINE"] == "1"
    assert "AWS_EXECUTION_ENV" not in environment


def test_an_error_is_the_callers_answer_and_the_runtime_goes_on(python_function, invoke):
    answer, response = invoke(python_function, "fail")
    assert response["FunctionError"] == "Unhandled"
    assert answer == {
        "errorMessage": "sorry",
        "errorType": "Custom.Sorry",
        "stackTrace": ["a", "b"],
    }
    answer, response = invoke(python_function, "last")
    assert "FunctionError" not in response
    assert answer is None


def test_an_answer_to_another_invocation_is_refused(python_function, invoke):
    answers, response = invoke(python_function, "another's")
    assert "FunctionError" not in response
    assert [status for status, _ in answers] == [400, 400]
    for _, body in answers:
        assert json.loads(body)["errorType"] == "InvalidRequestID"


def test_an_answer_may_have_six_megabytes_and_a_hundred_bytes_and_no_more(python_function, invoke):
    answer, response = invoke(python_function, LARGEST_ANSWER)
    assert "FunctionError" not in response
    assert len(answer) == LARGEST_ANSWER - 2
    assert invoke(python_function, "last")[0][0] == 202
    answer, response = invoke(python_function, LARGEST_ANSWER + 1)
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer["errorMessage"] == (
        f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."
    )
    assert invoke(python_function, "last")[0][0] == 413


def test_an_error_while_it_starts_is_the_callers_answer(provide, invoke):
    name = provide(package(WITH_PYTHON), Handler="broken")
    answer, response = invoke(name, None, LogType="Tail")
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorMessage"], answer["errorType"]) == ("not today", "Custom.NotToday")
    assert b"Phase: init\tStatus: error\tError Type: Custom.NotToday\n" in base64.b64decode(
        response["LogResult"]
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            package(None),
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
        ),
        (package(WITH_BASH, 0o644), "fork/exec /var/task/bootstrap: permission denied"),
        (package("not a program"), "fork/exec /var/task/bootstrap: exec format error"),
        (
            package("#!/opt/nothing/there\n"),
            "fork/exec /var/task/bootstrap: no such file or directory",
        ),
    ],
    ids=["missing", "not executable", "no program", "no interpreter"],
)
def test_a_bootstrap_that_cannot_be_run_is_an_invalid_entry_point(
    provide, invoke, content, message
):
    name = provide(content)
    for _ in range(2):  # each invocation tries anew
        answer, response = invoke(name, None, LogType="Tail")
        assert response["FunctionError"] == "Unhandled"
        assert answer["errorType"] == "Runtime.InvalidEntrypoint"
        assert answer["errorMessage"].endswith(message)
        tail = base64.b64decode(response["LogResult"]).decode()
        assert message in tail
        assert "Error Type: Runtime.InvalidEntrypoint" in tail


def test_a_bootstrap_that_exits_is_an_exit_error(python_function, invoke):
    answer, response = invoke(python_function, "exit")
    request_id = response["ResponseMetadata"]["RequestId"]
    assert response["FunctionError"] == "Unhandled"
    assert answer == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 3",
    }
    assert invoke(python_function, "last")[0] is None
