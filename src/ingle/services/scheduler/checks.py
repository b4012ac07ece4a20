"""What a schedule may be.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from ingle.services.later import Later
from ingle.services.schedule_expressions import InvalidExpression, Times, times_of, zone_of
from ingle.services.scheduler.errors import Validation
from ingle.services.scheduler.universal import input_of, operation_of

LATER = Later(Path(__file__).with_name("later.toml"), Validation)
_OTHERS = ("EcsParameters", "KinesisParameters", "SageMakerPipelineParameters")
MEMBERS = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "Description",
    "State",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
"""Those members of CreateSchedule and UpdateSchedule that are kept."""


def times(settings: Mapping[str, Any], created_s: float) -> Times:
    """Read when a schedule fires.

    Args:
        settings: its members.
        created_s: what a rate counts from that has no StartDate.

    Raises:
        Validation: its expression or its time zone is none.
    """
    expression = settings["ScheduleExpression"]
    zone = settings.get("ScheduleExpressionTimezone") or "UTC"
    try:
        zone_of(zone)
    except InvalidExpression as error:
        raise Validation(f"Invalid Schedule Expression Timezone {zone}.") from error
    start = settings.get("StartDate")
    try:
        return times_of(
            expression,
            start=created_s if start is None else start,
            zone=zone,
            from_start=True,
            once=True,
        )
    except InvalidExpression as error:
        raise Validation(f"Invalid Schedule Expression {expression}.") from error


def check_settings(settings: Mapping[str, Any], has: Callable[[str], bool]) -> None:
    """Check the members of a schedule.

    Args:
        settings: the members.
        has: says whether a service's resources can be targets.

    Raises:
        Validation: they are wrong.
    """
    times(settings, 0)
    window = settings["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise Validation(
            "MaximumWindowInMinutes must be set if, and only if, the mode of FlexibleTimeWindow is "
            "FLEXIBLE."
        )
    start, end = settings.get("StartDate"), settings.get("EndDate")
    if start is not None and end is not None and start >= end:
        raise Validation("The StartDate must be before the EndDate.")
    _check_target(settings["Target"], has)


def _check_target(target: Mapping[str, Any], has: Callable[[str], bool]) -> None:
    arn = target["Arn"]
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise Validation(f"Provided Arn is not in correct format. It is {arn}.")
    universal = parts[2] == "scheduler"
    bus = parts[2] == "events" and parts[5].startswith("event-bus/")
    if not has(parts[2]) or parts[2] == "logs" or (parts[2] == "events" and not bus):
        raise Validation(
            f"The target {arn} is not available in this version of Ingle. Choose a Lambda "
            "function, an SQS queue, an SNS topic, an event bus, or arn:aws:scheduler:::aws-sdk:…"
        )
    if universal:
        input_of(operation_of(arn), (target.get("Input") or "{}").encode())
    if parts[2] == "sns" and arn.endswith(".fifo"):
        raise Validation(f"The target {arn} is a FIFO topic, which schedules do not publish to.")
    if bus != bool(target.get("EventBridgeParameters")):
        raise Validation("EventBridgeParameters must be set for event buses, and for them only.")
    for each in _OTHERS:
        if target.get(each):
            raise Validation(f"{each} is not for the target {arn}.")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if parts[2] == "sqs" and arn.endswith(".fifo") and not group:
        raise Validation("SqsParameters.MessageGroupId must be set for a FIFO queue.")
    if parts[2] in ("lambda", "events") and "Input" in target:
        try:
            orjson.loads(target["Input"])
        except orjson.JSONDecodeError as error:
            raise Validation("Input must be JSON for this target.") from error
