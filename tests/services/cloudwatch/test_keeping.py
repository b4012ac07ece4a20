"""Metrics are kept, ever more coarsely, for fifteen months."""

import asyncio
from collections.abc import Sequence

import pytest

from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.model import Point, Sample
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.cloudwatch.summary import Summary
from ingle.storage.database import Database
from tests.services.cloudwatch.conftest import Kept
from tests.services.conftest import ACCOUNT, REGION

HOUR, DAY = 3600, 86400


async def test_what_was_put_is_told_by_its_minute(kept: Kept) -> None:
    await kept.put("n", 1, 2, 3)
    await kept.clock.advance(61)
    await kept.put("n", 10)
    assert await kept.told("n", seconds=180) == {0: 6, 60: 10}
    assert await kept.told("n", "Average", seconds=180, period=180) == {0: 4}


async def test_what_was_added_is_seen_by_who_reads_next(kept: Kept) -> None:
    kept.metrics.add(ACCOUNT, REGION, "App", [Sample("n", 1), Sample("n", 2)])
    assert await kept.told("n", "SampleCount") == {0: 2}


async def test_dimensions_units_and_names_tell_metrics_apart(kept: Kept) -> None:
    await kept.put("n", 1, dimensions=(("a", "1"), ("b", "2")))
    await kept.put("n", 2, dimensions=(("b", "2"), ("a", "1")))
    await kept.put("n", 4, dimensions=(("a", "1"),), unit="Seconds")
    await kept.put("n", 8, dimensions=(("a", "1"),), unit="Count")
    assert await kept.told("n") == {}
    assert await kept.told("n", dimensions={"b": "2", "a": "1"}) == {0: 3}
    assert await kept.told("n", dimensions={"a": "1"}) == {0: 12}
    assert await kept.told("n", dimensions={"a": "1"}, unit="Count") == {0: 8}


async def test_high_resolution_is_kept_by_the_second_for_three_hours(kept: Kept) -> None:
    for second in range(3):
        await kept.put("n", 1, at=kept.clock.START + second, resolution=1)
    assert await kept.told("n", period=1) == {0: 1, 1: 1, 2: 1}
    await kept.clock.advance(3 * HOUR + 600)
    await kept.metrics.join()
    await kept.metrics.tidy()
    assert await kept.told("n", period=1) == {}
    assert await kept.told("n", period=60) == {0: 3}


@pytest.mark.parametrize("joined", [False, True])
async def test_what_was_put_is_there_after_a_crash(kept: Kept, joined: bool) -> None:
    await kept.put("n", 1, 2, 3)
    if joined:
        await kept.metrics.join()
    await kept.put("n", 4)
    await kept.open()
    assert await kept.told("n") == {0: 10}
    assert await kept.told("n", "p50") == {0: pytest.approx(2, rel=0.01)}
    await kept.metrics.join()
    assert await kept.told("n") == {0: 10}
    await kept.open()
    assert await kept.told("n") == {0: 10}
    assert [each.key.name for each in await kept.metrics.list(ACCOUNT, REGION)] == ["n"]


async def test_data_is_rolled_up_as_aws_does_and_forgotten_after_fifteen_months(kept: Kept) -> None:
    for minute in range(120):
        await kept.put("n", minute + 1, at=kept.clock.START + 60 * minute)
    await kept.metrics.join()
    everything = 120 * 121 / 2
    seen = {}
    for days in (0, 14, 16, 62, 65, 400, 455):
        await kept.clock.advance(days * DAY - kept.clock.now)
        await kept.metrics.tidy()
        seen[days] = [
            len(await kept.told("n", seconds=7200, period=period)) for period in (60, 300, 3600)
        ]
        assert await kept.told("n", seconds=7200, period=7200) == {0: everything}
        assert await kept.told("n", "p50", seconds=7200, period=7200) == {
            0: pytest.approx(60, rel=0.01)
        }
    assert seen == {
        0: [120, 24, 2],
        14: [120, 24, 2],
        16: [0, 24, 2],
        62: [0, 24, 2],
        65: [0, 0, 2],
        400: [0, 0, 2],
        455: [0, 0, 2],
    }
    await kept.clock.advance(35 * DAY)
    await kept.metrics.tidy()
    assert await kept.told("n", seconds=7200, period=7200) == {}
    await kept.open()
    assert await kept.metrics.list(ACCOUNT, REGION) == []


async def test_what_is_read_while_the_journal_joins_is_neither_missing_nor_there_twice(
    kept: Kept,
) -> None:
    for _ in range(20):
        await kept.put("n", 1)
        found, *_ = await asyncio.gather(
            kept.told("n", "SampleCount"), kept.metrics.join(), kept.told("n", "SampleCount")
        )
        assert found == await kept.told("n", "SampleCount")
    assert found == {0: 20}


