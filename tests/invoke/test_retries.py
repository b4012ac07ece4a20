from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke.events.event import Condition, Settings
from ingle.invoke.events.retries import after_failure, is_expired, pause_s

moments = st.integers(0, 10**13)
settings = st.builds(Settings, retries=st.integers(0, 2), age_s=st.integers(60, 21_600))


def test_an_event_is_run_again_after_one_minute_and_then_after_two() -> None:
    assert after_failure(1, 0, 500, Settings()) == 60_500
    assert after_failure(2, 0, 60_500, Settings()) == 180_500
    assert after_failure(3, 0, 180_500, Settings()) is Condition.RETRIES_EXHAUSTED


def test_pauses_double_from_a_second_to_five_minutes() -> None:
    assert [pause_s(number) for number in range(1, 12)] == [
        *(1, 2, 4, 8, 16, 32, 64, 128, 256),
        *(300, 300),
    ]
    assert pause_s(10**6) == 300


@given(settings, moments, st.lists(st.integers(0, 300_000), max_size=3))
def test_no_event_runs_more_often_than_configured_or_after_its_age(
    chosen: Settings, accepted_ms: int, durations: list[int]
) -> None:
    now_ms = accepted_ms
    for failures, duration in enumerate([*durations, 0, 0, 0], start=1):
        assert not is_expired(accepted_ms, now_ms, chosen)
        now_ms += duration
        verdict = after_failure(failures, accepted_ms, now_ms, chosen)
        if isinstance(verdict, Condition):
            assert (verdict is Condition.RETRIES_EXHAUSTED) == (failures == chosen.retries + 1)
            return
        assert verdict - now_ms == 60_000 * failures
        now_ms = verdict
    raise AssertionError("it is never given up")


@given(settings, moments, st.integers(0, 30_000_000))
def test_the_age_counts_from_the_acceptance(
    chosen: Settings, accepted_ms: int, later_ms: int
) -> None:
    assert is_expired(accepted_ms, accepted_ms + later_ms, chosen) == (
        later_ms >= chosen.age_s * 1000
    )
