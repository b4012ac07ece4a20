from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.destinations import Delivery, DeliveryFailed
from ingle.invoke.events.event import Event
from ingle.invoke.events.fate import Outcome
from ingle.invoke.events.finisher import BACKLOG, TRIES, Finisher
from ingle.invoke.events.store import EventStore
from ingle.observe.exposition import page
from ingle.observe.measurements import Measurements
from ingle.storage.database import Database
from tests.invoke.lines import IDS
from tests.services.clocks import ManualClock

KEY = ("000000000000", "us-east-1", "hello", "")


class Notebook:
    """Delivers to a table of the same database, in the same transaction."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.afterwards = 0

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        await connection.execute(text("INSERT INTO told VALUES (:r)"), {"r": delivery.record})
        if self.failures:
            raise self.failures.pop(0)
        return self._after

    def _after(self) -> None:
        self.afterwards += 1


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock()
        self.notebook = Notebook()
        self.measurements = Measurements()
        self.store = EventStore(database)
        self.written: list[Outcome] = []
        self.finisher = Finisher(
            database,
            self.store,
            {"notebook": self.notebook},
            self.measurements,
            self.clock,
            self._note,
        )

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        self.written += outcomes

    async def event(self) -> Event:
        made = Event(KEY, b"{}", "0" * 36, "", 0, 0, id=next(IDS))
        await self.database.write(lambda connection: self.store.insert(connection, [made]))
        return made

    async def until_written(self, count: int) -> None:
        while len(self.written) < count:
            await self.clock.advance(0.01)
            await self.database.read(_nothing)

    async def rows(self, table: str) -> int:
        async def run(connection: AsyncConnection) -> int:
            found = await connection.execute(text(f"SELECT count(*) FROM {table}"))
            return int(found.scalar_one())

        return await self.database.read(run)

    @property
    def lost(self) -> bool:
        name = "ingle_lambda_destination_delivery_failures_total{"
        return name in page(self.measurements.families()).decode()


async def _nothing(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT 1"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = await Database.open(tmp_path)
    await database.write(lambda c: c.execute(text("CREATE TABLE told (record BLOB)")))
    yield World(database)
    await database.close()


def telling(event: Event, arn: str = "arn:aws:notebook:::page") -> Outcome:
    return Outcome(event, over=True, deliveries=[Delivery(arn, b"{}", KEY, "")])


async def test_an_event_goes_in_the_transaction_in_which_its_record_comes(world: World) -> None:
    event = await world.event()
    world.finisher.add(telling(event))
    assert await world.rows("invocation_events") == 1
    await world.until_written(1)
    assert (await world.rows("invocation_events"), await world.rows("told")) == (0, 1)
    assert world.notebook.afterwards == 1


async def test_a_record_that_cannot_be_delivered_is_counted_and_its_event_goes(
    world: World,
) -> None:
    world.notebook.failures = [DeliveryFailed("no such page")]
    world.finisher.add(telling(await world.event()))
    world.finisher.add(telling(await world.event()))
    await world.until_written(2)
    assert (await world.rows("invocation_events"), await world.rows("told")) == (0, 1)
    assert world.lost


async def test_a_delivery_that_fails_is_tried_again_and_delays_no_other(world: World) -> None:
    world.notebook.failures = [OSError("busy"), OSError("busy")]
    first, second = telling(await world.event()), telling(await world.event())
    third = Outcome(await world.event(), over=True)
    for each in (first, second, third):
        world.finisher.add(each)
    await world.until_written(1)
    assert world.written == [third]
    await world.until_written(3)
    assert (await world.rows("invocation_events"), await world.rows("told")) == (0, 2)
    assert not world.lost


async def test_a_delivery_that_keeps_failing_is_given_up(world: World) -> None:
    world.notebook.failures = [OSError("busy")] * TRIES
    world.finisher.add(telling(await world.event()))
    await world.until_written(1)
    assert (await world.rows("invocation_events"), await world.rows("told")) == (0, 0)
    assert world.lost


async def test_a_service_that_is_not_there_any_more_is_a_failed_delivery(world: World) -> None:
    world.finisher.add(telling(await world.event(), "arn:aws:pigeon:::post"))
    await world.until_written(1)
    assert await world.rows("invocation_events") == 0
    assert world.lost


async def test_an_event_that_is_to_run_again_stays_with_what_is_known_of_it(world: World) -> None:
    event = await world.event()
    event.attempts, event.due_ms, event.payload = 2, 120_000, b""
    world.finisher.add(Outcome(event, over=False))
    await world.until_written(1)
    page = await world.store.page(KEY, 120_000, (), 10, 1000)
    [kept] = page.due
    assert (kept.attempts, kept.due_ms, kept.payload) == (2, 120_000, b"{}")
    page = await world.store.page(KEY, 119_999, (), 10, 1000)
    assert (page.due, page.more, page.next_ms) == ([], False, 120_000)


async def test_what_cannot_be_written_is_written_later(world: World) -> None:
    event = await world.event()
    await world.database.write(
        lambda c: c.execute(text("ALTER TABLE invocation_events RENAME TO x"))
    )
    world.finisher.add(Outcome(event, over=True))
    await world.clock.advance(0.02)
    for _ in range(5):
        await world.database.read(_nothing)
    assert world.written == []
    await world.database.write(
        lambda c: c.execute(text("ALTER TABLE x RENAME TO invocation_events"))
    )
    await world.until_written(1)
    assert await world.rows("invocation_events") == 0


async def test_nothing_waits_any_more_once_it_is_closed(world: World) -> None:
    for _ in range(300):
        world.finisher.add(Outcome(await world.event(), over=True))
    await world.finisher.close()
    assert len(world.written) == 300
    assert await world.rows("invocation_events") == 0


async def test_no_further_events_should_run_when_too_much_waits(world: World) -> None:
    event = await world.event()
    for _ in range(BACKLOG):
        assert not world.finisher.overloaded
        world.finisher.add(Outcome(event, over=True))
    assert world.finisher.overloaded
    await world.finisher.close()
    assert not world.finisher.overloaded
