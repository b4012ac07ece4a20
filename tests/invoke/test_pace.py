import itertools

from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke.events.pace import FIRST, GROW_MS, RECOVER_MS, SLOW_MS, Pace


def grown(pace: Pace, running: int, oldest_ms: int, now_ms: int) -> int:
    pace.may_start(running, oldest_ms, now_ms)
    return pace.limit


def test_a_function_that_answers_quickly_keeps_the_first_limit() -> None:
    pace = Pace()
    for now_ms in range(1000, 5000, 10):
        assert grown(pace, FIRST, now_ms - SLOW_MS + 1, now_ms) == FIRST


def test_a_function_that_takes_its_time_gets_more_step_by_step() -> None:
    pace = Pace()
    limits = [grown(pace, pace.limit, 1000, now_ms) for now_ms in range(1000, 3000, 10)]
    assert limits == sorted(limits)
    assert limits[-1] > 8 * FIRST
    steps = [now_ms for now_ms in range(1, len(limits)) if limits[now_ms] > limits[now_ms - 1]]
    assert all(later - earlier >= GROW_MS // 10 for earlier, later in itertools.pairwise(steps))


def test_a_throttled_function_goes_on_with_what_it_has_and_tries_one_more_each_second() -> None:
    pace = Pace()
    pace.refused(3, 1000)
    assert pace.limit == 3
    assert pace.may_start(2, 1000, 1001)
    assert not pace.may_start(3, 1000, 1000 + RECOVER_MS - 1)
    assert pace.may_start(3, 1000, 1000 + RECOVER_MS)
    assert pace.limit == 4


def test_a_function_that_cannot_run_at_all_is_left_alone_for_longer_and_longer() -> None:
    pace = Pace()
    now_ms = 1000
    for pause_s in (1, 2, 4, 8):
        pace.refused(0, now_ms)
        assert pace.look_again_ms(0) == now_ms + pause_s * 1000
        assert not pace.may_start(0, 0, now_ms + pause_s * 1000 - 1)
        now_ms += pause_s * 1000
        assert pace.may_start(0, 0, now_ms)
    pace.ran()
    pace.refused(0, now_ms)
    assert pace.look_again_ms(0) == now_ms + 1000


events = st.lists(
    st.tuples(st.sampled_from(["start", "end", "refuse", "wait"]), st.integers(0, 5000)),
    max_size=200,
)


@given(events)
def test_something_may_run_at_the_latest_when_it_says_to_look_again(
    script: list[tuple[str, int]],
) -> None:
    pace, running, now_ms = Pace(), [], 10_000
    for what, wait_ms in script:
        now_ms += wait_ms
        oldest_ms = running[0] if running else 0
        if what == "start" and pace.may_start(len(running), oldest_ms, now_ms):
            running.append(now_ms)
        elif what == "end" and running:
            running.pop(0)
            pace.ran()
        elif what == "refuse" and running:
            running.pop()
            pace.refused(len(running), now_ms)
        assert pace.limit >= 1
        oldest_ms = running[0] if running else 0
        if not pace.may_start(len(running), oldest_ms, now_ms):
            again_ms = pace.look_again_ms(oldest_ms)
            assert again_ms > now_ms
            assert again_ms <= now_ms + 300_000
            assert pace.may_start(len(running), oldest_ms, again_ms)
