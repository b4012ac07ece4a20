"""Group commit."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database
from ingle.storage.errors import (
    CommitFailed,
    DatabaseClosed,
    WriterStopped,
    WriteWithinWrite,
)
from ingle.storage.sqlite import writer as write_engine
from ingle.storage.writer import Writer

from .notes import insert, texts


class Gate:
    """A write that holds the writer until it is opened."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, _connection: AsyncConnection) -> None:
        self.entered.set()
        await self.opened.wait()


@pytest.fixture
def commits() -> Iterator[list[str]]:
    """What grows by one with every commit of any engine."""
    seen: list[str] = []

    def count(connection: sa.Connection) -> None:
        seen.append(str(connection.engine.url))

    event.listen(sa.Engine, "commit", count)
    yield seen
    event.remove(sa.Engine, "commit", count)


async def waiting(count: int) -> None:
    """Let `count` tasks that were just created run up to where they wait."""
    for _ in range(count + 5):
        await asyncio.sleep(0)


async def hold(database: Database) -> tuple[Gate, asyncio.Task[None]]:
    gate = Gate()
    task = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    return gate, task


async def test_writes_that_wait_together_share_one_commit(
    database: Database, commits: list[str]
) -> None:
    gate, held = await hold(database)
    writes = [asyncio.create_task(database.write(insert(f"n{i}"))) for i in range(20)]
    await waiting(20)
    commits.clear()
    gate.opened.set()
    assert await asyncio.gather(*writes) == [f"n{i}" for i in range(20)]
    await held
    assert len(commits) == 2  # that of the gate, and one for all twenty
    assert await texts(database) == [f"n{i}" for i in range(20)]


async def test_a_write_is_answered_only_after_its_commit(
    database: Database, commits: list[str]
) -> None:
    commits.clear()
    await database.write(insert("durable"))
    assert len(commits) == 1


async def test_a_failing_write_rolls_back_alone(database: Database) -> None:
    async def half_way(connection: AsyncConnection) -> None:
        await insert("never seen")(connection)
        raise RuntimeError("changed my mind")

    gate, held = await hold(database)
    before = asyncio.create_task(database.write(insert("before", 1)))
    failing = asyncio.create_task(database.write(half_way))
    clashing = asyncio.create_task(database.write(insert("same id", 1)))
    after = asyncio.create_task(database.write(insert("after", 2)))
    await waiting(4)
    gate.opened.set()
    assert await before == "before"
    assert await after == "after"
    with pytest.raises(RuntimeError, match="changed my mind"):
        await failing
    with pytest.raises(IntegrityError):
        await clashing
    await held
    assert await texts(database) == ["before", "after"]


async def test_a_failing_commit_fails_every_write_of_the_batch(database: Database) -> None:
    def full(_connection: sa.Connection) -> None:
        raise OSError("disk is full")

    gate, held = await hold(database)
    writes = [asyncio.create_task(database.write(insert(f"n{i}"))) for i in range(3)]
    await waiting(3)
    event.listen(sa.Engine, "commit", full)
    try:
        gate.opened.set()
        outcomes = await asyncio.gather(held, *writes, return_exceptions=True)
    finally:
        event.remove(sa.Engine, "commit", full)
    assert [type(outcome) for outcome in outcomes] == [CommitFailed] * 4
    assert "disk is full" in str(outcomes[0])
    assert await texts(database) == []
    await database.write(insert("it goes on"))
    assert await texts(database) == ["it goes on"]


async def test_a_transaction_that_the_database_rolled_back_is_not_acknowledged(
    database: Database,
) -> None:
    async def loses_everything(connection: AsyncConnection) -> None:
        # What SQLite does by itself on a full disk or an I/O error.
        await connection.exec_driver_sql("ROLLBACK")

    gate, held = await hold(database)
    neighbour = asyncio.create_task(database.write(insert("neighbour")))
    loser = asyncio.create_task(database.write(loses_everything))
    await waiting(2)
    gate.opened.set()
    await held
    for write in (neighbour, loser):
        with pytest.raises(CommitFailed):
            await write
    assert await texts(database) == []


async def test_a_write_that_is_alone_and_fails_leaves_nothing_and_gets_its_own_error(
    database: Database,
) -> None:
    async def fails(connection: AsyncConnection) -> None:
        await insert("half")(connection)
        raise LookupError("mine")

    async def loses_it(connection: AsyncConnection) -> None:
        await insert("lost")(connection)
        await connection.exec_driver_sql("ROLLBACK")

    async def loses_it_and_fails(connection: AsyncConnection) -> None:
        await loses_it(connection)
        raise LookupError("the disk is full")

    with pytest.raises(LookupError, match="mine"):
        await database.write(fails)
    with pytest.raises(CommitFailed, match="ended the transaction by itself"):
        await database.write(loses_it)
    with pytest.raises(CommitFailed, match="the disk is full"):
        await database.write(loses_it_and_fails)
    await database.write(insert("it goes on"))
    assert await texts(database) == ["it goes on"]


