"""AWS's own runtime interface clients, unmodified, against the Runtime API."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ingle.runtimes.python import frames
from tests.official_clients import BUILD_TIMEOUT_S, node_client, python_client
from tests.pool.runtime_api.box import OTHER_ID, REQUEST_ID, Box, invoke_body

pytestmark = pytest.mark.timeout(BUILD_TIMEOUT_S)
PYTHON = """
import os
print("starting")
def handler(event, context):
    if event.get("fail"):
        raise KeyError("no")
    custom = context.client_context.custom if context.client_context else None
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return [event["name"], context.aws_request_id, context.invoked_function_arn, custom, trace]
"""
NODE = """
export const handler = async (event, context) => {
  if (event.fail) throw new TypeError("no");
  return [event.name, context.awsRequestId, context.invokedFunctionArn, context.clientContext,
          process.env._X_AMZN_TRACE_ID];
};
export const streaming = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  stream.write("first ");
  stream.end("second");
});
"""

Start = Callable[..., "contextlib.AbstractAsyncContextManager[Box]"]


@pytest.fixture(params=["python", "node"])
def start(request: pytest.FixtureRequest, make_box: Callable[..., Box], tmp_path: Path) -> Start:
    """Run a handler of `app` under the official client."""
    return _starter(request.param, make_box, tmp_path)


@pytest.fixture
def start_node(make_box: Callable[..., Box], tmp_path: Path) -> Start:
    """Run a handler of `app` under the client for Node.js."""
    return _starter("node", make_box, tmp_path)


def _starter(language: str, make_box: Callable[..., Box], folder: Path) -> Start:
    if language == "python":
        assert python_client()
        command = [sys.executable, "-m", "awslambdaric"]
        (folder / "app.py").write_text(PYTHON)
    else:
        command = [shutil.which("node") or "node", str(node_client() / "index.mjs")]
        (folder / "app.mjs").write_text(NODE)

    @contextlib.asynccontextmanager
    async def run(handler: str = "app.handler") -> AsyncIterator[Box]:
        box = make_box()
        process = await asyncio.create_subprocess_exec(
            *command,
            handler,
            cwd=folder,
            env={
                **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{box.port}",
                "AWS_LAMBDA_FUNCTION_NAME": "greeter",
                "AWS_LAMBDA_FUNCTION_VERSION": "7",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/greeter",
                "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
                "LAMBDA_TASK_ROOT": str(folder),
                "_HANDLER": handler,
            },
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield box
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    return run


async def test_a_client_runs_one_invocation_after_another(start: Start) -> None:
    async with start() as box:
        assert await box.frame() == (frames.READY, b"")
        for identity, context in ((REQUEST_ID, ""), (OTHER_ID, '{"custom":{"a":"b"}}')):
            event = b'{"name":"Zo\xc3\xab"}'
            box.api.invoke(invoke_body(identity, event, client_context=context))
            kind, body = await box.frame()
            assert (kind, body[:36].decode()) == (frames.RESULT, identity)
            name, request_id, arn, custom, trace = json.loads(body[36:])
            assert (name, request_id) == ("Zoë", identity)
            assert arn.endswith(":function:greeter")
            assert trace.startswith("Root=")
            if context:
                assert custom in ({"a": "b"}, {"custom": {"a": "b"}})
            await box.idle.wait()
            box.idle.clear()


async def test_a_client_tells_of_an_error_of_the_handler(start: Start) -> None:
    async with start() as box:
        await box.frame()
        box.api.invoke(invoke_body(event=b'{"fail":true}'))
        kind, body = await box.frame()
        assert kind == frames.FAULT
        told = json.loads(body[36:])
        assert told["errorType"] in ("KeyError", "TypeError")
        assert "no" in told["errorMessage"]
        await box.idle.wait()


async def test_a_client_tells_of_a_handler_that_it_does_not_find(start: Start) -> None:
    async with start("nothing.handler") as box:
        kind, body = await box.frame()
        assert kind == frames.INIT_ERROR
        assert json.loads(body)["errorType"] == "Runtime.ImportModuleError"


async def test_the_longest_event_arrives(start: Start) -> None:
    async with start() as box:
        await box.frame()
        name = "x" * (6_291_456 - 1000)
        box.api.invoke(invoke_body(event=json.dumps({"name": name}).encode()))
        kind, body = await box.frame()
        assert kind == frames.RESULT
        assert json.loads(body[36:])[0] == name


async def test_a_client_streams(start_node: Start) -> None:
    async with start_node("app.streaming") as box:
        await box.frame()
        box.api.invoke(invoke_body())
        identity = REQUEST_ID.encode()
        assert await box.frame() == (frames.PRELUDE, identity + b"text/plain")
        streamed = b""
        while True:
            kind, body = await box.frame()
            if kind != frames.CHUNK:
                break
            streamed += body[36:]
        assert (kind, body) == (frames.RESULT, identity)
        assert streamed == b"first second"
        await box.idle.wait()
