"""How many sandboxes of a runtime to keep ready before anybody asks for them."""

import collections


class Stock:
    """Follows recent demand: as many as were taken within the window, between two bounds.

    Args:
        least: kept even when nothing was asked for.
        most: never more than these.
        window_s: how long a demand is remembered.
    """

    def __init__(self, least: int, most: int, window_s: float) -> None:
        self._least = least
        self._most = most
        self._window_s = window_s
        self._taken: collections.deque[float] = collections.deque(maxlen=most)
        self._broken = False

    def take(self, now: float) -> None:
        """Remember that one was asked for."""
        self._taken.append(now)
        self._broken = False

    def fail(self) -> None:
        """One ended while it waited: keep none until one is asked for, who is then told why."""
        self._broken = True

    def wanted(self, now: float) -> int:
        """Return how many should be ready.

        Args:
            now: seconds, of the same clock as for `take`.
        """
        while self._taken and self._taken[0] <= now - self._window_s:
            self._taken.popleft()
        return 0 if self._broken else max(self._least, len(self._taken))
