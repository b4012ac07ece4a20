"""Calls when times have come."""

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from ingle.clock import Clock
from ingle.services.alarm import LONGEST_S, Alarm

K = TypeVar("K", bound=Hashable)

_logger = logging.getLogger(__name__)
_AT_ONCE = 64
_RETRY_S = 5.0


class Ticker(Generic[K]):
    """Knows the next time of each of many things.

    Args:
        clock: the time of day.
        fire: is told of a thing and its time once that has come; it is to set the next one. Where
            it fails, it is called again.
    """

    def __init__(self, clock: Clock, fire: Callable[[K, float], Awaitable[None]]) -> None:
        self._clock = clock
        self._fire = fire
        self._alarm = Alarm(clock)
        self._next: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0
        self._task: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    def set(self, key: K, time: float | None) -> None:
        """Set the next time of a thing, in seconds since the epoch; None for none."""
        if time is None:
            self._next.pop(key, None)
            return
        self._next[key] = time
        self._push(key, time)
        if self._heap[0][0] >= time:
            self._alarm.ring()

    def start(self) -> None:
        """Begin to call."""
        self._task = asyncio.create_task(self._run(), name="ticks")

    async def close(self) -> None:
        """Call no more, and wait for what was begun."""
        self._stopped = True
        self._alarm.ring()
        if self._task is not None:
            await self._task
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        while not self._stopped:
            now = self._clock.time()
            while self._heap and self._heap[0][0] <= now and len(self._running) < _AT_ONCE:
                time, _, key = heapq.heappop(self._heap)
                if self._next.get(key) == time:
                    del self._next[key]
                    task = asyncio.create_task(self._one(key, time))
                    self._running.add(task)
                    task.add_done_callback(self._ended)
            wait_s = LONGEST_S
            if self._heap and len(self._running) < _AT_ONCE:
                wait_s = self._heap[0][0] - now
            await self._alarm.wait(wait_s)

    async def _one(self, key: K, time: float) -> None:
        try:
            await self._fire(key, time)
        except Exception:
            _logger.exception("%s could not be fired; it is tried again", key)
            # Under the same time: who fires must know which tick it is.
            await self._clock.sleep(_RETRY_S)
            if key not in self._next:
                self.set(key, time)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._alarm.ring()

    def _push(self, key: K, time: float) -> None:
        self._count += 1
        heapq.heappush(self._heap, (time, self._count, key))
