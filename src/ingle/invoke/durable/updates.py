"""A checkpoint: updates of operations, of which all are made or none.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html,
https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html; which update an operation
takes when, and the words of a refusal, are those of AWS's local test runner.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from ingle.invoke.durable import limits
from ingle.invoke.durable.errors import InvalidUpdate
from ingle.invoke.durable.history import failure, tell
from ingle.invoke.durable.model import (
    ErrorObject,
    Execution,
    ExecutionStatus,
    Operation,
    OperationStatus,
    OperationType,
)
from ingle.invoke.durable.tokens import CallbackId
from ingle.invoke.durable.transitions import close

Update = Mapping[str, Any]
"""An OperationUpdate, as the model has it."""

_ACTIONS = {
    OperationType.EXECUTION: frozenset({"SUCCEED", "FAIL"}),
    OperationType.CONTEXT: frozenset({"START", "SUCCEED", "FAIL"}),
    OperationType.STEP: frozenset({"START", "SUCCEED", "FAIL", "RETRY"}),
    OperationType.WAIT: frozenset({"START", "CANCEL"}),
    OperationType.CALLBACK: frozenset({"START"}),
    OperationType.CHAINED_INVOKE: frozenset({"START"}),
}
_BOTH_AT_ONCE = frozenset({OperationType.STEP, OperationType.CONTEXT})
"""What may be started and come to its end in one checkpoint."""
_OPEN_STEP = frozenset({OperationStatus.STARTED, OperationStatus.READY})


def apply(execution: Execution, updates: Sequence[Update], now_ms: int) -> list[Operation]:
    """Make the updates of a checkpoint.

    Args:
        execution: what they are of; it is as before where this raises.
        updates: what the function sent.
        now_ms: the time of day, in milliseconds since the epoch.

    Returns:
        The chained invocations that were started, for which nothing is done yet.

    Raises:
        InvalidUpdate: one of them cannot be made.
    """
    _check_together(updates)
    draft = _Draft(execution, now_ms)
    for update in updates:
        draft.apply(update)
    return draft.commit()


def _check_together(updates: Sequence[Update]) -> None:
    of_execution = [each["Type"] == OperationType.EXECUTION for each in updates]
    if sum(of_execution) > 1:
        raise InvalidUpdate("Cannot checkpoint multiple EXECUTION updates.")
    if any(of_execution[:-1]):
        raise InvalidUpdate("EXECUTION checkpoint must be the last update.")
    last: dict[str, Update] = {}
    for update in updates:
        before = last.get(update["Id"])
        if before is not None and not (
            before["Type"] in _BOTH_AT_ONCE
            and before["Action"] == "START"
            and update["Action"] != "START"
        ):
            raise InvalidUpdate("Cannot checkpoint multiple operations with the same ID.")
        last[update["Id"]] = update


class _Draft:
    """What an execution becomes if all updates can be made."""

    def __init__(self, execution: Execution, now_ms: int) -> None:
        self._execution = execution
        self._now_ms = now_ms
        self._operations: dict[str, Operation] = {}
        # In the order in which they changed, which is that of the answer.
        self._changed: dict[str, Operation] = {}
        self._count = len(execution.operations)
        self._tell: list[Callable[[], None]] = []
        self._chained: list[Operation] = []
        self._written = 0
        self._close: Callable[[], None] | None = None

    def apply(self, update: Update) -> None:
        kind = OperationType(update["Type"])
        if update["Action"] not in _ACTIONS[kind]:
            raise InvalidUpdate("Invalid action for the given operation type.")
        self._check_size(kind, update)
        if kind is OperationType.EXECUTION:
            self._end_execution(update)
            return
        operation = self._find(update["Id"])
        if operation is not None:
            _check_same(operation, update)
        self._check_parent(update.get("ParentId"))
        getattr(self, f"_{kind.lower()}")(update, operation)

    def commit(self) -> list[Operation]:
        execution = self._execution
        for operation in self._changed.values():
            execution.operations[operation.id] = operation
            execution.touch(operation)
        execution.written += self._written
        for told in self._tell:
            told()
        if self._close is not None:
            self._close()
        return self._chained

    # The updates, by type.

    def _end_execution(self, update: Update) -> None:
        _check_outcome(update)
        status, result = ExecutionStatus.FAILED, None
        if update["Action"] == "SUCCEED":
            status, result = ExecutionStatus.SUCCEEDED, update.get("Payload")
        error = update.get("Error")
        self._close = lambda: close(self._execution, status, self._now_ms, result, error)

    def _context(self, update: Update, operation: Operation | None) -> None:
        if update["Action"] == "START":
            if operation is not None:
                raise InvalidUpdate("Cannot start a CONTEXT that already exist.")
            self._note(self._start(update), "ContextStarted")
            return
        _check_outcome(update)
        operation = operation or self._start(update)
        if operation.status is not OperationStatus.STARTED:
            raise InvalidUpdate("Invalid current CONTEXT state to close.")
        operation.replay_children = update.get("ContextOptions", {}).get("ReplayChildren")
        self._end(operation, update, "Context", {})

    def _step(self, update: Update, operation: Operation | None) -> None:
        action = update["Action"]
        if action == "START":
            if operation is not None and operation.status is not OperationStatus.READY:
                raise InvalidUpdate("Invalid current STEP state to start.")
            operation = operation or self._start(update)
            operation.status = OperationStatus.STARTED
            self._note(operation, "StepStarted")
            return
        if operation is not None and operation.status not in _OPEN_STEP:
            verb = "re-attempt" if action == "RETRY" else "close"
            raise InvalidUpdate(f"Invalid current STEP state to {verb}.")
        if action != "RETRY":
            _check_outcome(update)
        delay_s = update.get("StepOptions", {}).get("NextAttemptDelaySeconds")
        if action == "RETRY" and delay_s is None:
            raise InvalidUpdate("Invalid StepOptions for the given action.")
        if "Payload" in update and "Error" in update:
            raise InvalidUpdate("Cannot provide both error and payload to RETRY a STEP.")
        operation = operation or self._start(update)
        operation.attempt += 1
        retry: dict[str, Any] = {"CurrentAttempt": operation.attempt}
        if action != "RETRY":
            self._end(operation, update, "Step", {"RetryDetails": retry})
            return
        operation.status = OperationStatus.PENDING
        operation.due_ms = self._now_ms + delay_s * 1000
        operation.result, operation.error = update.get("Payload"), update.get("Error")
        retry["NextAttemptDelaySeconds"] = delay_s
        if operation.error is not None:
            details = {"RetryDetails": retry, **failure(operation.error)}
            self._note(operation, "StepFailed", details)
        else:
            # The step goes on, and its result will be another one.
            details = {"RetryDetails": retry}
            self._note(operation, "StepSucceeded", details, source="own", payload=operation.result)

    def _wait(self, update: Update, operation: Operation | None) -> None:
        if update["Action"] == "CANCEL":
            if operation is None or operation.status is not OperationStatus.STARTED:
                raise InvalidUpdate(
                    "Cannot cancel a WAIT that does not exist or has already completed."
                )
            operation.status = OperationStatus.CANCELLED
            operation.ended_ms = self._now_ms
            self._note(operation, "WaitCancelled")
            return
        if operation is not None:
            raise InvalidUpdate("Cannot start a WAIT that already exist.")
        seconds = update.get("WaitOptions", {}).get("WaitSeconds")
        if seconds is None:
            raise InvalidUpdate("Update for WAIT operation requires WaitOptions.")
        operation = self._start(update)
        operation.due_ms = self._now_ms + seconds * 1000
        details = {"Duration": seconds, "ScheduledEndTimestamp": operation.due_ms}
        self._note(operation, "WaitStarted", details)

    def _callback(self, update: Update, operation: Operation | None) -> None:
        if operation is not None:
            raise InvalidUpdate("Cannot start a CALLBACK that already exist.")
        operation = self._start(update)
        operation.callback_id = str(CallbackId(self._execution.id, operation.id))
        details: dict[str, Any] = {"CallbackId": operation.callback_id}
        options = update.get("CallbackOptions", {})
        timeout_s, heartbeat_s = (
            options.get("TimeoutSeconds"),
            options.get("HeartbeatTimeoutSeconds"),
        )
        if timeout_s:
            operation.due_ms = self._now_ms + timeout_s * 1000
            details["Timeout"] = timeout_s
        if heartbeat_s:
            operation.heartbeat_s = heartbeat_s
            operation.heartbeat_ms = self._now_ms + heartbeat_s * 1000
            details["HeartbeatTimeout"] = heartbeat_s
        self._note(operation, "CallbackStarted", details)

    def _chained_invoke(self, update: Update, operation: Operation | None) -> None:
        if operation is not None:
            raise InvalidUpdate("Cannot start a CHAINED_INVOKE operation that already exists.")
        options = update.get("ChainedInvokeOptions")
        if options is None:
            raise InvalidUpdate(
                "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions."
            )
        operation = self._start(update)
        operation.function = options["FunctionName"]
        operation.trace = options.get("XAmznTraceId")
        operation.input = update.get("Payload")
        self._change(operation)
        self._chained.append(operation)

    # What they have alike.

    def _find(self, id: str) -> Operation | None:
        """Find an operation, as a copy of its own."""
        operation = self._operations.get(id)
        if operation is None:
            there = self._execution.operations.get(id)
            if there is not None:
                operation = self._operations[id] = replace(there)
        return operation

    def _start(self, update: Update) -> Operation:
        if self._count >= limits.OPERATIONS:
            raise InvalidUpdate(
                f"A durable execution can have {limits.OPERATIONS} operations at most."
            )
        operation = Operation(
            update["Id"],
            OperationType(update["Type"]),
            self._count,
            self._now_ms,
            parent_id=update.get("ParentId"),
            name=update.get("Name"),
            sub_type=update.get("SubType"),
        )
        self._operations[operation.id] = operation
        self._count += 1
        return operation

    def _end(
        self, operation: Operation, update: Update, kind: str, details: dict[str, Any]
    ) -> None:
        operation.ended_ms = self._now_ms
        operation.result, operation.error = update.get("Payload"), update.get("Error")
        operation.due_ms = None
        if update["Action"] == "SUCCEED":
            operation.status = OperationStatus.SUCCEEDED
            self._note(operation, f"{kind}Succeeded", details, source="result")
        else:
            operation.status = OperationStatus.FAILED
            self._note(operation, f"{kind}Failed", details | failure(operation.error))

    def _note(
        self,
        operation: Operation,
        event: str,
        details: Mapping[str, Any] | None = None,
        *,
        source: str = "",
        payload: str | None = None,
    ) -> None:
        self._change(operation)
        self._tell.append(
            lambda: tell(
                self._execution,
                event,
                self._now_ms,
                operation,
                details,
                source=source,
                payload=payload,
            )
        )

    def _change(self, operation: Operation) -> None:
        self._changed[operation.id] = operation

    def _check_parent(self, id: str | None) -> None:
        if id is None:
            return
        parent = self._operations.get(id) or self._execution.operations.get(id)
        if parent is None or parent.type is not OperationType.CONTEXT:
            raise InvalidUpdate("Invalid parent operation id.")

    def _check_size(self, kind: OperationType, update: Update) -> None:
        payload, error = update.get("Payload"), update.get("Error")
        size = len((payload or "").encode())
        limit, what = limits.PAYLOAD_BYTES, f"{kind} payload"
        if kind is OperationType.CHAINED_INVOKE:
            what = "CHAINED_INVOKE input payload"
        elif kind is OperationType.EXECUTION:
            limit, what = answer_limit(self._execution), "Execution output payload"
        if size > limit:
            raise InvalidUpdate(f"{what} size must be less than or equal to {limit} bytes.")
        size_of_error = error_size(error)
        if size_of_error > limits.ERROR_BYTES:
            raise InvalidUpdate(
                f"Error object size must be less than or equal to {limits.ERROR_BYTES} bytes."
            )
        self._written += size + size_of_error
        if self._execution.written + self._written > limits.WRITTEN_BYTES:
            raise InvalidUpdate(
                f"A durable execution can write {limits.WRITTEN_BYTES} bytes at most."
            )


def answer_limit(execution: Execution) -> int:
    """Say how large the answer of an execution may be, in bytes."""
    return limits.EVENT_ANSWER_BYTES if execution.is_event else limits.ANSWER_BYTES


def error_size(error: ErrorObject | None) -> int:
    """Measure an error, in bytes of JSON."""
    return 0 if error is None else len(orjson.dumps(error))


def _check_same(operation: Operation, update: Update) -> None:
    if update["Type"] != operation.type:
        raise InvalidUpdate("Inconsistent operation type.")
    for member, there, what in (
        ("SubType", operation.sub_type, "operation subtype"),
        ("Name", operation.name, "operation name"),
        ("ParentId", operation.parent_id, "parent operation id"),
    ):
        if member in update and update[member] != there:
            raise InvalidUpdate(f"Inconsistent {what}.")


def _check_outcome(update: Update) -> None:
    if update["Action"] == "SUCCEED" and "Error" in update:
        raise InvalidUpdate("Cannot provide an Error for SUCCEED action.")
    if update["Action"] == "FAIL" and "Payload" in update:
        raise InvalidUpdate("Cannot provide a Payload for FAIL action.")
