"""A clock that stands still until a test moves it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class ManualClock:
    """Starts on 2026-01-01 at midnight UTC."""

    START = 1_767_225_600.0

    def __init__(self) -> None:
        self.now = 0.0
        self._moved = asyncio.Condition()

    def time(self) -> float:
        return self.START + self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        # From this call on, not from when a task of it begins: a test may move on between.
        return self._reach(self.now + seconds)

    async def _reach(self, until: float) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.now >= until)

    async def advance(self, seconds: float) -> None:
        """Move on, and wake who slept long enough."""
        async with self._moved:
            self.now += seconds
            self._moved.notify_all()
