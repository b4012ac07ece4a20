"""The rows of metrics and their data."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.cloudwatch import tables
from ingle.services.cloudwatch.chunks import pack_run, unpack_points, unpack_run
from ingle.services.cloudwatch.limits import TIER_OF, TIERS, Tier
from ingle.services.cloudwatch.model import Metric, MetricKey, Point, Series
from ingle.services.cloudwatch.summary import Summary
from ingle.storage.database import Database

_IDS_AT_ONCE = 400
_ROWS_AT_ONCE = 500


class Run(NamedTuple):
    """What one row of data is of."""

    series: Series
    start: int


class MetricsStore:
    """Reads and writes; what there is in memory is kept by `Metrics`.

    Args:
        database: where everything is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def metrics(self) -> list[Metric]:
        """Read all metrics."""
        rows = await self._database.read(_all_metrics)
        return [
            Metric(
                row.id,
                MetricKey(
                    row.account_id,
                    row.region,
                    row.namespace,
                    row.name,
                    tuple((name, value) for name, value in orjson.loads(row.dimensions)),
                ),
                row.last,
                stored=True,
            )
            for row in rows
        ]

    async def journal(self) -> list[tuple[int, list[Point]]]:
        """Read what has not joined the rows of data yet, with the numbers of its entries."""

        async def read(connection: AsyncConnection) -> list[tuple[int, bytes]]:
            found = await connection.execute(
                select(tables.journal.c.id, tables.journal.c.data).order_by(tables.journal.c.id)
            )
            return [(row.id, row.data) for row in found]

        rows = await self._database.read(read)
        return await asyncio.to_thread(
            lambda: [(entry, unpack_points(data)) for entry, data in rows]
        )

    async def append(self, metrics: Sequence[Metric], data: bytes) -> int:
        """Write an entry of the journal, and metrics that are new; return the entry's number."""

        async def write(connection: AsyncConnection) -> int:
            known: set[int] = set()
            for few in _few([each.id for each in metrics]):
                # Written with an entry that waits for the same commit.
                known |= set(
                    await connection.scalars(
                        select(tables.metrics.c.id).where(tables.metrics.c.id.in_(few))
                    )
                )
            new = [_metric_row(each) for each in metrics if each.id not in known]
            if new:
                await connection.execute(insert(tables.metrics), new)
            result = await connection.execute(insert(tables.journal).values(data=data))
            (entry,) = result.inserted_primary_key or (0,)
            return int(entry)

        return await self._database.write(write)

    async def join(
        self, points: Iterable[Point], entries: Sequence[int], last: dict[int, int]
    ) -> None:
        """Have datapoints of the journal join the rows of data, and delete its entries.

        Args:
            points: the datapoints.
            entries: the numbers of all entries that they are of.
            last: the latest time that there is data of, by the row of the metric.
        """
        merged = await self._merged(points)

        async def write(connection: AsyncConnection) -> None:
            await _replace(connection, merged)
            for few in _few(entries):
                await connection.execute(delete(tables.journal).where(tables.journal.c.id.in_(few)))
            if last:
                await connection.execute(
                    update(tables.metrics)
                    .where(tables.metrics.c.id == bindparam("metric"))
                    .values(last=bindparam("time")),
                    [{"metric": metric, "time": time} for metric, time in last.items()],
                )

        await self._database.write(write)

    async def read(
        self, metric_ids: Sequence[int], start: int, end: int, entries: Sequence[int]
    ) -> tuple[list[Point], set[int]]:
        """Read the data of metrics between two times.

        Args:
            metric_ids: whose.
            start: the first second.
            end: the second after the last.
            entries: entries of the journal.

        Returns:
            The data, and which of the entries have not joined it, as of the same moment.
        """
        data = tables.data.c

        async def read(connection: AsyncConnection) -> tuple[list[tuple[Run, bytes]], set[int]]:
            rows: list[tuple[Run, bytes]] = []
            for few in _few(metric_ids):
                found = await connection.execute(
                    select(data.metric_id, data.unit, data.tier, data.start, data.data).where(
                        data.metric_id.in_(few),
                        data.start < end,
                        or_(
                            *(
                                and_(data.tier == tier.seconds, data.start > start - tier.row)
                                for tier in TIERS
                            )
                        ),
                    )
                )
                rows += [
                    (Run(Series(row.metric_id, row.unit, row.tier), row.start), row.data)
                    for row in found
                ]
            left = await connection.scalars(
                select(tables.journal.c.id).where(tables.journal.c.id.in_(entries))
            )
            return rows, set(left)

        rows, left = await self._database.read(read)

        def unpack() -> list[Point]:
            return [
                Point(run.series, at, summary)
                for run, packed in rows
                for at, summary in unpack_run(run.start, packed).items()
                if start <= at < end
            ]

        return await asyncio.to_thread(unpack), left

    async def roll_up(self, tier: Tier, coarser: Tier | None, now: int) -> bool:
        """Keep the oldest rows of a tier more coarsely from now on, or no more.

        Args:
            tier: the tier.
            coarser: the next one; None where there is none.
            now: seconds since the epoch.

        Returns:
            Whether there may be more of them.
        """
        data = tables.data.c

        async def read(connection: AsyncConnection) -> list[tuple[Run, bytes]]:
            found = await connection.execute(
                select(data.metric_id, data.unit, data.tier, data.start, data.data)
                .where(data.tier == tier.seconds, data.start <= now - tier.kept - tier.row)
                .order_by(data.start)
                .limit(_ROWS_AT_ONCE)
            )
            return [
                (Run(Series(row.metric_id, row.unit, row.tier), row.start), row.data)
                for row in found
            ]

        rows = await self._database.read(read)
        if not rows:
            return False
        merged: dict[Run, bytes] = {}
        if coarser is not None:
            seconds = coarser.seconds

            def coarsened() -> list[Point]:
                return [
                    Point(run.series._replace(tier=seconds), at - at % seconds, summary)
                    for run, packed in rows
                    for at, summary in unpack_run(run.start, packed).items()
                ]

            merged = await self._merged(await asyncio.to_thread(coarsened))

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(_DELETE, [_run_key(run) for run, _ in rows])
            await _replace(connection, merged)

        await self._database.write(write)
        return len(rows) == _ROWS_AT_ONCE

    async def forget(self, before: int) -> set[int]:
        """Delete the metrics whose latest data is older than this; return their rows."""
        metrics = tables.metrics.c

        async def write(connection: AsyncConnection) -> set[int]:
            old = select(metrics.id).where(
                metrics.last < before, ~metrics.id.in_(select(tables.data.c.metric_id))
            )
            found = set(await connection.scalars(old.limit(_ROWS_AT_ONCE)))
            for few in _few(sorted(found)):
                await connection.execute(delete(tables.metrics).where(metrics.id.in_(few)))
            return found

        return await self._database.write(write)

    async def last_id(self) -> int:
        """Tell the highest number of a metric."""

        async def read(connection: AsyncConnection) -> int:
            highest = await connection.scalar(select(func.max(tables.metrics.c.id)))
            # Data may outlive its metric for a moment, and must not become another's.
            data = await connection.scalar(select(func.max(tables.data.c.metric_id)))
            return max(highest or 0, data or 0)

        return await self._database.read(read)

    async def _merged(self, points: Iterable[Point]) -> dict[Run, bytes]:
        """Merge datapoints with the rows where they belong; return these rows."""
        runs: dict[Run, list[tuple[int, Summary]]] = {}
        for series, start, summary in points:
            row = TIER_OF[series.tier].row
            runs.setdefault(Run(series, start - start % row), []).append((start, summary))
        there = await self._runs(list(runs))

        def merge() -> dict[Run, bytes]:
            return {run: _merge(run, there.get(run), own) for run, own in runs.items()}

        return await asyncio.to_thread(merge)

    async def _runs(self, runs: Sequence[Run]) -> dict[Run, bytes]:
        data = tables.data.c
        wanted = set(runs)
        by_place: dict[tuple[int, int], list[int]] = {}
        for run in runs:
            by_place.setdefault((run.series.tier, run.start), []).append(run.series.metric_id)

        async def read(connection: AsyncConnection) -> dict[Run, bytes]:
            found: dict[Run, bytes] = {}
            for (tier, start), metric_ids in by_place.items():
                for few in _few(metric_ids):
                    rows = await connection.execute(
                        select(data.metric_id, data.unit, data.data).where(
                            data.metric_id.in_(few), data.tier == tier, data.start == start
                        )
                    )
                    found |= {
                        Run(Series(row.metric_id, row.unit, tier), start): row.data for row in rows
                    }
            return found

        return {
            run: packed
            for run, packed in (await self._database.read(read)).items()
            if run in wanted
        }


