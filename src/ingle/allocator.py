"""Has the C library keep less of the memory that the server has freed."""

import ctypes

_M_ARENA_MAX = -8
_ARENAS = 2


def keep_less() -> None:
    """Have all threads share a few arenas, before there are any threads.

    glibc otherwise gives each thread an arena of its own, and each keeps what the largest upload or
    download left in it: with ten of those at once, the server stays twice as much larger. Threads
    hardly wait for each other there, as few of them run Python at the same time. Other C libraries
    have no such arenas.
    Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
