"""All metrics: taking measurements in, keeping them, and telling what they were.

What comes is in the journal, and so on the disk, before whoever sent it is answered, and in memory
as the *head*. Every two minutes the head joins the rows of data, and its entries of the journal go
in the same transaction. Every quarter of an hour what is old is rolled up.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Self, TypeVar

from ingle.clock import Clock
from ingle.services.cloudwatch import stats
from ingle.services.cloudwatch.chunks import pack_points
from ingle.services.cloudwatch.limits import INTAKE, TIERS
from ingle.services.cloudwatch.model import (
    Dimensions,
    Metric,
    MetricKey,
    Point,
    Sample,
    Series,
    sorted_dimensions,
)
from ingle.services.cloudwatch.sampling import is_measurement
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.cloudwatch.summary import Summary
from ingle.storage.tasks import finish

_logger = logging.getLogger(__name__)

_K = TypeVar("_K")
_FINE, _MINUTE = 1, 60
_MOST_WAITING = 100_000
"""Datapoints that wait to be written; more come only while the disk takes none."""


class _Generation:
    """What came in one stretch of time, as of the journal's entries."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.size = 0
        self.data: dict[Series, dict[int, Summary]] = {}

    def take(self, entry: int, points: Iterable[Point], size: int) -> None:
        """Take in an entry of the journal."""
        self.entries.append(entry)
        self.size += size
        for series, start, summary in points:
            _take_in(self.data.setdefault(series, {}), start, summary)

    def points(self) -> list[Point]:
        """List all of it."""
        return [
            Point(series, start, summary)
            for series, run in self.data.items()
            for start, summary in run.items()
        ]


