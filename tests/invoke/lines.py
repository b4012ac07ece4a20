"""A dispatcher on a real database, whose events end when and how a test says."""

import asyncio
import itertools
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.dispatcher import Bounds, Dispatcher
from ingle.invoke.events.event import Event
from ingle.invoke.events.fate import Fate, Outcome, Refused
from ingle.invoke.events.finisher import Finisher
from ingle.invoke.events.inbox import Inbox
from ingle.invoke.events.store import EventStore
from ingle.observe.measurements import Measurements
from ingle.storage.database import FILE_NAME, Database
from tests.services.clocks import ManualClock

STEADY, MOST = 10, 14
IDS = itertools.count(1)
"""Of events, of which later ones have larger ones."""
SMALL = Bounds(page=3, page_bytes=6, buffer=4, buffered_bytes=5000)


class Lines:
    """The lines of functions that are called by single letters.

    Attributes:
        running: the events that run, by their payload, in the order in which they were started.
        started: the payloads of all that were, in their order.
        over: those that are over, with how often the function failed on them.
        handed_over: what waits for events to be accepted.
        wrong: the events that were run although they were running, or over, or too many ran.
    """

    def __init__(self, folder: Path, bounds: Bounds = SMALL) -> None:
        self.clock = ManualClock()
        self.running: dict[str, tuple[Event, asyncio.Future[Fate]]] = {}
        self.started: list[str] = []
        self.over: dict[str, int] = {}
        self.handed_over: list[asyncio.Future[None]] = []
        self.wrong: list[str] = []
        self._folder = folder
        self._bounds = bounds

    async def open(self) -> "Lines":
        """Start, as a server does."""
        self.database = await Database.open(self._folder)
        self.store = store = EventStore(self.database)
        finisher = partial(Finisher, self.database, store, {}, Measurements(), self.clock)
        self.dispatcher = Dispatcher(
            store,
            self._run,
            finisher,
            self.clock,
            steady=STEADY,
            most=MOST,
            bounds=self._bounds,
        )
        self.inbox = Inbox(self.database, store, self.dispatcher, Measurements())
        await self.dispatcher.start()
        return self

    async def close(self) -> None:
        """Stop, as a server does that has no time to wait."""
        await asyncio.gather(*self.handed_over)
        await self.dispatcher.close()
        await self.database.close()
        assert (self.running, self.wrong) == ({}, [])

    async def accept(self, *names: str) -> None:
        """Have events accepted; `a1` is one of the function `a`."""
        self.hand_over(*names)
        await asyncio.gather(*self.handed_over)
        await self.settled()

    def hand_over(self, *names: str) -> None:
        """Begin to have events accepted."""
        for event in self.events(*names):
            self.handed_over.append(asyncio.ensure_future(self.inbox.accept(event)))

    def events(self, *names: str) -> list[Event]:
        """Make events that are due now."""
        now_ms = int(self.clock.time() * 1000)
        return [
            Event(
                ("0" * 12, "us-east-1", name[0], ""),
                name.encode(),
                "0" * 36,
                "",
                now_ms,
                now_ms,
                id=next(IDS),
            )
            for name in names
        ]

    async def succeed(self, *names: str) -> None:
        """End events well."""
        for name in names:
            self.end(name)
        await self.settled()

    def end(self, name: str) -> None:
        """Begin to end an event well."""
        event, ended = self.running[name]
        if not ended.done():
            self.over[name] = event.attempts
            ended.set_result(Outcome(event, over=True))

    async def fail(self, name: str, delay_s: float = 60.0) -> None:
        """End an event badly, so that it runs again."""
        event, ended = self.running[name]
        event.attempts += 1
        event.due_ms = int((self.clock.time() + delay_s) * 1000)
        ended.set_result(Outcome(event, over=False))
        await self.settled()

    async def refuse(self, name: str) -> None:
        """Throttle an event."""
        self.running[name][1].set_result(Refused(429))
        await self.settled()

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)
        await self.settled()

    async def settled(self) -> None:
        """Let everything happen that follows from what has."""
        for _ in range(3):
            await self.clock.advance(0.02)  # what becomes of events gathers for so long
            await self.database.read(_nothing)
            await self.database.write(_nothing)
            for _ in range(20):
                await asyncio.sleep(0)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let everything happen until a condition holds."""
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline, (self.running.keys(), self.over)
            await self.settled()

    async def on_disk(self) -> int:
        """Count the events that are neither over nor forgotten."""

        async def run(connection: AsyncConnection) -> int:
            found = await connection.execute(text("SELECT count(*) FROM invocation_events"))
            return int(found.scalar_one())

        return await self.database.read(run)

    async def _run(self, event: Event, refusal: int | None) -> Fate:
        name = event.payload.decode()
        if name in self.running or name in self.over or len(self.running) >= MOST:
            self.wrong.append(name)
            raise AssertionError(f"{name} must not run now")
        ended: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
        self.running[name] = (event, ended)
        self.started.append(name)
        try:
            return await ended
        finally:
            del self.running[name]


async def template(folder: Path) -> Path:
    """Make an empty database for `copied`."""
    folder.mkdir()
    await (await Database.open(folder)).close()
    return folder


def copied(source: Path, folder: Path) -> Path:
    """Copy an empty database, which is quicker than making one."""
    folder.mkdir()
    shutil.copy(source / FILE_NAME, folder)
    return folder


async def _nothing(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT 1"))
