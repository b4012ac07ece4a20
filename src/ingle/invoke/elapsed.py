"""What something with a limit took."""

from time import perf_counter

from ingle.pool.sandbox import Ending, Outcome


def elapsed(began: float, limit_s: float, outcome: Outcome | None) -> float:
    """Return the seconds since something began; the whole limit where that ran out.

    Timers of the event loop count from its last turn, so they end a little early.

    Args:
        began: when, by `perf_counter`.
        limit_s: the limit, in seconds.
        outcome: how it came out; None where that does not matter.
    """
    seconds = perf_counter() - began
    if outcome is not None and outcome.ending is Ending.TIMEOUT:
        return max(seconds, limit_s)
    return seconds
