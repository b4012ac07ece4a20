"""Invocations."""

import base64
import json
from typing import Any

from tests.e2e.documented.cases import INVALID, MISSING, Case, each
from tests.e2e.documented.stage import NOBODY, Stage

CONTENT = "InvalidRequestContentException"
LOOPS = 16
INVOKES = "Invoke InvokeWithResponseStream"
THROTTLED = "TooManyRequestsException"


def _off(stage: Stage) -> dict[str, Any]:
    name = stage.new()
    stage.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return {"FunctionName": name}


def _looping(stage: Stage) -> dict[str, Any]:
    """Invoke a function with the trace header of its own invocation, until that is a loop."""
    name = stage.new(
        "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
    )
    for _ in range(LOOPS):
        answer = stage.client.invoke(FunctionName=name)["Payload"]
        stage.trace = json.loads(answer.read())
    return {"FunctionName": name}


def _hooked(stage: Stage, hook: str) -> dict[str, Any]:
    """Publish a version that runs this when its snapshot is restored."""
    name = stage.new(
        "import snapshot_restore_py as hooks, threading\n"
        f"hooks.register_after_restore(lambda: {hook})\n"
        "def handler(event, context): return 1\n",
        SnapStart={"ApplyOn": "PublishedVersions"},
    )
    stage.client.publish_version(FunctionName=name)
    stage.settle(name, Qualifier="1")
    return {"FunctionName": name, "Qualifier": "1"}


CASES = [
    *each(INVOKES, INVALID, lambda stage: stage.differing),
    *each(INVOKES, MISSING, lambda _: {"FunctionName": NOBODY}),
    *each(
        INVOKES,
        CONTENT,
        lambda s: {
            "FunctionName": s.function,
            "ClientContext": base64.b64encode(b"no JSON").decode(),
        },
    ),
    *each(INVOKES, THROTTLED, _off),
    *each(INVOKES, "RecursiveInvocationException", _looping),
    *each(INVOKES, "SnapStartException", lambda stage: _hooked(stage, "1 / 0")),
    Case("InvokeAsync", MISSING, lambda _: {"FunctionName": NOBODY, "InvokeArgs": b"{}"}),
    Case("InvokeAsync", CONTENT, lambda s: {"FunctionName": s.function, "InvokeArgs": b"{"}),
]

STUCK = each(
    INVOKES,
    "SnapStartTimeoutException",
    lambda stage: _hooked(stage, "threading.Event().wait()"),
)
"""These take the ten seconds that AWS gives to hooks."""
