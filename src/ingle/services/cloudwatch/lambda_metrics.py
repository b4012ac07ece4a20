"""What functions do, as the metrics of the namespace `AWS/Lambda`.

Measurements gather in memory, as they are made, and become datapoints once a second, in a thread.
Sources: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and, for the
dimensions, https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ingle.clock import Clock
from ingle.invoke.admission import Admission
from ingle.invoke.busy import Busy
from ingle.invoke.measured import InvocationListener, Measured, Throttled, qualifier_of
from ingle.invoke.metrics import Metric, MetricSink
from ingle.services.cloudwatch.metrics import Metrics, Source
from ingle.services.cloudwatch.model import Dimensions, Sample
from ingle.services.cloudwatch.summary import Summary

_logger = logging.getLogger(__name__)

NAMESPACE = "AWS/Lambda"
_MOST = 50_000
"""Measurements that wait; more come only while the disk takes none."""
_IN_MILLISECONDS = frozenset({Metric.ASYNC_EVENT_AGE, Metric.URL_REQUEST_LATENCY})
_MINUTE = 60

_Place = tuple[str, str]
"""An account and a region."""
_Which = tuple[_Place, str, Dimensions, str, float]
"""A place, a metric, dimensions, a unit and a minute."""


class _Counted(NamedTuple):
    """A measurement of a `MetricSink`."""

    metric: Metric
    function: tuple[str, str, str]
    value: float
    qualifier: str
    at: float


class LambdaMetrics(Source, InvocationListener, MetricSink):
    """Takes what is measured of functions.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: list[Measured | Throttled] = []
        self._counted: list[_Counted] = []
        self._lost = 0
        self._running: tuple[Busy, Admission] | None = None

    def watch(self, busy: Busy, admission: Admission) -> None:
        """Measure concurrency, too."""
        self._running = busy, admission

    def measured(self, record: Measured | Throttled) -> None:
        """Take note of an invocation."""
        if len(self._records) < _MOST:
            self._records.append(record)
        else:
            self._lost += 1

    def record(
        self,
        metric: Metric,
        function: tuple[str, str, str],
        value: float = 1.0,
        qualifier: str = "",
    ) -> None:
        """Take one measurement."""
        if len(self._counted) < _MOST:
            self._counted.append(_Counted(metric, function, value, qualifier, self._clock.time()))
        else:
            self._lost += 1

    async def measure(self, metrics: Metrics) -> None:
        """Hand over what was measured since the last time."""
        records, self._records = self._records, []
        counted, self._counted = self._counted, []
        found: dict[_Which, Summary] = {}
        if records or counted:
            found = await asyncio.to_thread(_summaries, records, counted)
        if self._running is not None:
            minute = _minute(self._clock.time())
            for which, value in _concurrency(*self._running, minute):
                _merge(found, which, Summary.of(value))
        for (place, name, dimensions, unit, at), summary in found.items():
            metrics.add(*place, NAMESPACE, [Sample(name, summary, dimensions, unit, at)])
        if self._lost:
            _logger.warning("%d measurements of functions were lost", self._lost)
            self._lost = 0


def _summaries(
    records: Iterable[Measured | Throttled], counted: Iterable[_Counted]
) -> dict[_Which, Summary]:
    """Summarise measurements by metric, dimensions and minute."""
    groups: dict[tuple[str, str, float], list[Measured | Throttled]] = {}
    for record in records:
        at = record.started if isinstance(record, Measured) else record.at
        group = (record.invoked_arn, record.spec.version, _minute(at))
        groups.setdefault(group, []).append(record)
    found: dict[_Which, Summary] = {}
    for (arn, version, minute), group_records in groups.items():
        spec = group_records[0].spec
        place = (spec.account_id, spec.region)
        for name, unit, summary in _of_group(group_records):
            for dimensions in _dimensions(spec.name, qualifier_of(arn), version):
                _merge(found, (place, name, dimensions, unit, minute), summary)
    for each in counted:
        account_id, region, name = each.function
        unit = "Milliseconds" if each.metric in _IN_MILLISECONDS else "Count"
        several: list[Dimensions] = [(("FunctionName", name),), ()]
        if each.qualifier:
            several.append((("FunctionName", name), ("Resource", f"{name}:{each.qualifier}")))
        for dimensions in several:
            which = ((account_id, region), each.metric.value, dimensions, unit, _minute(each.at))
            _merge(found, which, Summary.of(each.value))
    return found


