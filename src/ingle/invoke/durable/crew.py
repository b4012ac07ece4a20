"""Does work on executions, so many at a time."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

_logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)


class Crew(Generic[K]):
    """Works on one key after another, and on none twice at the same time.

    Args:
        work: what is done; if it is asked for again meanwhile, it is done once more afterwards.
        limit: how many keys are worked on at the same time.
    """

    def __init__(self, work: Callable[[K], Awaitable[None]], limit: int) -> None:
        self._work = work
        self._limit = limit
        self._waiting: deque[K] = deque()
        self._queued: set[K] = set()
        self._tasks: dict[K, asyncio.Task[None]] = {}
        self._again: set[K] = set()
        self._stopped = False

    def __len__(self) -> int:
        """How many keys wait for their turn."""
        return len(self._waiting)

    def add(self, key: K) -> None:
        """Have a key worked on."""
        if self._stopped or key in self._queued:
            return
        if key in self._tasks:
            self._again.add(key)
            return
        self._queued.add(key)
        self._waiting.append(key)
        self._pump()

    def stop(self) -> None:
        """Begin with no more; what is being worked on goes on."""
        self._stopped = True
        self._waiting.clear()
        self._queued.clear()
        self._again.clear()

    async def close(self) -> None:
        """Cut off what is being worked on."""
        self.stop()
        for task in self._tasks.values():
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def _pump(self) -> None:
        while self._waiting and len(self._tasks) < self._limit:
            key = self._waiting.popleft()
            self._queued.discard(key)
            task = asyncio.ensure_future(self._work(key))
            self._tasks[key] = task
            task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: K, task: "asyncio.Task[None]") -> None:
        del self._tasks[key]
        if not task.cancelled() and task.exception() is not None:
            _logger.error("work on a durable execution failed", exc_info=task.exception())
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        self._pump()