class Metrics:
    """The metrics of all accounts and regions. Made by `open`; `keep` runs beside it.

    Other services measure with `add` (it returns at once, and is written within a second) or `put`
    (it is on the disk when that returns), and read with `statistics`.

    Args:
        store: where they are kept.
        clock: the time.
    """

    def __init__(self, store: MetricsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._by_key: dict[MetricKey, Metric] = {}
        self._by_place: dict[tuple[str, str], dict[MetricKey, Metric]] = {}
        self._last_id = 0
        # The last is the head; those before it are joining the rows of data.
        self._generations = [_Generation()]
        self._waiting: dict[tuple[MetricKey, str, int, int], Summary] = {}
        self._lost = 0
        self._flushing = asyncio.Lock()
        self._joining = asyncio.Lock()
        self._sources: list[Source] = []

    @classmethod
    async def open(cls, store: MetricsStore, clock: Clock) -> Self:
        """Read which metrics there are, and what of them is in the journal."""
        metrics = cls(store, clock)
        for metric in await store.metrics():
            metrics._index(metric)
        metrics._last_id = await store.last_id()
        by_id = {metric.id: metric for metric in metrics._by_key.values()}
        for entry, points in await store.journal():
            metrics._generations[-1].take(entry, points, len(points))
            for series, start, _ in points:
                if series.metric_id in by_id:
                    metric = by_id[series.metric_id]
                    metric.last = max(metric.last, start)
        return metrics

    def draw_from(self, source: "Source") -> None:
        """Ask for what a source has measured whenever measurements are written or read."""
        self._sources.append(source)

    async def put(
        self, account_id: str, region: str, namespace: str, samples: Iterable[Sample]
    ) -> None:
        """Take in measurements; they are on the disk when this returns.

        Args:
            account_id: whose they are.
            region: where.
            namespace: of the metrics, for instance `AWS/SQS`.
            samples: the measurements.
        """
        gathered: dict[tuple[MetricKey, str, int, int], Summary] = {}
        self._gather(gathered, account_id, region, namespace, samples)
        await finish(self._write(gathered))

    def add(self, account_id: str, region: str, namespace: str, samples: Iterable[Sample]) -> None:
        """Take in measurements, which are written with the next batch; it returns at once.

        Those that PutMetricData would refuse (too old, too large, no number, …) are left out.
        """
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        now = self._clock.time()
        good = (each for each in samples if is_measurement(namespace, each, now))
        self._gather(self._waiting, account_id, region, namespace, good)

    async def flush(self) -> None:
        """Write all that was added before this call.

        Raises:
            Exception: it could not be written; it is kept and written later.
        """
        async with self._flushing:
            for source in self._sources:
                await source.measure(self)
            if self._waiting:
                waiting, self._waiting = self._waiting, {}
                try:
                    await finish(self._write(waiting))
                except Exception:
                    for key, summary in waiting.items():
                        _take_in(self._waiting, key, summary)
                    raise

    async def statistics(
        self,
        account_id: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        *,
        start: int,
        end: int,
        period: int,
        statistics: Sequence[str],
        unit: str | None = None,
    ) -> list[tuple[int, dict[str, float]]]:
        """Tell the statistics of a metric for each period in which it has data.

        What was measured before the call is seen by it.

        Args:
            account_id: whose the metric is.
            region: where.
            namespace: its namespace.
            name: its name.
            dimensions: exactly those of the metric.
            start: the beginning of the first period, seconds since the epoch.
            end: no period begins then or later.
            period: the length of each, in seconds.
            statistics: such as `Sum`, `p99` or `TM(10%:90%)`.
            unit: only data of this unit; None for all.

        Returns:
            Beginnings of periods, ascending, each with the statistics that are known of it.

        Raises:
            stats.BadStatistic: there is no statistic of such a name.
        """
        wanted = {each: stats.parse(each) for each in statistics}
        key = MetricKey(account_id, region, namespace, name, sorted_dimensions(dict(dimensions)))
        found = await self.summaries([key], start=start, end=end, period=period, unit=unit)
        told = []
        for at, summary in found.get(key, {}).items():
            values = {each: statistic(summary) for each, statistic in wanted.items()}
            known = {each: value for each, value in values.items() if value is not None}
            if known:
                told.append((at, known))
        return told

    async def summaries(
        self,
        keys: Iterable[MetricKey],
        *,
        start: int,
        end: int,
        period: int,
        unit: str | None = None,
    ) -> dict[MetricKey, dict[int, Summary]]:
        """Tell what is known of metrics for each period in which they have data.

        Args:
            keys: the metrics; those that are not there are left out.
            start, end, period, unit: as of `statistics`.

        Returns:
            By metric and the beginning of the period, these ascending.
        """
        by_unit = await self.by_unit(keys, start=start, end=end, period=period, unit=unit)
        together: dict[MetricKey, dict[int, Summary]] = {}
        for (key, _), periods in by_unit.items():
            for at, summary in periods.items():
                _take_in(together.setdefault(key, {}), at, summary)
        return {key: dict(sorted(periods.items())) for key, periods in together.items()}

    async def by_unit(
        self,
        keys: Iterable[MetricKey],
        *,
        start: int,
        end: int,
        period: int,
        unit: str | None = None,
    ) -> dict[tuple[MetricKey, str], dict[int, Summary]]:
        """Tell the same as `summaries`, for each unit by itself."""
        await self.flush()
        metrics = {}
        for key in keys:
            metric = self._by_key.get(key)
            if metric is not None:
                metrics[metric.id] = key
        if not metrics or end <= start:
            return {}
        last = start + -(-(end - start) // period) * period
        generations = [(each, each.entries[0]) for each in self._generations if each.entries]
        points, left = await self._store.read(
            list(metrics), start, last, [entry for _, entry in generations]
        )
        for generation, entry in generations:
            if entry in left:  # else it has joined the rows meanwhile, and was read with them
                points += [
                    Point(series, at, summary)
                    for series, run in generation.data.items()
                    if series.metric_id in metrics
                    for at, summary in run.items()
                    if start <= at < last
                ]
        told: dict[tuple[MetricKey, str], dict[int, Summary]] = {}
        for series, at, summary in points:
            if period % series.tier or (unit is not None and unit != series.unit):
                continue
            begin = start + (at - start) // period * period
            _take_in(told.setdefault((metrics[series.metric_id], series.unit), {}), begin, summary)
        return {which: dict(sorted(periods.items())) for which, periods in told.items()}

    async def list(self, account_id: str, region: str) -> Sequence[Metric]:
        """List the metrics of an account in a region that have data, in the order of their keys."""
        await self.flush()
        found = self._by_place.get((account_id, region), {}).values()
        return sorted((each for each in found if each.last), key=lambda each: each.key)

    async def keep(self) -> None:
        """Write what is added, have it join the rows, and roll up, for as long as this runs."""
        joined = tidied = self._clock.monotonic()
        while True:
            await self._clock.sleep(INTAKE["gather"])
            now = self._clock.monotonic()
            try:
                await self.flush()
                if (
                    now - joined >= INTAKE["journal"]
                    or self._generations[-1].size >= INTAKE["journal_bytes"]
                ):
                    joined = now
                    await self.join()
                if now - tidied >= INTAKE["tidy"]:
                    tidied = now
                    await self.tidy()
            except Exception:
                _logger.exception("Measurements could not be written; the next attempt is soon")

    async def join(self) -> None:
        """Have what is in the journal join the rows of data."""
        async with self._joining:
            if self._generations[-1].entries:
                self._generations.append(_Generation())
            while len(self._generations) > 1:
                generation = self._generations[0]
                times = {metric.id: metric.last for metric in self._by_key.values()}
                touched = {series.metric_id for series in generation.data}
                last = {metric: times[metric] for metric in touched if metric in times}
                await finish(self._store.join(generation.points(), generation.entries, last))
                del self._generations[0]

    async def tidy(self) -> None:
        """Roll up what is too old to be kept as finely as it is, and forget what is too old."""
        async with self._joining:
            now = int(self._clock.time())
            for tier, coarser in zip(TIERS, (*TIERS[1:], None), strict=True):
                more = True
                while more:
                    more = await self._store.roll_up(tier, coarser, now)
            gone = await self._store.forget(now - TIERS[-1].kept)
            for metric in [each for each in self._by_key.values() if each.id in gone]:
                del self._by_key[metric.key]
                del self._by_place[metric.key[:2]][metric.key]

    async def close(self) -> None:
        """Write what waits."""
        await self.flush()

    def _gather(
        self,
        gathered: dict[tuple[MetricKey, str, int, int], Summary],
        account_id: str,
        region: str,
        namespace: str,
        samples: Iterable[Sample],
    ) -> None:
        now = self._clock.time()
        for name, value, dimensions, unit, at, resolution in samples:
            tier = _FINE if resolution == _FINE else _MINUTE
            second = int(now if at is None else at)
            key = MetricKey(account_id, region, namespace, name, _in_order(dimensions))
            place = (key, unit, tier, second - second % tier)
            if isinstance(value, Summary):
                _take_in(gathered, place, value)
            elif place in gathered:
                gathered[place].add(value)
            else:
                gathered[place] = Summary.of(value)

    async def _write(self, gathered: dict[tuple[MetricKey, str, int, int], Summary]) -> None:
        if not gathered:
            return
        points = []
        metrics: dict[int, Metric] = {}
        for (key, unit, tier, start), summary in gathered.items():
            metric = self._by_key.get(key) or self._new(key)
            metrics[metric.id] = metric
            points.append(Point(Series(metric.id, unit, tier), start, summary))
        data = await asyncio.to_thread(pack_points, points)
        new = [metric for metric in metrics.values() if not metric.stored]
        entry = await self._store.append(new, data)
        for metric in new:
            metric.stored = True
        self._generations[-1].take(entry, points, len(data))
        for series, start, _ in points:
            metric = metrics[series.metric_id]
            metric.last = max(metric.last, start)
        if self._lost:
            _logger.warning("%d measurements were lost: too many waited for the disk", self._lost)
            self._lost = 0

    def _new(self, key: MetricKey) -> Metric:
        self._last_id += 1
        metric = Metric(self._last_id, key)
        self._index(metric)
        return metric

    def _index(self, metric: Metric) -> None:
        self._by_key[metric.key] = metric
        self._by_place.setdefault(metric.key[:2], {})[metric.key] = metric


class Source:
    """Something that gathers measurements itself, and hands them over when they are written."""

    async def measure(self, metrics: Metrics) -> None:
        """Call `metrics.add` with what was measured since the last time."""
        raise NotImplementedError


def _in_order(dimensions: Dimensions) -> Dimensions:
    return tuple(sorted(dimensions)) if len(dimensions) > 1 else tuple(dimensions)


def _take_in(known: dict[_K, Summary], key: _K, summary: Summary) -> None:
    """Merge a summary with the one that is known by this key, if there is one."""
    there = known.get(key)
    if there is None:
        known[key] = summary.copy()
    else:
        there.merge(summary)
