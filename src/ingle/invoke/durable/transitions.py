"""What happens to an execution besides its checkpoints: time, answers of others, and its end.

Pure: each function changes the execution that it is given, which is not written yet.
"""

import uuid
from dataclasses import replace
from typing import Any

from ingle.invoke.durable.history import failure, tell
from ingle.invoke.durable.limits import CLIENT_TOKEN_S
from ingle.invoke.durable.model import (
    ErrorObject,
    Execution,
    ExecutionStatus,
    Operation,
    OperationStatus,
    OperationType,
    Pause,
)

_OF_CLOSING = {
    ExecutionStatus.SUCCEEDED: "ExecutionSucceeded",
    ExecutionStatus.FAILED: "ExecutionFailed",
    ExecutionStatus.STOPPED: "ExecutionStopped",
    ExecutionStatus.TIMED_OUT: "ExecutionTimedOut",
}
_OF_CHAINED = {
    OperationStatus.SUCCEEDED: "ChainedInvokeSucceeded",
    OperationStatus.FAILED: "ChainedInvokeFailed",
    OperationStatus.TIMED_OUT: "ChainedInvokeTimedOut",
    OperationStatus.STOPPED: "ChainedInvokeStopped",
}


def begin(execution: Execution) -> None:
    """Tell of a new execution's start, and have it run."""
    tell(
        execution,
        "ExecutionStarted",
        execution.started_ms,
        details={"ExecutionTimeout": execution.timeout_s},
        source="input",
    )
    execution.written += len(execution.input.encode())
    wake(execution, execution.started_ms)


def wake(execution: Execution, now_ms: int) -> None:
    """Have an execution run that may go on; not before it is resumed, if it is paused."""
    if execution.is_closed:
        return
    if execution.is_paused:
        execution.deferred = True
    elif execution.ready_ms is None:
        execution.ready_ms = now_ms


def close(
    execution: Execution,
    status: ExecutionStatus,
    now_ms: int,
    result: str | None = None,
    error: ErrorObject | None = None,
) -> None:
    """Bring an execution to its end."""
    execution.status = status
    execution.ended_ms = now_ms
    execution.result = result
    execution.error = error
    execution.retry_ms = None
    execution.pause = None
    # Its parent is still to be told.
    execution.ready_ms = None if execution.parent_id is None else now_ms
    if status is ExecutionStatus.SUCCEEDED:
        tell(execution, _OF_CLOSING[status], now_ms, source="result")
    elif status is ExecutionStatus.TIMED_OUT:
        # AWS says no more; the error is the execution's own.
        tell(execution, _OF_CLOSING[status], now_ms)
    else:
        tell(execution, _OF_CLOSING[status], now_ms, details=failure(error))


def pass_time(execution: Execution, now_ms: int) -> bool:
    """Do what has become due; return whether the function has something to learn."""
    if execution.is_closed:
        return False
    if execution.times_out_ms <= now_ms:
        message = f"Execution timed out after {execution.timeout_s} seconds."
        close(execution, ExecutionStatus.TIMED_OUT, now_ms, error={"ErrorMessage": message})
        return False
    changed = False
    for operation in list(execution.operations.values()):
        changed |= _pass_time_of(execution, operation, now_ms)
    if execution.retry_ms is not None and execution.retry_ms <= now_ms:
        execution.retry_ms = None
        wake(execution, now_ms)
    return changed


def next_due_ms(execution: Execution, *, with_calls: bool) -> int | None:
    """Say when an execution is to be looked at again for the sake of time alone.

    Args:
        execution: the execution.
        with_calls: whether the invocation of functions that are not durable counts.
    """
    if execution.is_closed:
        return execution.expires_ms
    times = [execution.times_out_ms]
    if execution.retry_ms is not None:
        times.append(execution.retry_ms)
    for operation in execution.operations.values():
        if operation.is_plain_call and not with_calls:
            continue
        if operation.is_pending:
            times += (each for each in (operation.due_ms, operation.heartbeat_ms) if each)
    return min(times)


