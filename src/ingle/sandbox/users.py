"""The users of sandboxes: each has one that nobody else on the machine has."""

import errno
import socket
from collections.abc import Iterable

FIRST_UID = 1_879_048_192
"""They are counted up from here, 0x70000000, where no machine has users of its own."""
BLOCK = 262_144
"""How many users a server has for itself: more than the 100,000 sandboxes that it may have."""
BLOCKS = 1024
"""As many as there are below 0x80000000, from where on some programs take them for negative."""


class Users:
    """Hands out users of a block that no other server on this machine has.

    A server has its block for as long as it has a socket of that name (in the abstract namespace of
    the network that it is started in), which ends with it, however it ends.

    Args:
        blocks: those to choose from; the first that is free is taken, or the first of all.
    """

    def __init__(self, blocks: Iterable[int] = range(BLOCKS)) -> None:
        self._held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        candidates = list(blocks)
        block = next((each for each in candidates if self._hold(each)), candidates[0])
        self._next = FIRST_UID + block * BLOCK
        self._free: list[int] = []

    def take(self) -> int:
        """Return a user that no sandbox has."""
        if self._free:
            return self._free.pop()
        self._next += 1
        return self._next - 1

    def give_back(self, uid: int) -> None:
        """Have a user taken again."""
        self._free.append(uid)

    def close(self) -> None:
        """Leave the block to others."""
        self._held.close()

    def _hold(self, block: int) -> bool:
        try:
            self._held.bind(f"\0ingle/users/{block}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True