async def test_a_caller_cancelled_while_waiting_leaves_nothing_behind(database: Database) -> None:
    gate, held = await hold(database)
    cancelled = asyncio.create_task(database.write(insert("cancelled")))
    other = asyncio.create_task(database.write(insert("other")))
    await waiting(2)
    cancelled.cancel()
    await waiting(1)
    gate.opened.set()
    await asyncio.gather(held, other)
    assert cancelled.cancelled()
    assert await texts(database) == ["other"]


async def test_a_caller_cancelled_while_its_batch_runs_is_skipped(database: Database) -> None:
    gate, held = await hold(database)
    second = Gate()
    holding = asyncio.create_task(database.write(second))
    cancelled = asyncio.create_task(database.write(insert("cancelled")))
    await waiting(2)
    gate.opened.set()
    await second.entered.wait()
    cancelled.cancel()
    await waiting(1)
    second.opened.set()
    await asyncio.gather(held, holding)
    assert await texts(database) == []


async def test_a_caller_cancelled_while_its_write_runs_does_not_hurt_the_others(
    database: Database,
) -> None:
    gate, held = await hold(database)
    held.cancel()
    other = asyncio.create_task(database.write(insert("other")))
    await waiting(1)
    gate.opened.set()
    assert await other == "other"
    assert held.cancelled()


async def test_closing_finishes_what_waits_and_refuses_what_comes_after(
    tmp_path: Path, migrations: Path
) -> None:
    database = await Database.open(tmp_path, migrations=migrations)
    gate, held = await hold(database)
    writes = [asyncio.create_task(database.write(insert(f"n{i}"))) for i in range(5)]
    await waiting(5)
    closing = asyncio.create_task(database.close())
    await waiting(1)
    with pytest.raises(DatabaseClosed):
        await database.write(insert("late"))
    gate.opened.set()
    await closing
    assert await asyncio.gather(*writes) == [f"n{i}" for i in range(5)]
    await held
    with pytest.raises(DatabaseClosed):
        await database.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    reopened = await Database.open(tmp_path, migrations=migrations)
    assert await texts(reopened) == [f"n{i}" for i in range(5)]
    await reopened.close()


async def test_the_queue_is_bounded_and_whoever_finds_it_full_waits(
    tmp_path: Path, database: Database
) -> None:
    engine = write_engine(tmp_path / "ingle.db")
    writer = Writer(engine, queue_size=1)
    gate = Gate()
    held = asyncio.create_task(writer.write(gate))
    await gate.entered.wait()
    writes = [asyncio.create_task(writer.write(insert(f"n{i}"))) for i in range(10)]
    await waiting(10)
    assert len(writer._waiting) == 0
    gate.opened.set()
    # Those that wait for a place were accepted too.
    await writer.close()
    await asyncio.gather(held, *writes)
    await engine.dispose()
    assert sorted(await texts(database)) == sorted(f"n{i}" for i in range(10))


async def test_a_large_queue_is_committed_in_batches(
    tmp_path: Path, database: Database, commits: list[str]
) -> None:
    engine = write_engine(tmp_path / "ingle.db")
    writer = Writer(engine, batch_size=4)
    gate = Gate()
    held = asyncio.create_task(writer.write(gate))
    await gate.entered.wait()
    writes = [asyncio.create_task(writer.write(insert(f"n{i}"))) for i in range(10)]
    await waiting(10)
    commits.clear()
    gate.opened.set()
    await asyncio.gather(held, *writes)
    assert len(commits) == 1 + 3
    await writer.close()
    await engine.dispose()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_callers_of_a_writer_that_died_get_an_error(tmp_path: Path) -> None:
    engine = write_engine(tmp_path / "ingle.db")
    writer = Writer(engine)
    gate = Gate()
    held = asyncio.create_task(writer.write(gate))
    await gate.entered.wait()
    queued = asyncio.create_task(writer.write(insert("queued")))
    await waiting(1)
    writer._task.cancel()
    for write in (held, queued):
        with pytest.raises(WriterStopped):
            await write
    with pytest.raises(WriterStopped):
        await writer.write(insert("late"))
    with pytest.raises(asyncio.CancelledError):
        await writer.close()
    await engine.dispose()


async def test_a_write_within_a_write_is_refused_and_stops_nobody(database: Database) -> None:
    async def outer(connection: AsyncConnection) -> None:
        await insert("outer")(connection)
        await database.write(insert("inner"))

    async with asyncio.timeout(10):
        with pytest.raises(WriteWithinWrite):
            await database.write(outer)
        await database.write(insert("after"))
    assert await texts(database) == ["after"]
