"""Puts together what comes while a write is under way, so that it goes into the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from ingle.storage.gathering import Gathering

T = TypeVar("T")
R = TypeVar("R")

_MOST = 64


class Gatherer(Generic[T, R]):
    """Hands items on in batches; of those with the same key, one at a time.

    Args:
        write: takes a batch, and returns the result or the error of each.
        key: of an item.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        key: Callable[[T], Hashable],
    ) -> None:
        self._write = write
        self._key = key
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._gathering = Gathering(self._waiting)
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: T) -> R:
        """Hand an item on, and return its result, or raise its error.

        It is handed on also where the caller does not wait for it.
        """
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._gathering.came()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="objects to be written")
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._gathering.complete()
                batch = self._next()
                self._gathering.taken(len(batch))
                results: Sequence[R | Exception]
                try:
                    results = await self._write([item for item, _ in batch])
                except Exception as error:
                    results = [error] * len(batch)
                for (_, answer), result in zip(batch, results, strict=True):
                    if answer.done():
                        continue
                    if isinstance(result, Exception):
                        answer.set_exception(result)
                    else:
                        answer.set_result(result)
        finally:
            self._task = None

    def _next(self) -> list[tuple[T, "asyncio.Future[R]"]]:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        later: list[tuple[T, asyncio.Future[R]]] = []
        keys: set[Hashable] = set()
        while self._waiting and len(batch) < _MOST:
            entry = self._waiting.popleft()
            key = self._key(entry[0])
            (later if key in keys else batch).append(entry)
            keys.add(key)
        self._waiting.extendleft(reversed(later))
        return batch
