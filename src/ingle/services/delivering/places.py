"""Who may have the places in which deliveries are made at once."""

from collections import deque


class Places:
    """Lets a target that failed last have few of them, so that an endpoint that hangs has not all.

    Args:
        failing: how many such a target may have.
        remembered: how many such targets are known at most; the oldest are forgotten.
    """

    def __init__(self, failing: int, remembered: int) -> None:
        self._most = failing
        self._remembered = remembered
        self._failing: dict[str, None] = {}
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[int]] = {}

    def enter(self, target: str, row: int) -> bool:
        """Take a place for a delivery to a target, or keep its row until there is one.

        Returns:
            Whether there is one, which is to be left again.
        """
        running = self._running.get(target, 0)
        if target in self._failing and running >= self._most:
            self._waiting.setdefault(target, deque()).append(row)
            return False
        self._running[target] = running + 1
        return True

    def leave(self, target: str, failed: bool | None) -> list[int]:
        """Give a place back.

        Args:
            target: whose it was.
            failed: whether the target failed; None where it was not asked.

        Returns:
            The rows that waited and may go now.
        """
        running = self._running.pop(target) - 1
        if running:
            self._running[target] = running
        if failed:
            self._failing[target] = None
            if len(self._failing) > self._remembered:
                del self._failing[next(iter(self._failing))]
        elif failed is not None:
            self._failing.pop(target, None)
        waiting = self._waiting.get(target, deque())
        free = self._most - running if target in self._failing else len(waiting)
        rows = [waiting.popleft() for _ in range(min(free, len(waiting)))]
        if not waiting:
            self._waiting.pop(target, None)
        return rows
