"""How many events of one function run at the same time.

A function that answers quickly needs few sandboxes for many events, so it gets few; one that takes
its time gets more by and by. One that is throttled gets no more than what it was left with, and one
that cannot run at all is left alone for longer and longer.
"""

from ingle.invoke.events.retries import pause_s

FIRST = 8
"""At first."""
SLOW_MS = 25
"""An invocation that runs for so long is worth having others beside it."""
GROW_MS = 100
"""The least time between two steps up."""
RECOVER_MS = 1000
"""The same for a function that was throttled."""


class Pace:
    """The bounds of one function's events.

    Attributes:
        limit: how many may run at the same time.
        refusals: how often in a row none could be run.
        paused_until_ms: when the next attempt is made, in milliseconds since the epoch; 0 is now.
    """

    __slots__ = ("_throttled", "_up_ms", "limit", "paused_until_ms", "refusals")

    def __init__(self) -> None:
        self.limit = FIRST
        self.refusals = 0
        self.paused_until_ms = 0
        self._up_ms = 0
        self._throttled = False

    def may_start(self, running: int, oldest_ms: int, now_ms: int) -> bool:
        """Whether another one may run now; this may raise the limit.

        Args:
            running: how many are.
            oldest_ms: since when the oldest of them is, in milliseconds since the epoch.
            now_ms: the time of day, likewise.
        """
        if now_ms < self.paused_until_ms:
            return False
        self.paused_until_ms = 0
        if running >= self.limit and now_ms >= self.look_again_ms(oldest_ms):
            self.limit += 1 if self._throttled else max(1, self.limit // 4)
            self._up_ms = now_ms
            self._throttled = self._throttled and self.limit < FIRST
        return running < self.limit

    def look_again_ms(self, oldest_ms: int) -> int:
        """Say when `may_start` should be asked again, if nothing happens before."""
        if self.paused_until_ms:
            return self.paused_until_ms
        if self._throttled:
            return self._up_ms + RECOVER_MS
        return max(oldest_ms + SLOW_MS, self._up_ms + GROW_MS)

    def ran(self) -> None:
        """An invocation was not refused."""
        self.refusals = 0
        self.paused_until_ms = 0

    def refused(self, running: int, now_ms: int) -> None:
        """An invocation was throttled, or could not be started.

        Args:
            running: how many others of the function are.
            now_ms: the time of day, in milliseconds since the epoch.
        """
        self.limit = max(1, running)
        self._throttled = True
        self._up_ms = now_ms
        if not running:
            self.refusals += 1
            self.paused_until_ms = now_ms + pause_s(self.refusals) * 1000
