"""Reads what a metric alarm evaluates."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from ingle.services.cloudwatch import data, stats
from ingle.services.cloudwatch.alarms.evaluation import Datapoint, Rule
from ingle.services.cloudwatch.alarms.limits import EVALUATION
from ingle.services.cloudwatch.alarms.model import Alarm
from ingle.services.cloudwatch.alarms.wording import Asked
from ingle.services.cloudwatch.errors import ValidationFailed
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.model import MetricKey, sorted_dimensions

_MINUTE = 60


class Evaluated(NamedTuple):
    """What there is to evaluate.

    Attributes:
        asked: what it is about.
        points: the newest first.
    """

    asked: Asked
    points: Sequence[Datapoint]


def rule_of(alarm: Alarm) -> Rule:
    """The rule of a metric alarm."""
    settings = alarm.settings
    periods = settings["EvaluationPeriods"]
    return Rule(
        settings["ComparisonOperator"],
        float(settings["Threshold"]),
        periods,
        settings.get("DatapointsToAlarm", periods),
        settings.get("TreatMissingData", "missing"),
    )


def period_of(alarm: Alarm) -> int:
    """The length of a metric alarm's periods, in seconds."""
    settings = alarm.settings
    period: int = settings["Period"] if "Period" in settings else queries_period(alarm)
    return period


def queries_period(alarm: Alarm) -> int:
    """The period of an expression: its own, else that of the metrics."""
    found = [
        each["MetricStat"]["Period"] for each in alarm.settings["Metrics"] if "MetricStat" in each
    ]
    for each in alarm.settings["Metrics"]:
        if each.get("ReturnData", True):
            own: int | None = each.get("Period")
            if own is not None:
                return own
    return min(found, default=_MINUTE)


def step_of(alarm: Alarm) -> int:
    """How often a metric alarm is evaluated, in seconds."""
    period = period_of(alarm)
    if period < _MINUTE:
        return EVALUATION["fine"]
    whole = period * alarm.settings["EvaluationPeriods"]
    return EVALUATION["minute"] if whole <= EVALUATION["reach"] else EVALUATION["hour"]


async def read(metrics: Metrics, alarm: Alarm, now: float) -> Evaluated:
    """Read the datapoints of the periods that are over.

    Raises:
        ValidationFailed: an expression cannot be computed.
    """
    period = period_of(alarm)
    align = min(period, _MINUTE)
    end = int(now) // align * align
    count = alarm.settings["EvaluationPeriods"] + EVALUATION["more"]
    start = end - count * period
    times = range(end - period, start - 1, -period)
    if "Metrics" in alarm.settings:
        values = await _expression(metrics, alarm, start, end, now)
        asked = Asked("", None, period, int(now * 1000))
        return Evaluated(asked, [Datapoint(at, values.get(at)) for at in times])
    settings = alarm.settings
    dimensions = {each["Name"]: each["Value"] for each in settings.get("Dimensions", ())}
    key = MetricKey(
        alarm.account_id,
        alarm.region,
        settings["Namespace"],
        settings["MetricName"],
        sorted_dimensions(dimensions),
    )
    name, unit = settings.get("Statistic") or settings["ExtendedStatistic"], settings.get("Unit")
    found = await metrics.summaries([key], start=start, end=end, period=period, unit=unit)
    summaries, statistic = found.get(key, {}), stats.parse(name)
    points = []
    for at in times:
        summary = summaries.get(at)
        value = None if summary is None else statistic(summary)
        known = summary is not None and value is not None
        points.append(Datapoint(at, value, summary.count if known and summary else None))
    return Evaluated(Asked(name, unit, period, int(now * 1000)), points)


async def _expression(
    metrics: Metrics, alarm: Alarm, start: int, end: int, now: float
) -> dict[int, float]:
    given = alarm.settings["Metrics"]
    queries = await asyncio.to_thread(data.queries_of, given, alarm.account_id, alarm.region)
    asked = data.Asked(alarm.account_id, alarm.region, start, end)
    results = await data.compute(metrics, queries, asked, now)
    if len(results) != 1:
        raise ValidationFailed("Invalid metrics list: it must return one time series.")
    return dict(results[0].series.points)
