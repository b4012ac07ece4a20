"""Which event runs when: in the order of each line, and all lines in turns."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence, Set
from dataclasses import dataclass
from typing import Any

from ingle.clock import Clock
from ingle.invoke.events.alarms import Alarms
from ingle.invoke.events.backlog import Backlog
from ingle.invoke.events.event import BacklogKey, Event
from ingle.invoke.events.fate import Fate, Outcome, Refused
from ingle.invoke.events.finisher import Finisher
from ingle.invoke.events.store import EventStore

_logger = logging.getLogger(__name__)

OVERHEAD_BYTES = 500
"""What an event takes beside its payload."""
_LOAD_RETRY_MS = 1000

Run = Callable[[Event, int | None], Awaitable[Fate]]
"""Runs an event; its second argument is the status with which it was refused before, if it was."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept in memory.

    Attributes:
        page: events that are read at once.
        page_bytes: their payloads together, unless a single one is larger.
        buffer: events of one line that are kept as they come.
        buffered_bytes: the payloads of all lines together; beyond that, one event a line.
    """

    page: int = 64
    page_bytes: int = 1024 * 1024
    buffer: int = 256
    buffered_bytes: int = 16 * 1024 * 1024


class Dispatcher:
    """Runs events as they become due.

    A line that is doing nothing always gets a place to run one event, so that slow functions do
    not keep others waiting; what else runs has `steady` places.

    Args:
        store: where events are.
        run: runs one.
        finisher: writes what becomes of it.
        clock: the time of day.
        steady: how many events run at the same time, as long as each line has one at most
            of the others.
        most: how many run at the same time in any case.
        bounds: how much is kept in memory.
    """

    def __init__(
        self,
        store: EventStore,
        run: Run,
        finisher: Callable[[Callable[[Sequence[Outcome]], None]], Finisher],
        clock: Clock,
        *,
        steady: int,
        most: int,
        bounds: Bounds = Bounds(),
    ) -> None:
        self._store = store
        self._run = run
        self._finisher = finisher(self._written)
        self._clock = clock
        self._steady = steady
        self._most = most
        self._bounds = bounds
        self._backlogs: dict[BacklogKey, Backlog] = {}
        # Those that may run one more event: that run none, and that run some.
        self._idle: deque[Backlog] = deque()
        self._busy: deque[Backlog] = deque()
        self._running = 0
        self._buffered = 0
        self._tasks: set[asyncio.Task[None]] = set()
        # When something on disk becomes due, and when a line that had to wait may go on.
        self._due = Alarms(clock, self._came_due)
        self._turns = Alarms(clock, self._look_again)
        self._knows_all = False
        self._stopped = False
        self._now_ms = 0

    async def start(self) -> None:
        """Take up what is on disk."""
        for key in await self._store.lines():
            self._backlog(key).note()
            self._enqueue(self._backlog(key))
        self._knows_all = True
        self._pump()

    def announce(self, coming: Sequence[Event]) -> None:
        """Decide which of the events that are about to be written need not be read again."""
        for event in coming:
            backlog = self._backlog(event.key)
            size = len(event.payload) + OVERHEAD_BYTES
            if (
                backlog.spilled
                or len(backlog.buffer) + len(backlog.arriving) >= self._bounds.buffer
                or self._buffered + size > self._bounds.buffered_bytes
            ):
                backlog.note()
            else:
                backlog.arriving.add(event.id)
                self._buffered += size

    def accepted(self, added: Sequence[Event]) -> None:
        """Run events that have just been written to disk, announced or not."""
        for event in added:
            backlog = self._backlog(event.key)
            if event.id in backlog.arriving:
                backlog.arriving.discard(event.id)
                backlog.buffer.append(event)
            else:
                backlog.note()
            self._enqueue(backlog)
        self._pump()

    def withdraw(self, lost: Sequence[Event]) -> None:
        """Forget events that were announced, and could not be written."""
        for event in lost:
            backlog = self._backlog(event.key)
            if event.id in backlog.arriving:
                backlog.arriving.discard(event.id)
                self._buffered -= len(event.payload) + OVERHEAD_BYTES
            self._enqueue(backlog)
        self._pump()

    def stop(self) -> None:
        """Run no further events; those that run go on."""
        self._stopped = True

    async def close(self) -> None:
        """Cut off what still runs, which will run again, and write what became of the rest."""
        self.stop()
        await self._due.close()
        await self._turns.close()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._finisher.close()

    # The lines.

    def _backlog(self, key: BacklogKey) -> Backlog:
        backlog = self._backlogs.get(key)
        if backlog is None:
            backlog = self._backlogs[key] = Backlog(key, spilled=not self._knows_all)
        return backlog

    def _forget_if_over(self, backlog: Backlog) -> None:
        if backlog.over and self._knows_all:
            self._backlogs.pop(backlog.key, None)

    def _came_due(self, key: BacklogKey) -> None:
        backlog = self._backlog(key)
        backlog.note()
        self._enqueue(backlog)
        self._pump()

    def _look_again(self, key: BacklogKey) -> None:
        backlog = self._backlogs.get(key)
        if backlog is not None:
            self._enqueue(backlog)
            self._pump()

    def _enqueue(self, backlog: Backlog) -> None:
        """Have a line stand where it belongs."""
        if backlog.loading or not (backlog.buffer or backlog.spilled):
            return
        place = self._busy if backlog.running else self._idle
        if backlog.place is place or backlog.place is self._idle:
            return
        if backlog.pace.may_start(len(backlog.running), backlog.oldest_ms, self._now()):
            backlog.place = place
            place.append(backlog)
        else:
            self._turns.set(backlog.key, backlog.pace.look_again_ms(backlog.oldest_ms))

    def _pump(self) -> None:
        """Run what there is room for."""
        while not self._stopped and not self._finisher.overloaded:
            if self._idle and self._running < self._most:
                place = self._idle
            elif self._busy and self._running < self._steady:
                place = self._busy
            else:
                return
            backlog = place.popleft()
            if backlog.place is not place:  # it has moved
                continue
            backlog.place = None
            if backlog.buffer:
                self._start(backlog, backlog.buffer.popleft())
                self._enqueue(backlog)
            else:
                backlog.loading, backlog.dirty = True, False
                # As of now: those that arrive are in the buffer, maybe, once the reading begins.
                self._own(self._load(backlog, backlog.held | backlog.arriving))

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _logger.error("an event was left unfinished by a defect", exc_info=task.exception())

    # Their events.

    def _start(self, backlog: Backlog, event: Event) -> None:
        self._buffered -= len(event.payload) + OVERHEAD_BYTES
        self._running += 1
        backlog.running[event.id] = self._now()
        backlog.held.add(event.id)
        self._own(self._attempt(backlog, event))

    async def _attempt(self, backlog: Backlog, event: Event) -> None:
        size = len(event.payload)
        try:
            fate = await self._run(event, backlog.refusal)
        finally:
            self._running -= 1
            del backlog.running[event.id]
        if isinstance(fate, Outcome):
            backlog.refusal = None
            if fate.ran:
                backlog.pace.ran()
            self._finisher.add(fate)
        elif isinstance(fate, Refused):
            backlog.refusal = fate.status
            backlog.held.discard(event.id)
            backlog.pace.refused(len(backlog.running), self._now())
            backlog.buffer.appendleft(event)
            self._buffered += size + OVERHEAD_BYTES
            if backlog.pace.paused_until_ms:
                self._spill(backlog)
        self._enqueue(backlog)
        self._pump()

    def _spill(self, backlog: Backlog) -> None:
        """Leave the events of a line that must wait to the disk."""
        for event in backlog.buffer:
            self._buffered -= len(event.payload) + OVERHEAD_BYTES
        backlog.buffer.clear()
        backlog.note()

    def _written(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            event = outcome.event
            backlog = self._backlogs[event.key]
            backlog.held.discard(event.id)
            if not outcome.over:
                # What is being read just now may not have seen it.
                self._due.set(event.key, event.due_ms)
            self._forget_if_over(backlog)
        self._pump()

    async def _load(self, backlog: Backlog, known: Set[int]) -> None:
        """Read the next events of a line whose buffer is empty, but for those that are known."""
        bounds = self._bounds
        limit = 1 if self._buffered > bounds.buffered_bytes else bounds.page
        try:
            page = await self._store.page(
                backlog.key,
                self._now(),
                known,
                limit,
                bounds.page_bytes,
            )
        except Exception:
            _logger.exception("Events of %s could not be read", ":".join(backlog.key))
            backlog.loading, backlog.spilled = False, True
            self._due.set(backlog.key, self._now() + _LOAD_RETRY_MS)
            return
        backlog.loading, backlog.spilled = False, page.more or backlog.dirty
        for event in page.due:
            backlog.buffer.append(event)
            self._buffered += len(event.payload) + OVERHEAD_BYTES
        if page.next_ms is not None:
            self._due.set(backlog.key, page.next_ms)
        self._enqueue(backlog)
        self._forget_if_over(backlog)
        self._pump()

    def _now(self) -> int:
        """The time of day in milliseconds, which stands still where the clock is set back."""
        self._now_ms = max(self._now_ms, int(self._clock.time() * 1000))
        return self._now_ms
