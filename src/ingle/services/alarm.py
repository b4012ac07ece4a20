"""Waiting for a time of the clock, or for something that happens before."""

import asyncio

from ingle.clock import Clock

LONGEST_S = 30.0
"""Nobody waits longer at once: the machine's time of day may be set meanwhile."""


class Alarm:
    """Wakes the one that waits.

    Args:
        clock: paces the waiting.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the waiting; the next one too, where nobody waits now."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return after this many seconds or, earlier, when it rings or after `LONGEST_S`."""
        if seconds > 0 and not self._rung.is_set():
            pending = {
                asyncio.ensure_future(self._rung.wait()),
                asyncio.ensure_future(self._clock.sleep(min(seconds, LONGEST_S))),
            }
            try:
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in pending:
                    each.cancel()
                await asyncio.gather(*pending, return_exceptions=True)
        self._rung.clear()
