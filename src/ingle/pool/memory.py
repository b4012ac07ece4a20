"""How much memory there is for sandboxes."""

import os
from collections.abc import Sequence
from pathlib import Path

MB = 1024 * 1024
_MEMINFO = Path("/proc/meminfo")
_RESERVE = 0.05
"""The part of the machine's memory that sandboxes must leave free."""
_CACHES = (b"total_inactive_file", b"inactive_file")
"""What the kernel takes back when it needs memory, in version 1 and 2 of control groups."""
_MOST_TEXT = 16_384


def total_memory() -> int:
    """Return the machine's memory, in bytes."""
    return _machine("MemTotal")


class Memory:
    """The memory that sandboxes may have, of the machine's and of their own limit.

    Args:
        limit: the most that all of them may use together, in bytes; 0 for no limit.
        usage: descriptors of the files with what they use, in bytes, and of what it is used for,
            where there is a limit.

    Attributes:
        limit: the same, or all that the machine has.
    """

    def __init__(self, limit: int, usage: Sequence[int]) -> None:
        total = total_memory()
        self.limit = limit or total
        self._usage = usage
        self._reserve = int(total * _RESERVE)

    def free(self) -> int:
        """Return what new sandboxes can have, in bytes; less than 0 where they have too much.

        Source: https://www.kernel.org/doc/html/latest/filesystems/proc.html#meminfo
        """
        free = _machine("MemAvailable") - self._reserve
        if self._usage:
            total, kinds = self._usage
            left = self.limit - int(os.pread(total, 32, 0))
            # Adding up what it is used for takes the kernel a while.
            free = min(free, left if left > free else left + _caches(kinds))
        return free


def _caches(kinds: int) -> int:
    caches = 0
    for line in os.pread(kinds, _MOST_TEXT, 0).splitlines():
        name, _, number = line.partition(b" ")
        if name in _CACHES:
            caches = int(number)  # version 1 tells of what is in the folder after the folder
    return caches


def _machine(name: str) -> int:
    for line in _MEMINFO.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise ValueError(f"{_MEMINFO} does not tell {name}")
