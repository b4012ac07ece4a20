"""Commits that many share: how long one waits for those who are about to come."""

import asyncio
from collections.abc import Sized

GATHER_S = 0.002
"""How long a commit waits for as many as the last one had."""


class Gathering:
    """Lets those come who are about to: clients that were answered together send together.

    Args:
        waiting: those who wait for the next commit.
    """

    def __init__(self, waiting: Sized) -> None:
        self._waiting = waiting
        self._usual = 1
        self._complete: asyncio.Future[None] | None = None

    def came(self) -> None:
        """To be called when somebody has come."""
        if len(self._waiting) >= self._usual:
            self._wake()

    def taken(self, count: int) -> None:
        """To be called with how many a commit takes: so many are waited for the next time."""
        self._usual = max(1, count)

    async def complete(self) -> None:
        """Return once as many have come as the last time, or `GATHER_S` have passed."""
        if len(self._waiting) >= self._usual:
            return
        loop = asyncio.get_running_loop()
        self._complete = loop.create_future()
        timer = loop.call_later(GATHER_S, self._wake)
        try:
            await self._complete
        finally:
            timer.cancel()
            self._complete = None

    def _wake(self) -> None:
        if self._complete is not None and not self._complete.done():
            self._complete.set_result(None)
