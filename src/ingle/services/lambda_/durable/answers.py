"""Durable executions as the members of AWS's answers.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html and
https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html
"""

from typing import Any

from ingle.invoke.durable.history import with_payload
from ingle.invoke.durable.model import Execution, HistoryEvent, Operation
from ingle.invoke.durable.shapes import in_seconds

_OF_NOBODY = "InvocationCompleted"
"""The event that is about neither an operation nor the execution as such."""


def summary(execution: Execution) -> dict[str, Any]:
    """Describe an execution as ListDurableExecutionsByFunction does."""
    answer: dict[str, Any] = {
        "DurableExecutionArn": execution.arn,
        "DurableExecutionName": execution.name,
        "FunctionArn": f"{execution.function_arn}:{execution.version}",
        "Status": execution.status.value,
        "StartTimestamp": execution.started_ms,
    }
    if execution.ended_ms is not None:
        answer["EndTimestamp"] = execution.ended_ms
    return in_seconds(answer)


def described(execution: Execution, *, include_data: bool) -> dict[str, Any]:
    """Describe an execution as GetDurableExecution does.

    Args:
        execution: what to describe.
        include_data: whether payloads, errors and reasons are wanted.
    """
    answer = summary(execution) | {
        "Version": execution.version,
        "ExecutionDataIncluded": include_data,
        "TraceHeader": {"XAmznTraceId": execution.trace},
        "DurableConfig": {
            "ExecutionTimeout": execution.timeout_s,
            "RetentionPeriodInDays": execution.retention_days,
        },
    }
    if not execution.is_closed:
        answer["ExpectedExecutionTimeoutTimestamp"] = execution.times_out_ms / 1000
    pause = execution.pause
    if pause is not None:
        answer["PauseDetails"] = {
            "PauseRequestTimestamp": pause.requested_ms / 1000,
            "ExecutionTimeoutPaused": pause.stops_timeout,
        }
        if include_data and pause.reason is not None:
            answer["PauseDetails"]["Reason"] = pause.reason
    if include_data:
        answer["InputPayload"] = execution.input
        if execution.result is not None:
            answer["Result"] = execution.result
        if execution.error is not None:
            answer["Error"] = dict(execution.error)
    return answer


def told(
    execution: Execution,
    event: HistoryEvent,
    operation: Operation | None,
    payload: str | None,
    *,
    include_data: bool,
) -> dict[str, Any]:
    """Describe an event of an execution's history."""
    answer: dict[str, Any] = {
        "EventType": event.type,
        "EventId": event.number,
        "EventTimestamp": event.at_ms / 1000,
    }
    if operation is not None:
        about = {
            "Id": operation.id,
            "Name": operation.name,
            "SubType": operation.sub_type,
            "ParentId": operation.parent_id,
        }
        answer |= {member: value for member, value in about.items() if value is not None}
    elif event.type != _OF_NOBODY:
        answer |= {"Id": execution.id, "Name": execution.name}
    details = with_payload(event, payload, include_data=include_data)
    answer[f"{event.type}Details"] = in_seconds(details)
    return answer
