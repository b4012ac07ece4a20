"""Durable executions, as far as none has to be under way."""

import base64
from typing import Any

from tests.e2e.documented.cases import INVALID, MISSING, Case, each
from tests.e2e.documented.stage import ARN, NOBODY

_ID = "00000000-0000-0000-0000-000000000000"
_UNKNOWN = {"DurableExecutionArn": f"{ARN}function:{NOBODY}:1/durable-execution/n/{_ID}"}
_CALLBACK = {"CallbackId": base64.b64encode(f"b1:{_ID}:c".encode()).decode()}
_LARGE = {"Error": {"ErrorMessage": "x" * 1_048_577}}
_CALLBACKS = (
    "SendDurableExecutionCallbackSuccess SendDurableExecutionCallbackFailure "
    "SendDurableExecutionCallbackHeartbeat"
)
_TOKEN: dict[str, Any] = {**_UNKNOWN, "CheckpointToken": "QUJD"}

CASES = [
    *each(
        "GetDurableExecution GetDurableExecutionHistory StopDurableExecution PauseDurableExecution "
        "ResumeDurableExecution DeleteDurableExecution",
        MISSING,
        lambda _: _UNKNOWN,
    ),
    Case("GetDurableExecutionHistory", INVALID, lambda _: {**_UNKNOWN, "Marker": "none"}),
    Case("StopDurableExecution", INVALID, lambda _: {**_UNKNOWN, **_LARGE}),
    *each("CheckpointDurableExecution GetDurableExecutionState", INVALID, lambda _: _TOKEN),
    Case("ListDurableExecutionsByFunction", MISSING, lambda _: {"FunctionName": NOBODY}),
    Case(
        "ListDurableExecutionsByFunction",
        INVALID,
        lambda stage: {"FunctionName": stage.function, "Marker": "none"},
    ),
    *each(_CALLBACKS, INVALID, lambda _: {"CallbackId": "QUJD"}),
    *each(_CALLBACKS, MISSING, lambda _: _CALLBACK),
]