def _of_group(records: list[Measured | Throttled]) -> Iterator[tuple[str, str, Summary]]:
    """Summarise what was invoked by one name and ran as one version in one minute."""
    ran = [each for each in records if isinstance(each, Measured)]
    refused = len(records) - len(ran)
    throttles = Summary.of(1.0, refused) if refused else None
    if ran:
        yield "Invocations", "Count", Summary.of(1.0, len(ran))
        yield "Errors", "Count", _zeros_and_ones([bool(each.error) for each in ran])
        throttles = throttles or Summary.of(0.0, len(ran))
        yield "Duration", "Milliseconds", _of_values([each.duration_ms for each in ran])
    if throttles is not None:
        yield "Throttles", "Count", throttles
    inits = [each.init_ms for each in ran if each.init_ms is not None]
    if inits:
        yield "InitDuration", "Milliseconds", _of_values(inits)
    posts = [each.post_s * 1000 for each in ran if each.post_s is not None]
    if posts:
        yield "PostRuntimeExtensionsDuration", "Milliseconds", _of_values(posts)
    kept = [each for each in ran if each.provisioned or each.spilled]
    if kept:
        own = [each.provisioned for each in kept]
        yield "ProvisionedConcurrencyInvocations", "Count", _zeros_and_ones(own)
        yield (
            "ProvisionedConcurrencySpilloverInvocations",
            "Count",
            _zeros_and_ones([each.spilled for each in kept]),
        )


def _concurrency(busy: Busy, admission: Admission, minute: float) -> Iterator[tuple[_Which, float]]:
    """Tell how many invocations ran at most at a time since the last look."""
    for whose, peak in busy.peaks():
        dimensions: Dimensions = ()
        if whose.arn:
            resource = f"{whose.function}:{qualifier_of(whose.arn)}"
            dimensions = (("FunctionName", whose.function), ("Resource", resource))
        elif whose.function:
            dimensions = (("FunctionName", whose.function),)
        place = (whose.account_id, whose.region)
        yield (place, "ConcurrentExecutions", dimensions, "Count", minute), peak
    for standing in admission.standings():
        place = (standing.account_id, standing.region)
        yield (place, "UnreservedConcurrentExecutions", (), "Count", minute), standing.unreserved
        claimed = standing.unreserved + standing.claimed
        yield (place, "ClaimedAccountConcurrency", (), "Count", minute), claimed
        for spec, peak, limit in standing.provisioned:
            function = ("FunctionName", spec.name)
            for dimensions in (
                (function,),
                (function, ("Resource", f"{spec.name}:{spec.version}")),
            ):
                name = "ProvisionedConcurrentExecutions"
                yield (place, name, dimensions, "Count", minute), peak
                name = "ProvisionedConcurrencyUtilization"
                yield (place, name, dimensions, "None", minute), peak / limit


def _dimensions(name: str, qualifier: str, version: str) -> Iterator[Dimensions]:
    """All dimensions that an invocation counts for."""
    function = ("FunctionName", name)
    resource = ("Resource", f"{name}:{qualifier}" if qualifier else name)
    yield ()
    yield (function,)
    yield (function, resource)
    if qualifier and qualifier != version:
        yield (("ExecutedVersion", version), function, resource)


def _of_values(values: list[float]) -> Summary:
    summary = Summary.of(values[0])
    for each in values[1:]:
        summary.add(each)
    return summary


def _zeros_and_ones(values: list[bool]) -> Summary:
    ones = sum(values)
    if not ones:
        return Summary.of(0.0, len(values))
    summary = Summary.of(1.0, ones)
    if ones < len(values):
        summary.add(0.0, len(values) - ones)
    return summary


def _merge(found: dict[_Which, Summary], which: _Which, summary: Summary) -> None:
    known = found.get(which)
    if known is None:
        found[which] = summary.copy()
    else:
        known.merge(summary)


def _minute(at: float) -> float:
    return at - at % _MINUTE
