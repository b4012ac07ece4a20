"""Does work on executions, so many at a time."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

_logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)


class Crew(Generic[K]):
    """Works on one key after another, and on none twice at the same time.

    Keys belong to groups, which have turns. A group of which nothing is being worked on gets a
    place also where others have taken all of the usual ones: nobody waits for somebody else's work.

    Args:
        work: what is done; if it is asked for again meanwhile, it is done once more afterwards.
        steady: how many keys are worked on at the same time.
        most: how many at most, as long as each group has one of the others.
    """

    def __init__(self, work: Callable[[K], Awaitable[None]], steady: int, most: int) -> None:
        self._work = work
        self._steady = steady
        self._most = most
        self._waiting: dict[Hashable, deque[K]] = {}
        self._queued: set[K] = set()
        self._tasks: dict[K, asyncio.Task[None]] = {}
        self._busy: Counter[Hashable] = Counter()
        self._again: set[K] = set()
        self._stopped = False

    def __len__(self) -> int:
        """How many keys wait for their turn."""
        return len(self._queued)

    def add(self, key: K, group: Hashable = None) -> None:
        """Have a key of a group worked on."""
        if self._stopped or key in self._queued:
            return
        if key in self._tasks:
            self._again.add(key)
            return
        self._queued.add(key)
        self._waiting.setdefault(group, deque()).append(key)
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
        while (group := self._next()) is not _NOBODY:
            keys = self._waiting.pop(group)
            key = keys.popleft()
            if keys:  # behind the others
                self._waiting[group] = keys
            self._queued.discard(key)
            self._busy[group] += 1
            task = asyncio.ensure_future(self._work(key))
            self._tasks[key] = task
            task.add_done_callback(partial(self._ended, key, group))

    def _next(self) -> Hashable:
        """Say whose turn it is."""
        running = len(self._tasks)
        if running < self._steady:
            return next(iter(self._waiting), _NOBODY)
        if running < self._most:
            return next((each for each in self._waiting if each not in self._busy), _NOBODY)
        return _NOBODY

    def _ended(self, key: K, group: Hashable, task: "asyncio.Task[None]") -> None:
        del self._tasks[key]
        self._busy[group] -= 1
        if not self._busy[group]:
            del self._busy[group]
        if not task.cancelled() and task.exception() is not None:
            _logger.error("work on a durable execution failed", exc_info=task.exception())
        if key in self._again:
            self._again.discard(key)
            self.add(key, group)
        self._pump()


_NOBODY = object()
