"""When executions are to be looked at: the next ones in memory, the others on disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ingle.clock import Clock
from ingle.invoke.events.alarms import Alarms

_logger = logging.getLogger(__name__)

HELD = 4096
"""Times that are in memory; those after them are read when these have passed."""
_RETRY_MS = 1000
_READ = ""
"""Rings when more is to be read; no execution has this id."""

Place = tuple[int, str]
"""A time in milliseconds since the epoch, and the id of an execution."""


class Timetable:
    """Rings for each execution when its time has come.

    Args:
        read: reads the next times, after a place and so many at most, in their order.
        clock: the time of day.
        ring: called with an execution's id; not all that are rung for have something to do.
        has_room: whether more may be rung for; what is not rung for for want of room is read from
            disk later.
        held: how many times are in memory at most.
    """

    def __init__(
        self,
        read: Callable[[Place | None, int], Awaitable[list[Place]]],
        clock: Clock,
        ring: Callable[[str], None],
        has_room: Callable[[], bool],
        held: int = HELD,
    ) -> None:
        self._read = read
        self._clock = clock
        self._ring = ring
        self._has_room = has_room
        self._held = held
        self._alarms: Alarms[str] = Alarms(clock, self._came)
        self._waiting: set[str] = set()
        # Everything after this place is on disk alone; None where nothing is.
        self._horizon: Place | None = (0, "")
        self._reading: asyncio.Task[None] | None = None
        # What was set while the disk was being read, which may not have seen it.
        self._late: list[Place] | None = None
        self._closed = False

    async def start(self) -> None:
        """Read the first times."""
        await self._fill()

    def set(self, id: str, at_ms: int) -> None:
        """Ring for an execution at this time, which is on disk as well."""
        if self._closed:
            return
        if self._horizon is not None and (at_ms, id) > self._horizon:
            if self._late is not None:
                self._late.append((at_ms, id))
            return
        if len(self._waiting) >= self._held and id not in self._waiting:
            self._leave_to_disk((at_ms, id))
            return
        self._waiting.add(id)
        self._alarms.set(id, at_ms)

    async def close(self) -> None:
        """Ring no more."""
        self._closed = True
        await self._alarms.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _came(self, id: str) -> None:
        if id == _READ:
            if self._reading is None:
                self._reading = asyncio.create_task(self._fill(), name="durable timetable")
            return
        self._waiting.discard(id)
        if self._has_room():
            self._ring(id)
        else:
            self._leave_to_disk((0, ""))
            self._alarms.set(_READ, self._now_ms() + _RETRY_MS)

    def _leave_to_disk(self, place: Place) -> None:
        """Have everything from this place on read again."""
        before = (place[0] - 1, "")
        if self._horizon is None or before < self._horizon:
            self._horizon = before
        self._alarms.set(_READ, max(place[0], self._now_ms() + _RETRY_MS))

    async def _fill(self) -> None:
        try:
            while self._horizon is not None and not self._closed:
                room = self._held - len(self._waiting)
                if room <= 0 or not self._has_room():
                    self._alarms.set(_READ, self._now_ms() + _RETRY_MS)
                    return
                asked = self._horizon
                self._late = []
                page = await self._read(asked, room)
                late, self._late = self._late, None
                if self._horizon < asked:
                    continue
                self._horizon = page[-1] if len(page) == room else None
                for at_ms, each in page:
                    self._waiting.add(each)
                    self._alarms.set(each, at_ms)
                for at_ms, each in late:
                    self.set(each, at_ms)
                if self._horizon is not None:
                    self._alarms.set(_READ, max(self._horizon[0], self._now_ms()))
                    return
        except Exception:
            _logger.exception("It could not be read when durable executions go on")
            self._alarms.set(_READ, self._now_ms() + _RETRY_MS)
        finally:
            self._late = self._reading = None

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)
