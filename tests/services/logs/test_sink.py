import asyncio
import gc
import logging
import tracemalloc

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.logs.chunks import pack, pack_away
from ingle.services.logs.sink import Sink, held_bytes
from ingle.services.logs.store import LogsStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from tests.services.cancelling import cancel_within_commit
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs, messages


async def run(database: Database, statement: str) -> None:
    """Change the database behind the service's back."""

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(text(statement))

    await database.write(write)


async def until(condition: object) -> None:
    """Let other tasks work until something is so; the test's own time limit ends a hang."""
    assert callable(condition)
    while not await condition():
        await asyncio.sleep(0)


async def test_events_are_written_without_anybody_asking(database: Database) -> None:
    clock = ManualClock()
    store = LogsStore(database)
    sink = await Sink.open(store, clock)
    sink.appender(ACCOUNT, REGION, GROUP, STREAM).append(NOW_MS, "x")

    async def written() -> bool:
        await clock.advance(0.05)
        return bool(await store.groups(ACCOUNT, REGION))

    await until(written)
    await sink.close()


async def test_closing_writes_what_waits_and_can_be_repeated(database: Database) -> None:
    clock = ManualClock()
    store = LogsStore(database)
    sink = await Sink.open(store, clock)
    sink.appender(ACCOUNT, REGION, GROUP, STREAM).append(NOW_MS, "x")
    await sink.close()
    await sink.close()
    assert [group.key.name for group in await store.groups(ACCOUNT, REGION)] == [GROUP]


async def test_all_streams_share_one_transaction(logs: Logs, database: Database) -> None:
    for number in range(600):
        logs.write((number, "x"), stream=f"s{number}")
    await logs.sink.flush()
    for number in range(600):
        logs.write((number, "y"), stream=f"s{number}")
    answer = await logs.filter()
    assert len(answer["events"]) == 1200


async def test_a_failing_write_keeps_the_events_and_is_tried_again(
    logs: Logs, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await run(database, "ALTER TABLE logs_chunks RENAME TO away")
    logs.write((1, "kept"))
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(ServiceError, match="could not be stored") as caught,
    ):
        await logs.filter()
    assert caught.value.error_code == "ServiceUnavailableException"

    async def reported() -> bool:
        await logs.clock.advance(0.1)
        return "next attempt" in caplog.text

    await until(reported)
    await run(database, "ALTER TABLE away RENAME TO logs_chunks")
    logs.write((2, "later"))

    async def written() -> bool:
        await logs.clock.advance(1)
        return bool(await logs.store.groups(ACCOUNT, REGION))

    await until(written)
    assert messages(await logs.filter()) == ["kept", "later"]


async def test_readers_of_output_are_asked_to_pause_while_too_much_waits(
    database: Database,
) -> None:
    clock = ManualClock()
    sink = await Sink.open(LogsStore(database), clock, backlog_bytes=1500)
    appender = sink.appender(ACCOUNT, REGION, GROUP, STREAM)
    appender.append(NOW_MS, "x" * 900)
    assert not sink.overloaded
    appender.append(NOW_MS, "x" * 900)
    assert sink.overloaded
    waiting = asyncio.create_task(sink.drained())
    await sink.flush()
    await waiting
    assert not sink.overloaded
    await sink.close()


@pytest.mark.parametrize(
    "line", ["\n", "ab\n", "many words\n", "é\n", "\u2028\n", "\U0001f525" * 99]
)
async def test_the_memory_that_waiting_events_take_is_what_is_counted(
    database: Database, line: str
) -> None:
    sink = await Sink.open(LogsStore(database), ManualClock(), backlog_bytes=1 << 20)
    appender = sink.appender(ACCOUNT, REGION, GROUP, STREAM)
    data = line.encode()
    # Objects that Python keeps for reuse would be taken uncounted.
    gc.collect()
    tracemalloc.start()
    try:
        timestamp = NOW_MS
        while not sink.overloaded:
            timestamp += 1
            appender.append(timestamp, data.decode())
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= (1 << 20) + held_bytes(line)
    assert held > (1 << 20) // 2
    await sink.close()


def test_events_are_not_held_when_they_are_packed() -> None:
    events = [(number, f"{number}\n" * 100) for number in range(3000)]
    expected = pack(events)
    assert pack_away(events) == expected
    assert events == []


async def test_a_flush_that_is_cut_off_before_its_commit_writes_every_event_once(
    logs: Logs, database: Database
) -> None:
    logs.write((1, "once"))
    await cancel_within_commit(database, logs.sink.flush())
    logs.write((2, "later"))
    assert messages(await logs.filter()) == ["once", "later"]


async def test_readers_and_writers_at_once_lose_nothing(logs: Logs) -> None:
    async def write(stream: str) -> None:
        for number in range(50):
            logs.write((number, f"{stream}.{number}"), stream=stream)
            await asyncio.sleep(0)

    async def read() -> None:
        for _ in range(20):
            await logs.sink.flush()

    await asyncio.gather(*(write(f"s{number}") for number in range(4)), read(), read())
    answer = await logs.filter()
    assert sorted(messages(answer)) == sorted(
        f"s{stream}.{number}" for stream in range(4) for number in range(50)
    )
