from hypothesis import given
from hypothesis import strategies as st

from ingle.metering.standing import Kind, Standing, StandingKey, charge, due_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@given(
    st.sampled_from(Kind),
    st.integers(1, 10_240),
    st.integers(0, 10**13),
    st.lists(st.integers(1, 40 * DAY_MS), max_size=20),
    st.integers(0, DAY_MS),
)
def test_however_often_one_looks_the_same_is_charged(
    kind: Kind, amount: int, since_ms: int, steps: list[int], rest: int
) -> None:
    key = StandingKey(kind, "0" * 12, "us-east-1", "hello", "1")
    standing, now, charged = Standing("x86_64", amount, since_ms), since_ms, 0
    days: dict[int, int] = {}
    for step, last in [*((each, False) for each in steps), (rest, True)]:
        now += step
        standing, added = charge(key, standing, now, last=last)
        for whose, _, value in added:
            charged += value
            days[whose.day] = days.get(whose.day, 0) + value
    unit = 1000 if kind is Kind.CODE else 1
    expected = due_ms(kind, now - since_ms) * amount // unit
    # Parts of a second of code are rounded down where a day ends, and at each look.
    assert expected - len(days) - 2 * len(steps) - 2 <= charged <= expected
    if kind is not Kind.CODE:
        assert charged == expected
        assert all(value <= DAY_MS * amount for value in days.values())


@given(st.sampled_from(Kind), st.integers(0, 10**10), st.integers(0, 10**10))
def test_longer_is_never_cheaper(kind: Kind, one_ms: int, more_ms: int) -> None:
    assert due_ms(kind, one_ms) <= due_ms(kind, one_ms + more_ms)
    assert one_ms <= due_ms(kind, one_ms)
