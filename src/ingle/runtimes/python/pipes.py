"""The pipes that sandboxes write their output to."""

from __future__ import annotations

import fcntl
import os

CAPACITY = max(16_384, os.sysconf("SC_PAGE_SIZE"))
"""Bytes. The server takes all that a pipe holds at once when an invocation is over, and every byte
of it may be a log event of its own."""
_F_SETPIPE_SZ, _F_GETPIPE_SZ = 1031, 1032
"""https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html"""


def open_output() -> tuple[int, int]:
    """Make a pipe of this capacity; return its two ends, to read and to write."""
    read, write = os.pipe2(os.O_CLOEXEC)
    if fcntl.fcntl(write, _F_GETPIPE_SZ) > CAPACITY:
        fcntl.fcntl(write, _F_SETPIPE_SZ, CAPACITY)
    return read, write
