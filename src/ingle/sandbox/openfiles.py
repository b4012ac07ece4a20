"""How many files the server may have open, and how many sandboxes that is enough for."""

import resource

_OWN = 128
"""What the server has open besides: the database, blobs, connections of clients that wait."""
_EACH = 9
"""A sandbox's channel, output, memory, freezer, two listening sockets, one for traces and a
spare one, and the connection of whoever invokes it."""

TOO_MANY = "the server has too many files open (ulimit -Hn); lower its concurrency"


def most() -> int:
    """Return how many files this process may have open once it asks for all it may."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def claim() -> int:
    """Have as many open files as this process may, and return how many."""
    hard = most()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def sandboxes(files: int) -> int:
    """Return how many sandboxes a server can have with this many open files; at least one."""
    return max(1, (files - _OWN) // _EACH)


def needed(count: int) -> int:
    """Return how many open files a server needs for so many sandboxes."""
    return _OWN + _EACH * count