_DELETE = delete(tables.data).where(
    tables.data.c.metric_id == bindparam("of_metric"),
    tables.data.c.unit == bindparam("of_unit"),
    tables.data.c.tier == bindparam("of_tier"),
    tables.data.c.start == bindparam("of_start"),
)


def _run_key(run: Run) -> dict[str, object]:
    return {
        "of_metric": run.series.metric_id,
        "of_unit": run.series.unit,
        "of_tier": run.series.tier,
        "of_start": run.start,
    }


async def _replace(connection: AsyncConnection, runs: dict[Run, bytes]) -> None:
    if not runs:
        return
    await connection.execute(_DELETE, [_run_key(run) for run in runs])
    await connection.execute(
        insert(tables.data),
        [{**run.series._asdict(), "start": run.start, "data": data} for run, data in runs.items()],
    )


def _merge(run: Run, there: bytes | None, points: list[tuple[int, Summary]]) -> bytes:
    together = unpack_run(run.start, there) if there is not None else {}
    for at, summary in points:
        known = together.get(at)
        if known is None:
            together[at] = summary.copy()
        else:
            known.merge(summary)
    return pack_run(run.start, together)


def _metric_row(metric: Metric) -> dict[str, object]:
    key = metric.key
    return {
        "id": metric.id,
        "account_id": key.account_id,
        "region": key.region,
        "namespace": key.namespace,
        "name": key.name,
        "dimensions": orjson.dumps(key.dimensions).decode(),
        "last": metric.last,
    }


async def _all_metrics(connection: AsyncConnection) -> list[Any]:
    return list(await connection.execute(select(tables.metrics)))


def _few(items: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut into pieces that a statement can name."""
    return (items[at : at + _IDS_AT_ONCE] for at in range(0, len(items), _IDS_AT_ONCE))
