"""Makes measurements of events by metric filters.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

import math
from collections.abc import Sequence

from ingle.services.cloudwatch.api import Metrics, Sample
from ingle.services.logs.chunks import RawEvent
from ingle.services.logs.embedded import Measured
from ingle.services.logs.filter_store import MetricFilter
from ingle.services.logs.filters.pattern import Match
from ingle.services.logs.model import GroupKey

_MINUTE_MS = 60_000
# Events of a minute still come this long after its end.
_LATE_MS = 10_000


def measurements(metric: MetricFilter, events: Sequence[RawEvent]) -> list[Measured]:
    """Return what a metric filter measures in some events; blocks as long as that takes."""
    look = metric.compiled.look
    samples = []
    for timestamp, message in events:
        match = look(message)
        if match is not None:
            sample = _sample(metric, match, timestamp)
            if sample is not None:
                samples.append(sample)
    return [Measured(metric.transformation["metricNamespace"], samples)] if samples else []


def _sample(metric: MetricFilter, match: Match, timestamp: int) -> Sample | None:
    """Make a measurement; None where the event lacks what is measured, or has no number there."""
    transformation = metric.transformation
    text = transformation["metricValue"]
    if text.startswith("$"):
        text = match.value(text)
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    dimensions = []
    for name, selector in transformation.get("dimensions", {}).items():
        found = match.value(selector)
        if not found:
            return None
        dimensions.append((name, found))
    return _of(metric, value, timestamp, tuple(dimensions))


def _of(
    metric: MetricFilter,
    value: float,
    timestamp: int,
    dimensions: tuple[tuple[str, str], ...] = (),
) -> Sample:
    transformation = metric.transformation
    return Sample(
        transformation["metricName"],
        value,
        dimensions,
        transformation.get("unit", "None"),
        timestamp / 1000,
    )


class DefaultValues:
    """What filters report of minutes in which events came and none of them passed."""

    def __init__(self) -> None:
        # By group, filter and minute: whether an event passed, and the filter.
        self._minutes: dict[tuple[GroupKey, str, int], tuple[bool, MetricFilter]] = {}

    def note(
        self,
        group: GroupKey,
        metric: MetricFilter,
        events: Sequence[RawEvent],
        made: Sequence[Measured],
    ) -> None:
        """Note in which minutes events came, and in which of them some passed."""
        if "defaultValue" not in metric.transformation:
            return
        measured = {
            int(sample.at * 1000) // _MINUTE_MS
            for each in made
            for sample in each.samples
            if sample.at is not None
        }
        for minute in {timestamp // _MINUTE_MS for timestamp, _ in events}:
            key = (group, metric.name, minute)
            passed = minute in measured or self._minutes.get(key, (False, metric))[0]
            self._minutes[key] = (passed, metric)

    def report(self, metrics: Metrics, now_ms: int | None) -> None:
        """Measure the default values of the minutes that are over; of all without a time."""
        for key in list(self._minutes):
            group, _, minute = key
            if now_ms is not None and (minute + 1) * _MINUTE_MS + _LATE_MS > now_ms:
                continue
            passed, metric = self._minutes.pop(key)
            if not passed:
                sample = _of(metric, metric.transformation["defaultValue"], minute * _MINUTE_MS)
                namespace = metric.transformation["metricNamespace"]
                metrics.add(group.account_id, group.region, namespace, [sample])
