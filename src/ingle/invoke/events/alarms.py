"""Wakes the queue when something becomes due."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ingle.clock import Clock

K = TypeVar("K", bound=Hashable)

_LONGEST_S = 60.0
"""The longest sleep: the time of day may be set anew meanwhile."""


class Alarms(Generic[K]):
    """One alarm a key.

    Args:
        clock: the time of day.
        ring: called with the key when its time has come.
    """

    def __init__(self, clock: Clock, ring: Callable[[K], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at: dict[K, int] = {}
        # Entries that `_at` does not agree with are void.
        self._heap: list[tuple[int, int, K]] = []
        self._count = 0
        self._task: asyncio.Task[None] | None = None
        self._sleeping_until_ms = 0

    def set(self, key: K, at_ms: int) -> None:
        """Ring at this time, in milliseconds since the epoch; an earlier alarm stands."""
        there = self._at.get(key)
        if there is not None and there <= at_ms:
            return
        self._at[key] = at_ms
        self._count += 1
        heapq.heappush(self._heap, (at_ms, self._count, key))
        if self._task is None or at_ms < self._sleeping_until_ms:
            self._cancel()
            self._task = asyncio.create_task(self._run(), name="event alarms")

    async def close(self) -> None:
        """Ring no more."""
        task = self._task
        self._heap.clear()
        self._cancel()
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while self._heap:
            at_ms = self._heap[0][0]
            left_s = at_ms / 1000 - self._clock.time()
            if left_s > 0:
                self._sleeping_until_ms = at_ms
                await self._clock.sleep(min(left_s, _LONGEST_S))
                continue
            # While it rings, it looks at what is set by itself.
            self._sleeping_until_ms = 0
            _, _, key = heapq.heappop(self._heap)
            if self._at.get(key) == at_ms:
                del self._at[key]
                self._ring(key)
        self._task = None
