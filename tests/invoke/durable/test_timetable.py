"""Which executions are looked at when, of how many on disk soever."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingle.invoke.durable.crew import Crew
from ingle.invoke.durable.timetable import Place, Timetable
from tests.services.clocks import ManualClock


class Disk:
    """Times on disk, and a timetable that holds four of them in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rows: dict[str, int] = {}
        self.rung: list[str] = []
        self.room = True
        self.reads = 0
        self.during_read = lambda: None
        self.timetable = Timetable(self._read, self.clock, self._ring, lambda: self.room, held=4)

    def put(self, id: str, in_s: int) -> None:
        self.rows[id] = int(self.clock.time() * 1000) + in_s * 1000
        self.timetable.set(id, self.rows[id])

    async def later(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        for _ in range(50):
            await asyncio.sleep(0)

    def _ring(self, id: str) -> None:
        # What is rung for has something done to it, and is due no more.
        if self.rows.pop(id, None) is not None:
            self.rung.append(id)

    async def _read(self, after: Place | None, limit: int) -> list[Place]:
        self.reads += 1
        found = sorted((at_ms, each) for each, at_ms in self.rows.items())
        await asyncio.sleep(0)
        self.during_read()
        return [each for each in found if after is None or each > after][:limit]


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk()
    yield made
    await made.timetable.close()


async def test_each_is_rung_for_when_its_time_has_come(disk: Disk) -> None:
    await disk.timetable.start()
    for number in (3, 1, 2):
        disk.put(f"e{number}", number * 10)
    await disk.later(11)
    assert disk.rung == ["e1"]
    await disk.later(20)
    assert disk.rung == ["e1", "e2", "e3"]


async def test_more_than_fit_into_memory_are_read_by_and_by(disk: Disk) -> None:
    for number in range(20):
        disk.rows[f"e{number:02}"] = int(disk.clock.time() * 1000) + number * 1000 + 500
    await disk.timetable.start()
    for _ in range(30):
        await disk.later(1)
    assert disk.rung == [f"e{number:02}" for number in range(20)]


async def test_what_comes_when_memory_is_full_is_found_on_disk(disk: Disk) -> None:
    await disk.timetable.start()
    for number in range(12):
        disk.put(f"e{number:02}", 30 - number)
    for _ in range(40):
        await disk.later(1)
    assert sorted(disk.rung) == [f"e{number:02}" for number in range(12)]


async def test_what_is_set_while_the_disk_is_read_is_not_lost(disk: Disk) -> None:
    disk.during_read = lambda: disk.put("late", 5) if "late" not in disk.rows else None
    await disk.timetable.start()
    disk.during_read = lambda: None
    await disk.later(6)
    assert disk.rung == ["late"]


async def test_nobody_is_rung_for_while_there_is_no_room(disk: Disk) -> None:
    await disk.timetable.start()
    disk.put("e", 1)
    disk.room = False
    for _ in range(5):
        await disk.later(1)
    assert disk.rung == []
    disk.room = True
    for _ in range(3):
        await disk.later(1)
    assert disk.rung == ["e"]


async def test_nothing_is_read_again_while_nothing_is_due(disk: Disk) -> None:
    await disk.timetable.start()
    disk.put("e", 100_000)
    reads = disk.reads
    for _ in range(50):
        await disk.later(60)
    assert disk.reads == reads


async def test_a_crew_works_on_so_many_at_a_time_and_on_none_twice() -> None:
    running: list[int] = []
    most = 0
    done: list[int] = []
    go_on = asyncio.Event()

    async def work(key: int) -> None:
        nonlocal most
        assert key not in running
        running.append(key)
        most = max(most, len(running))
        await go_on.wait()
        running.remove(key)
        done.append(key)

    crew: Crew[int] = Crew(work, 2, 2)
    for key in (1, 2, 3, 1, 3, 4):
        crew.add(key)
    assert len(crew) == 2
    await asyncio.sleep(0)
    crew.add(1)  # once more, when it is done
    go_on.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert most == 2
    assert sorted(done) == [1, 1, 2, 3, 4]
    await crew.close()


async def test_a_crew_that_is_closed_cuts_off_what_it_does() -> None:
    ended = asyncio.Event()

    async def work(_key: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    crew: Crew[int] = Crew(work, 1, 1)
    crew.add(1)
    crew.add(2)
    await asyncio.sleep(0)
    await crew.close()
    assert ended.is_set()
    assert len(crew) == 0


async def test_no_group_waits_for_another_one_s_work() -> None:
    begun: list[str] = []

    async def work(key: str) -> None:
        begun.append(key)
        await asyncio.Event().wait()

    crew: Crew[str] = Crew(work, 2, 3)
    for key in ("a1", "a2", "a3", "b1", "b2", "c1"):
        crew.add(key, key[0])
    await asyncio.sleep(0)
    assert begun == ["a1", "a2", "b1"]
    await crew.close()
