"""AWS's own runtime interface clients, unmodified, as functions of a `provided` runtime."""

import io
import json
import shutil
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE
from tests.official_clients import BUILD_TIMEOUT_S, node_client, python_client

pytestmark = pytest.mark.timeout(BUILD_TIMEOUT_S)

PYTHON = """
import os, sys
print("starting")
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("called", event["name"])
    if event["name"] == "exit":
        sys.exit(3)
    if event["name"] == "raise":
        raise KeyError("no")
    left = context.get_remaining_time_in_millis()
    return {"name": event["name"], "calls": calls, "id": context.aws_request_id,
            "arn": context.invoked_function_arn, "in time": 0 < left <= 20_000,
            "task": os.environ["LAMBDA_TASK_ROOT"], "version": context.function_version}
"""
NODE = """
console.log("starting");
let calls = 0;
export const handler = async (event, context) => {
  calls += 1;
  console.log("called", event.name);
  if (event.name === "exit") process.exit(3);
  if (event.name === "raise") throw new TypeError("no");
  const left = context.getRemainingTimeInMillis();
  return {name: event.name, calls, id: context.awsRequestId, arn: context.invokedFunctionArn,
          "in time": 0 < left && left <= 20_000, task: process.env.LAMBDA_TASK_ROOT,
          version: context.functionVersion};
};
"""


def _package(files: dict[str, Path], **texts: str) -> bytes:
    """A package whose `bootstrap` may be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, path in files.items():
            archive.write(path, place)
        for name, text in texts.items():
            info = zipfile.ZipInfo(name if name == "bootstrap" else name.replace("_", "."))
            info.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def _python() -> bytes:
    interpreter = getattr(sys, "_base_executable", sys.executable)
    start = f'#!/bin/sh\nexec {interpreter} -m awslambdaric "$_HANDLER"\n'
    return _package(python_client(), bootstrap=start, app_py=PYTHON)


def _node() -> bytes:
    client = node_client()
    files = {f"client/{name}": client / name for name in ("index.mjs", "rapid-client.node")}
    start = f'#!/bin/sh\nexec {shutil.which("node")} client/index.mjs "$_HANDLER"\n'
    return _package(files, bootstrap=start, app_mjs=NODE)


@pytest.fixture(scope="module", params=[_python, _node], ids=["python", "node"])
def function(request: pytest.FixtureRequest, functions: Any) -> Iterator[str]:
    """A function that the official client runs."""
    name = f"client-{uuid.uuid4().hex[:8]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="provided.al2023",
        Handler="app.handler",
        Timeout=20,
        MemorySize=512,
        Code={"ZipFile": request.param()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    yield name
    functions.delete_function(FunctionName=name)


Invoke = Callable[..., tuple[Any, dict[str, Any]]]


def test_the_client_runs_one_invocation_after_another(function: str, invoke: Invoke) -> None:
    answers = [invoke(function, {"name": name}) for name in ("Zoë", "Sally")]
    for (answer, response), name in zip(answers, ("Zoë", "Sally"), strict=True):
        assert "FunctionError" not in response, answer
        assert answer["name"] == name
        assert answer["id"] == response["ResponseMetadata"]["RequestId"]
        assert answer["arn"].endswith(f":function:{function}")
        assert answer["in time"] is True
        assert (answer["task"], answer["version"]) == ("/var/task", "$LATEST")
    assert answers[1][0]["calls"] == answers[0][0]["calls"] + 1  # one sandbox had both


def test_an_error_of_the_handler_reaches_the_caller(function: str, invoke: Invoke) -> None:
    told, response = invoke(function, {"name": "raise"})
    assert response["FunctionError"] == "Unhandled"
    assert told["errorType"] in ("KeyError", "TypeError")
    assert "no" in told["errorMessage"]
    answer, response = invoke(function, {"name": "Sally"})
    assert "FunctionError" not in response
    assert answer["calls"] > 1  # the sandbox is kept


def test_a_client_that_exits_is_told_and_replaced(function: str, invoke: Invoke) -> None:
    told, response = invoke(function, {"name": "exit"})
    identity = response["ResponseMetadata"]["RequestId"]
    assert told == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {identity} Error: Runtime exited with error: exit status 3",
    }
    answer, _ = invoke(function, {"name": "Sally"})
    assert answer["calls"] == 1


def test_what_the_handler_prints_is_in_the_log(
    function: str, invoke: Invoke, messages: Callable[..., list[str]]
) -> None:
    name = uuid.uuid4().hex
    invoke(function, {"name": name})
    lines = messages(function)
    assert any("starting" in line for line in lines)
    assert any(f"called {name}" in line for line in lines)


def test_a_large_event_and_answer_pass(function: str, invoke: Invoke) -> None:
    name = "x" * 5_000_000
    answer, _ = invoke(function, {"name": name})
    assert answer["name"] == name


def test_a_handler_that_is_not_there_is_told(functions: Any, function: str, invoke: Invoke) -> None:
    functions.update_function_configuration(FunctionName=function, Handler="nothing.handler")
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)
    try:
        told, response = invoke(function, {"name": "Sally"})
        assert response["FunctionError"] == "Unhandled"
        assert told["errorType"] == "Runtime.ImportModuleError", json.dumps(told)
    finally:
        functions.update_function_configuration(FunctionName=function, Handler="app.handler")
        functions.get_waiter("function_updated_v2").wait(FunctionName=function)
