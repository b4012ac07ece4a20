"""What a limit ended took the whole limit, however early the timer was."""

from time import perf_counter

from ingle.invoke.elapsed import elapsed
from ingle.pool.sandbox import Ending, Outcome


def test_what_a_limit_ended_took_the_limit_at_least() -> None:
    timeout = Outcome(Ending.TIMEOUT)
    assert elapsed(perf_counter(), 60.0, timeout) == 60.0
    assert 60.0 < elapsed(perf_counter() - 61, 60.0, timeout) < 100


def test_what_ended_by_itself_took_what_it_took() -> None:
    for outcome in (Outcome(Ending.RESULT), None):
        assert elapsed(perf_counter(), 60.0, outcome) < 60