def complete_callback(
    execution: Execution, operation: Operation, now_ms: int, result: str | None
) -> None:
    """Complete a callback that was waited for with its result."""
    _end(execution, operation, OperationStatus.SUCCEEDED, now_ms)
    operation.result = result
    execution.written += len((result or "").encode())
    tell(execution, "CallbackSucceeded", now_ms, operation, source="result")


def fail_callback(
    execution: Execution, operation: Operation, now_ms: int, error: ErrorObject
) -> None:
    """Fail a callback that was waited for."""
    _end(execution, operation, OperationStatus.FAILED, now_ms)
    operation.error = error
    tell(execution, "CallbackFailed", now_ms, operation, failure(error))


def beat(operation: Operation, now_ms: int) -> None:
    """Note that whoever is to complete a callback is still there."""
    if operation.heartbeat_s:
        operation.heartbeat_ms = now_ms + operation.heartbeat_s * 1000


def end_chained(
    execution: Execution,
    operation: Operation,
    now_ms: int,
    status: OperationStatus,
    result: str | None,
    error: ErrorObject | None,
) -> None:
    """Tell an execution what became of its chained invocation."""
    _end(execution, operation, status, now_ms)
    operation.result, operation.error = result, error
    if status is OperationStatus.SUCCEEDED:
        execution.written += len((result or "").encode())
        tell(execution, _OF_CHAINED[status], now_ms, operation, source="result")
    else:
        tell(execution, _OF_CHAINED[status], now_ms, operation, failure(error))


def outcome_of(child: Execution) -> tuple[OperationStatus, str | None, ErrorObject | None]:
    """Say what became of an execution, as the operation tells that invoked it."""
    if child.status is ExecutionStatus.SUCCEEDED:
        return OperationStatus.SUCCEEDED, child.result, None
    if child.status is ExecutionStatus.TIMED_OUT:
        return (
            OperationStatus.TIMED_OUT,
            None,
            {
                "ErrorMessage": f"CHAINED_INVOKE timed out after {child.timeout_s} seconds.",
                "ErrorType": "ChainedInvoke.Timeout",
            },
        )
    if child.status is ExecutionStatus.STOPPED:
        return OperationStatus.STOPPED, None, child.error
    return OperationStatus.FAILED, None, child.error


def end_invocation(
    execution: Execution,
    started_ms: int,
    now_ms: int,
    request_id: str,
    error: ErrorObject | None = None,
) -> None:
    """Tell of an invocation that is over."""
    details: dict[str, Any] = {
        "StartTimestamp": started_ms,
        "EndTimestamp": now_ms,
        "RequestId": request_id,
    }
    tell(
        execution,
        "InvocationCompleted",
        now_ms,
        details=details if error is None else details | failure(error),
    )


def ask_to_pause(
    execution: Execution, now_ms: int, reason: str | None, *, stops_timeout: bool, invoking: bool
) -> None:
    """Pause an execution, or have it paused at its next checkpoint where it is being invoked."""
    execution.pause = Pause(now_ms, reason, stops_timeout)
    execution.status = ExecutionStatus.PAUSING
    if not invoking:
        execution.deferred = execution.ready_ms is not None or execution.retry_ms is not None
        execution.retry_ms = None
        pause(execution, now_ms)


def pause(execution: Execution, now_ms: int) -> None:
    """Have a pause begin that was asked for."""
    asked = execution.pause
    if asked is None or asked.since_ms is not None:
        return
    execution.status = ExecutionStatus.PAUSED
    execution.pause = replace(asked, since_ms=now_ms)
    execution.ready_ms = None
    details: dict[str, Any] = {
        "PauseRequestTimestamp": asked.requested_ms,
        "ExecutionTimeoutPaused": asked.stops_timeout,
    }
    if asked.reason is not None:
        details["Reason"] = {"Payload": asked.reason}
    tell(execution, "ExecutionPaused", now_ms, details=details)


