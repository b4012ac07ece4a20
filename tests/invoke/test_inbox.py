import asyncio

import pytest
from sqlalchemy import text

from ingle.invoke.errors import ShuttingDown
from ingle.invoke.events.event import Event, go_on_after, new_id
from ingle.invoke.events.store import EventStore
from ingle.storage.errors import StorageError
from tests.invoke.lines import Lines


def event(name: str, payload: bytes = b"{}") -> Event:
    return Event(("0" * 12, "us-east-1", name, ""), payload, "0" * 36, "", 0, 0)


async def test_an_event_is_on_disk_when_it_is_accepted(lines: Lines) -> None:
    for number in range(1, 4):
        await lines.inbox.accept(event("a", b"a%d" % number))
        assert await lines.on_disk() == number


async def test_ids_go_on_after_those_on_disk_also_where_the_clock_was_put_back(
    lines: Lines,
) -> None:
    before = event("a")
    before.id += 10**12  # accepted eleven days from now
    await lines.inbox.accept(before)
    try:
        go_on_after(await EventStore(lines.database).last_id())
        assert new_id() == before.id + 1
    finally:
        go_on_after(0)


async def test_events_that_come_together_share_a_commit(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    write = lines.database.write

    async def counted(run: object) -> object:
        nonlocal commits
        commits += 1
        return await write(run)  # type: ignore[arg-type]

    monkeypatch.setattr(lines.database, "write", counted)
    await asyncio.gather(*(lines.inbox.accept(event("a", b"a%d" % n)) for n in range(500)))
    assert commits <= 4
    assert await lines.on_disk() == 500


async def test_one_that_cannot_be_written_is_refused_and_never_runs(lines: Lines) -> None:
    await lines.database.write(
        lambda connection: connection.execute(text("ALTER TABLE invocation_events RENAME TO x"))
    )
    with pytest.raises(Exception, match="no such table"):
        await lines.inbox.accept(event("a", b"a1"))
    await lines.database.write(
        lambda connection: connection.execute(text("ALTER TABLE x RENAME TO invocation_events"))
    )
    await lines.inbox.accept(event("a", b"a2"))
    await lines.settled()
    assert list(lines.running) == ["a2"]
    await lines.succeed("a2")


async def test_a_caller_that_goes_away_before_its_turn_leaves_no_event(lines: Lines) -> None:
    async def hold(_connection: object) -> None:
        await release.wait()

    release = asyncio.Event()
    holding = asyncio.create_task(lines.database.write(hold))
    first = asyncio.create_task(lines.inbox.accept(event("a", b"a1")))
    for _ in range(10):
        await asyncio.sleep(0)
    second = asyncio.create_task(lines.inbox.accept(event("a", b"a2")))
    await asyncio.sleep(0)
    second.cancel()
    release.set()
    await asyncio.gather(holding, first, second, return_exceptions=True)
    await lines.settled()
    assert await lines.on_disk() == 1


async def test_none_is_taken_once_it_is_closed(lines: Lines) -> None:
    accepting = [
        asyncio.create_task(lines.inbox.accept(event("a", b"a%d" % number))) for number in range(10)
    ]
    await asyncio.sleep(0)
    lines.inbox.close()
    await lines.inbox.finished()
    await asyncio.gather(*accepting)
    assert await lines.on_disk() == 10
    with pytest.raises(ShuttingDown):
        await lines.inbox.accept(event("a"))


async def test_a_database_that_is_gone_is_told_to_the_caller(lines: Lines) -> None:
    await lines.database.close()
    with pytest.raises(StorageError):
        await lines.inbox.accept(event("a"))
