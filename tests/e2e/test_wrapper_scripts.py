"""AWS_LAMBDA_EXEC_WRAPPER of Python functions: a script that starts the runtime."""

import io
import json
import uuid
import zipfile
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME

VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"
# AWS's own example: options for the interpreter come before the last argument.
WRAPPER = """#!/bin/bash
args=("$@")
extra_args=("-X" "dev" "-O")
args=("${args[@]:0:$#-1}" "${extra_args[@]}" "${args[@]: -1}")
export WRAPPED="$LAMBDA_TASK_ROOT $#"
export PYTHONPATH="/var/task/more:$PYTHONPATH"
export ORIGINAL_HANDLER="$_HANDLER" _HANDLER="other.handler"
echo "wrapped"
exec "${args[@]}"
"""
OTHER = """
import logging
import os
import sys

import inner
import boto3

print("loaded")

def handler(event, context):
    logging.warning("one\\ntwo")
    if event == "fail":
        raise ValueError("no")
    return {
        "event": event,
        "wrapped": os.environ["WRAPPED"],
        "original": os.environ["ORIGINAL_HANDLER"],
        "optimised": not __debug__,
        "dev": sys.flags.dev_mode,
        "inner": inner.__file__,
        "stdin": sys.stdin.read(),
        "path": sys.path[0],
        "machine": [each for each in sys.path if each.endswith("-packages") and "/opt" not in each],
        "trace": os.environ["_X_AMZN_TRACE_ID"].startswith("Root="),
    }
"""


def package(mode: int = 0o755, wrapper: str = WRAPPER) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text, bits in (
            ("wrapper", wrapper, mode),
            ("app.py", "def handler(event, context):\n    return 'unwrapped'\n", 0o644),
            ("other.py", OTHER, 0o644),
            ("more/inner.py", "", 0o644),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | bits) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


@pytest.fixture
def wrap(functions: Any) -> Any:
    """Create a function with a wrapper script that is deleted after the test."""
    made = []

    def create(content: bytes, wrapper: str = "/var/task/wrapper", **settings: Any) -> str:
        made.append(f"w-{uuid.uuid4().hex[:12]}")
        functions.create_function(
            FunctionName=made[-1],
            Role=ROLE,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": content},
            Environment={"Variables": {VARIABLE: wrapper}},
            Timeout=20,
            **settings,
        )
        return made[-1]

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def test_the_runtime_runs_as_the_wrapper_starts_it(wrap: Any, invoke: Any, messages: Any) -> None:
    name = wrap(package())
    for number in range(2):
        answer, response = invoke(name, number)
        assert "FunctionError" not in response, answer
        assert answer == {
            "event": number,
            "wrapped": "/var/task 2",
            "original": "app.handler",
            "optimised": True,
            "dev": True,
            "inner": "/var/task/more/inner.py",
            "stdin": "",
            "path": "/var/task",
            "machine": [],
            "trace": True,
        }
    said = messages(name)
    assert said.index("wrapped\n") < said.index("loaded\n")
    assert [each for each in said if "one\ntwo" in each]
    assert len([each for each in said if each == "loaded\n"]) == 1


def test_errors_are_those_of_any_function(wrap: Any, invoke: Any) -> None:
    answer, response = invoke(wrap(package()), "fail")
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no")


@pytest.mark.parametrize(
    ("mode", "wrapper", "said", "status"),
    [
        (0o755, "/opt/nothing", "/opt/nothing: does not exist\n", 127),
        (0o644, "/var/task/wrapper", "/var/task/wrapper: is not an executable\n", 126),
    ],
)
def test_a_wrapper_that_cannot_be_started_is_told(
    wrap: Any, invoke: Any, messages: Any, mode: int, wrapper: str, said: str, status: int
) -> None:
    name = wrap(package(mode), wrapper)
    answer, response = invoke(name)
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith(f"Runtime exited with error: exit status {status}")
    assert said in messages(name)


def test_a_version_with_snap_start_and_a_wrapper_starts_without_a_snapshot(
    functions: Any, wrap: Any, invoke: Any
) -> None:
    name = wrap(package(), SnapStart={"ApplyOn": "PublishedVersions"})
    functions.publish_version(FunctionName=name)
    functions.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert invoke(name, Qualifier="1")[0]["wrapped"] == "/var/task 2"


def test_a_wrapper_that_does_not_start_the_runtime_ends_the_invocation(
    wrap: Any, invoke: Any
) -> None:
    answer, response = invoke(wrap(package(wrapper="#!/bin/sh\nexit 3\n")))
    assert response["FunctionError"] == "Unhandled"
    assert json.dumps(answer).count("exit status 3") == 1
