"""What an execution's history tells.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Event.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.invoke.durable.model import ErrorObject, Execution, HistoryEvent, Operation


def tell(
    execution: Execution,
    kind: str,
    now_ms: int,
    operation: Operation | None = None,
    details: Mapping[str, Any] | None = None,
    *,
    source: str = "",
    payload: str | None = None,
) -> None:
    """Add an event to an execution's history.

    Args:
        execution: whose it is.
        kind: AWS's name of it, for instance `StepStarted`.
        now_ms: when it happened, in milliseconds since the epoch.
        operation: what it is about, or None for the execution itself.
        details: AWS's details without the payload.
        source: where the payload is, see `HistoryEvent`.
        payload: the payload, if no other place has it.
    """
    execution.events += 1
    execution.told.append(
        HistoryEvent(
            execution.events,
            kind,
            now_ms,
            operation.id if operation else None,
            details or {},
            source,
            payload,
        )
    )


def failure(error: ErrorObject | None) -> dict[str, Any]:
    """Make the detail that tells of an error."""
    return {"Error": {"Payload": dict(error)} if error else {}}


def with_payload(event: HistoryEvent, payload: str | None, *, include_data: bool) -> dict[str, Any]:
    """Complete the details of an event.

    Args:
        event: the event.
        payload: what its source has.
        include_data: whether payloads, errors and reasons are wanted.
    """
    details = dict(event.details)
    if event.source:
        name = "Input" if event.source == "input" else "Result"
        details[name] = {} if payload is None else {"Payload": payload}
    for name in ("Input", "Result", "Error", "Reason"):
        if name in details:
            told = details[name] if include_data else {}
            details[name] = {**told, "Truncated": not include_data}
    return details