def resume(execution: Execution, now_ms: int, reason: str | None) -> None:
    """End a pause, also one that has not begun."""
    asked = execution.pause
    if asked is None:
        return
    execution.pause = None
    execution.status = ExecutionStatus.RUNNING
    if asked.since_ms is None:
        return
    if asked.stops_timeout:
        paused_ms = now_ms - asked.since_ms
        execution.deadline_ms = min(execution.deadline_ms + paused_ms, execution.latest_ms)
    details: dict[str, Any] = {"ResumeRequestTimestamp": now_ms}
    if reason is not None:
        details["Reason"] = {"Payload": reason}
    tell(execution, "ExecutionResumed", now_ms, details=details)
    if execution.deferred:
        execution.deferred = False
        wake(execution, now_ms)


def is_repeated(execution: Execution, kind: str, client_token: str | None, now_ms: int) -> bool:
    """Whether a request has been here before; if not, it is remembered.

    Args:
        execution: what it is about.
        kind: what it asks for.
        client_token: what its caller knows it by.
        now_ms: the time of day, in milliseconds since the epoch.
    """
    if client_token is None:
        return False
    last = execution.last_tokens.get(kind)
    if last is not None and last[0] == client_token and now_ms - last[1] < CLIENT_TOKEN_S * 1000:
        return True
    execution.last_tokens[kind] = (client_token, now_ms)
    return False


def new_execution(
    parent: Execution,
    operation: Operation,
    function: str,
    version: str,
    timeout_s: int,
    retention_days: int,
    trace: str,
    now_ms: int,
) -> Execution:
    """Start the execution that a chained invocation asks for, under a name that AWS would draw."""
    child = Execution(
        id=str(uuid.uuid4()),
        account_id=parent.account_id,
        region=parent.region,
        function=function,
        version=version,
        name=str(uuid.uuid4()),
        started_ms=now_ms,
        input=operation.input or "{}",
        is_event=True,
        trace=trace,
        timeout_s=timeout_s,
        retention_days=retention_days,
        deadline_ms=now_ms + timeout_s * 1000,
        parent_id=parent.id,
        parent_operation_id=operation.id,
    )
    begin(child)
    return child


def _end(execution: Execution, operation: Operation, status: OperationStatus, now_ms: int) -> None:
    operation.status = status
    operation.ended_ms = now_ms
    operation.heartbeat_ms = None
    if operation.type is not OperationType.WAIT:  # which still tells when it was to end
        operation.due_ms = None
    execution.touch(operation)


def _pass_time_of(execution: Execution, operation: Operation, now_ms: int) -> bool:
    if not operation.is_pending or operation.type is OperationType.CHAINED_INVOKE:
        return False
    due_ms, heartbeat_ms = operation.due_ms, operation.heartbeat_ms
    is_due = due_ms is not None and due_ms <= now_ms
    is_silent = heartbeat_ms is not None and heartbeat_ms <= now_ms
    if not (is_due or is_silent):
        return False
    if operation.type is OperationType.STEP:
        operation.status = OperationStatus.READY
        operation.due_ms = None
        execution.touch(operation)
    elif operation.type is OperationType.WAIT:
        seconds = ((due_ms or now_ms) - operation.started_ms) // 1000
        _end(execution, operation, OperationStatus.SUCCEEDED, now_ms)
        tell(execution, "WaitSucceeded", now_ms, operation, {"Duration": seconds})
    else:
        silent_first = is_silent and (not is_due or (heartbeat_ms or 0) < (due_ms or 0))
        error = {
            "ErrorMessage": "Callback timed out" + " on heartbeat" * silent_first,
            "ErrorType": "Callback.Heartbeat" if silent_first else "Callback.Timeout",
        }
        _end(execution, operation, OperationStatus.TIMED_OUT, now_ms)
        operation.error = error
        # As AWS: the event has the type alone.
        told = failure({"ErrorType": error["ErrorType"]})
        tell(execution, "CallbackTimedOut", now_ms, operation, told)
    return True
