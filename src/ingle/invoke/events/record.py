"""The record that a destination gets of an event that is over.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ingle.invoke.events.destinations import Delivery
from ingle.invoke.events.event import Condition, Event

_MESSAGE_BYTES = 1024
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Response:
    """What the last attempt gave.

    Attributes:
        status: 200, or the HTTP status with which it was refused.
        version: which version was run, or None where none was.
        error: `Unhandled` where the function failed, else None.
        payload: what the function answered, or None.
    """

    status: int
    version: str | None = None
    error: str | None = None
    payload: bytes | None = None


def record(
    event: Event,
    function_arn: str,
    condition: Condition,
    invocations: int,
    response: Response | None,
    now_s: float,
) -> bytes:
    """Write a record as JSON.

    Args:
        event: what it is about.
        function_arn: the qualified ARN.
        condition: why the event is over.
        invocations: how often the function was run.
        response: what the last attempt gave, or None where there was none.
        now_s: seconds since the epoch.
    """
    moment = datetime.fromtimestamp(now_s, UTC)
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function_arn,
            "condition": condition.value,
            "approximateInvokeCount": invocations,
        },
        "requestPayload": orjson.Fragment(event.payload),
    }
    if response is not None:
        context: dict[str, Any] = {"statusCode": response.status}
        if response.version is not None:
            context["executedVersion"] = response.version
        if response.error is not None:
            context["functionError"] = response.error
        told["responseContext"] = context
        if response.payload is not None:
            told["responsePayload"] = _embedded(response.payload)
    return orjson.dumps(told)


def dead_letter(arn: str, event: Event, response: Response | None, trace: str) -> Delivery:
    """Make what a dead-letter queue gets of an event that was given up: the event itself.

    Args:
        arn: the queue's, or the topic's.
        event: what was given up.
        response: what the last attempt gave, or None where there was none.
        trace: the trace header that the function ran with.
    """
    attributes = {"RequestID": ("String", event.request_id)}
    if response is not None:
        attributes["ErrorCode"] = ("Number", str(response.status))
        message = _error_message(response)
        if message:
            attributes["ErrorMessage"] = ("String", message)
    return Delivery(arn, event.payload, event.key, trace, attributes, is_dead_letter=True)


def _error_message(response: Response) -> str:
    """What a function said of its error, at most 1 KB of it."""
    if response.payload is None:
        return "Rate Exceeded." if response.status == _TOO_MANY else ""
    try:
        answer = orjson.loads(response.payload)
    except orjson.JSONDecodeError:
        return ""
    told = answer.get("errorMessage") if isinstance(answer, dict) else None
    text = told if isinstance(told, str) else ""
    # What no message may have, a queue would refuse.
    kept = "".join(each for each in text if each >= " " or each in "\t\n\r")
    return kept.encode(errors="ignore")[:_MESSAGE_BYTES].decode(errors="ignore")


def _embedded(payload: bytes) -> Any:
    """JSON as it is; what a custom runtime answered that is none, as a text."""
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")
    return orjson.Fragment(payload)
