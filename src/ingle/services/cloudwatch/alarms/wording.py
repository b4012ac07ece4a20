"""How CloudWatch words why an alarm is in its state.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from ingle.services.cloudwatch.alarms.evaluation import Datapoint, Finding, Rule
from ingle.services.cloudwatch.alarms.limits import ALARM
from ingle.services.cloudwatch.alarms.model import IN_ALARM, INSUFFICIENT, StateValue, timestamp

_COMPARED = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to the threshold",
    "GreaterThanThreshold": "greater than the threshold",
    "LessThanThreshold": "less than the threshold",
    "LessThanOrEqualToThreshold": "less than or equal to the threshold",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


class Asked(NamedTuple):
    """What an evaluation was about.

    Attributes:
        statistic: the statistic of a metric; "" for an expression.
        unit: of a metric's data; None for all.
        period: in seconds.
        at_ms: when it was.
    """

    statistic: str
    unit: str | None
    period: int
    at_ms: int


def reason(rule: Rule, finding: Finding, state: StateValue, *, counted: bool) -> str:
    """Say why an alarm is in a state.

    Args:
        rule: the alarm's.
        finding: what its evaluation found.
        state: the state.
        counted: whether the alarm says how many datapoints it takes.
    """
    if state == INSUFFICIENT:
        unknown = _so_many(finding.filled, "datapoint")
        return f"Insufficient Data: {unknown} {_was(finding.filled)} unknown."
    missing = ""
    if finding.filled and rule.missing in _TREATED:
        missing = (
            f"{finding.filled} missing {_noun(finding.filled, 'datapoint')} "
            f"{_was(finding.filled)} treated as [{_TREATED[rule.missing]}]"
        )
    if not finding.used:
        periods = _so_many(rule.periods, "period")
        return f"Threshold Crossed: no datapoints were received for {periods} and {missing}."
    alarmed = state == IN_ALARM
    telling = [each for each in finding.used if _breaches(rule, each) == alarmed]
    named = ", ".join(_named(each) for each in telling[: ALARM["told"]])
    if len(telling) > ALARM["told"]:
        named += ", ..."
    count = len(telling)
    compared = "" if alarmed else "not "
    text = f"{_was(count)} {compared}{_COMPARED[rule.comparison]} ({_number(rule.threshold)})"
    if not counted:
        said = f"Threshold Crossed: {_so_many(count, 'datapoint')} [{named}] {text}"
        return f"{said} and {missing}." if missing else f"{said}."
    least = rule.to_alarm if alarmed else rule.periods - rule.to_alarm + 1
    way = "OK -> ALARM" if alarmed else "ALARM -> OK"
    last = f"{count} out of the last {_so_many(len(finding.used), 'datapoint')}"
    if len(finding.used) == 1:
        last = "1 out of the last 1 datapoints"
    said = f"Threshold Crossed: {last} [{named}] {text}"
    if missing:
        said += f" and {missing}"
    return f"{said} (minimum {_so_many(least, 'datapoint')} for {way} transition)."


def reason_data(rule: Rule, finding: Finding, asked: Asked, points: Sequence[Datapoint]) -> str:
    """Tell the same as JSON.

    Args:
        rule: the alarm's.
        finding: what its evaluation found.
        asked: what it was about.
        points: all that were looked at, the newest first.
    """
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(asked.at_ms)}
    if finding.used:
        data["startDate"] = timestamp(1000 * min(each.at for each in finding.used))
    if asked.statistic:
        data["statistic"] = asked.statistic
    if asked.unit:
        data["unit"] = asked.unit
    data["period"] = asked.period
    told = finding.used or points[: rule.periods]
    told = told[: ALARM["told"]]
    data["recentDatapoints"] = [each.value for each in reversed(told) if each.value is not None]
    data["threshold"] = rule.threshold
    data["evaluatedDatapoints"] = [
        {"timestamp": timestamp(1000 * each.at)}
        | ({} if each.samples is None else {"sampleCount": each.samples})
        | ({} if each.value is None else {"value": each.value})
        for each in told
    ]
    return orjson.dumps(data).decode()


def _breaches(rule: Rule, point: Datapoint) -> bool:
    return point.value is not None and rule.breaches(point.value)


def _named(point: Datapoint) -> str:
    assert point.value is not None
    return f"{_number(point.value)} ({datetime.fromtimestamp(point.at, UTC):%d/%m/%y %H:%M:%S})"


def _number(value: float) -> str:
    return repr(float(value))


def _so_many(count: int, noun: str) -> str:
    return f"{count} {_noun(count, noun)}"


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
