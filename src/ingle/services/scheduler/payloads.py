"""What the target of a schedule gets.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson

from ingle.services.delivering.api import Delivery
from ingle.services.scheduler.model import Schedule

PRINCIPAL = "scheduler.amazonaws.com"
"""Who brings events to the targets of schedules."""
_ATTEMPT = "<aws.scheduler.attempt-number>"


def made(schedule: Schedule, tick_s: float, now_ms: int) -> Delivery:
    """Make what is delivered at one time of a schedule."""
    group, target = schedule.key.group, schedule.settings["Target"]
    time = datetime.fromtimestamp(tick_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution = str(uuid.uuid4())
    text = target.get("Input")
    if text is None and target["Arn"].split(":")[2] == "scheduler":
        text = "{}"
    if text is None:
        text = orjson.dumps(
            {
                "version": "0",
                "id": execution,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": group.account_id,
                "time": time,
                "region": group.region,
                "resources": [schedule.key.arn],
                "detail": "{}",
            }
        ).decode()
    for name, value in (
        ("schedule-arn", schedule.key.arn),
        ("scheduled-time", time),
        ("execution-id", execution),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    parameters = target.get("EventBridgeParameters")
    if parameters is not None:
        text = orjson.dumps(_entry(schedule, parameters, text, time)).decode()
    return Delivery(
        PRINCIPAL,
        schedule.key.arn,
        group.account_id,
        group.region,
        target,
        text.encode(),
        round(tick_s * 1000),
        due_ms=now_ms,
    )


def shaped(delivery: Delivery) -> bytes:
    """Make what the target gets at one attempt."""
    return delivery.event.replace(_ATTEMPT.encode(), str(delivery.attempts).encode())


def _entry(schedule: Schedule, parameters: dict[str, str], text: str, time: str) -> dict[str, Any]:
    group = schedule.key.group
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": parameters["DetailType"],
        "source": parameters["Source"],
        "account": group.account_id,
        "time": time,
        "region": group.region,
        "resources": [schedule.key.arn],
        "detail": orjson.loads(text),
    }
