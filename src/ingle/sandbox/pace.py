"""How much output to read at a time, so that whatever it holds, others get their turn."""

import time
from collections.abc import Callable

from ingle.runtimes.python import pipes

_TURN_S = 0.001
"""How long the event loop should be busy with one piece, at most."""
_LEAST, _FIRST = 512, 4096


class Pace:
    """Sizes the pieces in which one pipe is read, by how long it takes to take them.

    Attributes:
        size: of the next piece, in bytes.
    """

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = _FIRST

    def take(self, on_output: Callable[[bytes], bool], data: bytes) -> bool:
        """Hand over a piece, and return what that returned."""
        began = time.perf_counter()
        going_on = on_output(data)
        taken_s = time.perf_counter() - began
        # A kilobyte may be one line or a thousand.
        if taken_s > _TURN_S:
            self.size = max(_LEAST, self.size // 2)
        elif taken_s < _TURN_S / 4:
            self.size = min(pipes.CAPACITY, self.size * 2)
        return going_on
