"""What an invocation of a durable function came to.

Source: the protocol of AWS's SDKs for durable execution, and their local test runner.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from ingle.invoke.durable.model import ErrorObject, Execution, ExecutionStatus
from ingle.invoke.durable.updates import answer_limit

_MEMBERS = ("ErrorMessage", "ErrorType", "ErrorData", "StackTrace")
INVALID = "InvalidParameterValueException"


@dataclass(frozen=True, slots=True)
class Ended:
    """The execution is over.

    Attributes:
        status: how.
        result: what it answered.
        error: what it failed of.
    """

    status: ExecutionStatus
    result: str | None = None
    error: ErrorObject | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The execution goes on when something that it waits for is there."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The function says that it waits, and there is nothing to wait for.

    The SDKs may race with a checkpoint, so it is run again a few times.
    """

    error: ErrorObject


Output = Ended | Waiting | Lost


def output_of(execution: Execution, payload: bytes) -> Output:
    """Read what a durable function answered."""
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        answer = None
    status = answer.get("Status") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or status not in ("SUCCEEDED", "FAILED", "PENDING"):
        return _invalid("Invalid Status in invocation output.")
    result, error = answer.get("Result"), answer.get("Error")
    if status == "PENDING":
        waits = any(each.is_pending for each in execution.operations.values())
        if waits or execution.has_news or execution.is_paused:
            return Waiting()
        return Lost(_error("Cannot return PENDING status with no pending operations."))
    if status == "FAILED":
        if result is not None:
            return _invalid("Cannot provide a Result for FAILED status.")
        return Ended(ExecutionStatus.FAILED, error=_read(error))
    if error is not None:
        return _invalid("Cannot provide an Error for SUCCEEDED status.")
    if result is not None and not isinstance(result, str):
        return _invalid("Invalid Result in invocation output.")
    limit = answer_limit(execution)
    if len((result or "").encode()) > limit:
        return _invalid(
            f"Execution output payload size must be less than or equal to {limit} bytes."
        )
    return Ended(ExecutionStatus.SUCCEEDED, result=result)


def error_of(payload: bytes, kind: str) -> ErrorObject:
    """Make an error of what a function's failed invocation answered.

    Args:
        payload: the answer, usually JSON with errorMessage and errorType.
        kind: the error's type where the answer names none.
    """
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("errorMessage"), str):
        return {"ErrorMessage": payload.decode(errors="replace"), "ErrorType": kind}
    error: dict[str, Any] = {"ErrorMessage": told["errorMessage"], "ErrorType": kind}
    if isinstance(told.get("errorType"), str):
        error["ErrorType"] = told["errorType"]
    if isinstance(told.get("errorData"), str):
        error["ErrorData"] = told["errorData"]
    trace = told.get("stackTrace")
    if isinstance(trace, list):
        error["StackTrace"] = [str(each) for each in trace]
    return error


def _read(error: Any) -> ErrorObject:
    if not isinstance(error, dict):
        return {}
    return {name: error[name] for name in _MEMBERS if error.get(name) is not None}


def _invalid(message: str) -> Ended:
    return Ended(ExecutionStatus.FAILED, error=_error(message))


def _error(message: str) -> ErrorObject:
    return {"ErrorMessage": message, "ErrorType": INVALID}