class _LateReads(MetricsStore):
    """Reads only after what was in memory has joined the rows."""

    metrics: Metrics

    async def read(
        self, metric_ids: Sequence[int], start: int, end: int, entries: Sequence[int]
    ) -> tuple[list[Point], set[int]]:
        await self.metrics.join()
        return await super().read(metric_ids, start, end, entries)


async def test_what_joins_the_rows_just_before_they_are_read_is_not_there_twice(
    kept: Kept, database: Database
) -> None:
    store = _LateReads(database)
    kept.metrics = store.metrics = await Metrics.open(store, kept.clock)
    await kept.put("n", 1, 2)
    assert await kept.told("n") == {0: 3}


async def test_data_that_was_rolled_up_has_so_many_datapoints_fewer(
    kept: Kept, database: Database
) -> None:
    for minute in range(120):
        await kept.put("n", 1, at=kept.clock.START + 60 * minute)
    await kept.metrics.join()
    (metric,) = await kept.metrics.list(ACCOUNT, REGION)
    start = int(kept.clock.START)
    for days, count in ((0, 120), (16, 24), (65, 2)):
        await kept.clock.advance(days * DAY - kept.clock.now)
        await kept.metrics.tidy()
        points, _ = await MetricsStore(database).read([metric.id], start, start + 7200, [])
        assert len(points) == count
        assert sum(point.summary.total for point in points) == 120


async def test_data_is_kept_compactly(kept: Kept, database: Database) -> None:
    samples = [
        Sample("n", 3.25 * (minute % 7) + each, at=kept.clock.START + minute * 60)
        for minute in range(600)
        for each in range(20)
    ]
    await kept.metrics.put(ACCOUNT, REGION, "App", samples)
    await kept.metrics.join()
    size = await database.read(_size)
    assert size / 600 < 120  # bytes a datapoint, with its percentiles


async def _size(connection: object) -> int:
    from sqlalchemy import func, select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ingle.services.cloudwatch import tables

    assert isinstance(connection, AsyncConnection)
    found = await connection.scalar(select(func.sum(func.length(tables.data.c.data))))
    return int(found or 0)


async def test_a_summary_is_taken_in_as_its_values_would_be(kept: Kept) -> None:
    summary = Summary.of(5, 3)
    summary.add(7)
    await kept.put("n", summary)  # type: ignore[arg-type]
    assert await kept.told("n") == {0: 22}
    assert await kept.told("n", "Maximum") == {0: 7}


@pytest.mark.parametrize(
    "sample",
    [
        Sample("n", float("nan")),
        Sample("n", 2.0**361),
        Sample("n", 1, at=0),
        Sample("n", 1, unit="Parsecs"),
        Sample("", 1),
        Sample("n" * 256, 1),
        Sample("n", 1, (("a", ""),)),
        Sample("n", 1, (("a", "é"),)),
        Sample("n", 1, (("a", "1"), ("a", "2"))),
        Sample("n", 1, tuple((str(each), "1") for each in range(31))),
    ],
)
async def test_what_could_not_be_put_is_not_added_either(kept: Kept, sample: Sample) -> None:
    kept.metrics.add(ACCOUNT, REGION, "App", [sample, Sample("good", 1)])
    listed = await kept.metrics.list(ACCOUNT, REGION)
    assert [each.key.name for each in listed] == ["good"]


async def test_metrics_of_accounts_and_regions_do_not_mix(kept: Kept) -> None:
    await kept.metrics.put("111111111111", REGION, "App", [Sample("n", 1)])
    await kept.metrics.put(ACCOUNT, "eu-west-1", "App", [Sample("n", 1)])
    assert await kept.told("n") == {}
    assert await kept.metrics.list(ACCOUNT, REGION) == []


async def test_many_new_metrics_are_written_at_once(kept: Kept) -> None:
    samples = [Sample("n", 1, (("id", str(each)),)) for each in range(1500)]
    kept.metrics.add(ACCOUNT, REGION, "App", samples)
    await asyncio.gather(
        kept.metrics.flush(),
        kept.metrics.put(ACCOUNT, REGION, "App", samples),
        kept.metrics.put(ACCOUNT, REGION, "App", samples),
    )
    await kept.metrics.join()
    await kept.open()
    assert len(await kept.metrics.list(ACCOUNT, REGION)) == 1500
    assert await kept.told("n", dimensions={"id": "1499"}) == {0: 3}
