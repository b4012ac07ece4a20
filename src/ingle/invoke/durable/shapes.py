"""Operations in AWS's form, and which of them a function is given.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from ingle.invoke.durable.limits import PAGE_BYTES
from ingle.invoke.durable.model import (
    Execution,
    Operation,
    OperationStatus,
    OperationType,
)

_OF_STATUS = {
    "RUNNING": "STARTED",
    "PAUSING": "STARTED",
    "PAUSED": "STARTED",
}


def root(execution: Execution) -> dict[str, Any]:
    """Describe the operation that an execution itself is; times in milliseconds."""
    shape: dict[str, Any] = {
        "Id": execution.id,
        "Name": execution.name,
        "Type": OperationType.EXECUTION.value,
        "StartTimestamp": execution.started_ms,
        "Status": _OF_STATUS.get(execution.status, execution.status.value),
        "ExecutionDetails": {"InputPayload": execution.input},
    }
    if execution.ended_ms is not None:
        shape["EndTimestamp"] = execution.ended_ms
    return shape


def shape_of(operation: Operation) -> dict[str, Any]:
    """Describe an operation; times in milliseconds since the epoch."""
    shape: dict[str, Any] = {
        "Id": operation.id,
        "Type": operation.type.value,
        "StartTimestamp": operation.started_ms,
        "Status": operation.status.value,
    }
    more = {
        "ParentId": operation.parent_id,
        "Name": operation.name,
        "SubType": operation.sub_type,
        "EndTimestamp": operation.ended_ms,
    }
    shape |= {member: value for member, value in more.items() if value is not None}
    outcome: dict[str, Any] = {}
    if operation.result is not None:
        outcome["Result"] = operation.result
    if operation.error is not None:
        outcome["Error"] = dict(operation.error)
    match operation.type:
        case OperationType.CONTEXT:
            if operation.replay_children is not None:
                outcome["ReplayChildren"] = operation.replay_children
            shape["ContextDetails"] = outcome
        case OperationType.STEP:
            outcome["Attempt"] = operation.attempt
            if operation.due_ms is not None:
                outcome["NextAttemptTimestamp"] = operation.due_ms
            shape["StepDetails"] = outcome
        case OperationType.WAIT:
            if operation.due_ms is not None:
                outcome["ScheduledEndTimestamp"] = operation.due_ms
            shape["WaitDetails"] = outcome
        case OperationType.CALLBACK:
            shape["CallbackDetails"] = {"CallbackId": operation.callback_id, **outcome}
        case OperationType.CHAINED_INVOKE:
            shape["ChainedInvokeDetails"] = outcome
    return shape


def in_seconds(shape: dict[str, Any]) -> dict[str, Any]:
    """Return a description with its times in seconds, as the API has them."""
    return {
        member: value / 1000
        if member.endswith("Timestamp")
        else in_seconds(value)
        if isinstance(value, dict)
        else value
        for member, value in shape.items()
    }


def unseen(execution: Execution) -> list[Operation]:
    """List the operations that changed since the function last heard, in the order of that."""
    news = [each for each in execution.operations.values() if each.change > execution.seen]
    return sorted(news, key=lambda operation: operation.change)


def replayed(execution: Execution) -> list[Operation]:
    """List the operations that a function needs to run again, in the order of their starts.

    Those within a context that is over are left out, unless the context asks for them: its own
    outcome stands for them.
    """
    operations = execution.operations
    needed: dict[str | None, bool] = {None: True}

    def is_needed(context_id: str | None) -> bool:
        known = needed.get(context_id)
        if known is None:
            context = operations[context_id or ""]
            is_over = context.status is not OperationStatus.STARTED
            known = is_needed(context.parent_id) and (not is_over or bool(context.replay_children))
            needed[context_id] = known
        return known

    return [each for each in operations.values() if is_needed(each.parent_id)]


def page(
    execution: Execution, after: int, most: int | None, most_bytes: int = PAGE_BYTES
) -> tuple[list[dict[str, Any]], int | None]:
    """Take a page of the state that a function needs to run again.

    Args:
        execution: whose state.
        after: how many of its operations, the execution itself being the first, are passed over.
        most: how many a page has at most, or None for as many as fit.
        most_bytes: how much JSON a page has at most; the first operation goes beyond that if it
            must, unless the page goes with an invocation (`after` is 0 and `most` None).

    Returns:
        The descriptions, times in milliseconds, and what the next page's `after` is, or None.
    """
    found: list[dict[str, Any]] = []
    room = most_bytes
    shapes = _shapes(execution, replayed(execution), after)
    must = not (after == 0 and most is None)
    for position, shape in shapes:
        room -= len(orjson.dumps(shape))
        if (room < 0 and (found or not must)) or len(found) == most:
            return found, position
        found.append(shape)
    return found, None


def _shapes(
    execution: Execution, operations: Sequence[Operation], after: int
) -> Iterable[tuple[int, dict[str, Any]]]:
    if after == 0:
        yield 0, root(execution)
    for operation in operations:
        # By their own positions, so that a page stays where it is when contexts come to their end.
        if operation.position + 1 >= after:
            yield operation.position + 1, shape_of(operation)
