"""Retry policies: when a delivery is tried again."""

from hypothesis import example, given
from hypothesis import strategies as st

from ingle.services.sns.retry_policies import HTTP_RETRIES, MAIL_RETRIES, RetryPolicy


def delays(policy: RetryPolicy) -> list[float]:
    found = []
    while (delay := policy.delay_s(len(found) + 1)) is not None:
        found.append(delay)
    return found


def test_http_endpoints_are_tried_three_times_again_at_intervals_of_twenty_seconds() -> None:
    assert delays(HTTP_RETRIES) == [20, 20, 20]


def test_mails_are_tried_fifty_times_again_within_hours() -> None:
    found = delays(MAIL_RETRIES)
    assert len(found) == 50
    assert found[:3] == [10, 10, 10]
    assert found[-38:] == [600] * 38
    assert sum(found) > 6 * 3600


def test_the_phases_follow_one_another() -> None:
    policy = RetryPolicy(5, 50, 9, 2, 1, 2, "linear")
    assert delays(policy) == [0, 5, 5, 5, 20, 35, 50, 50, 50]


@example(low=84, more=90, phases=[0, 0, 2, 1], function="geometric")
@given(
    low=st.integers(1, 100),
    more=st.integers(0, 100),
    phases=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    function=st.sampled_from(["arithmetic", "exponential", "geometric", "linear"]),
)
def test_delays_only_grow_and_stay_within_their_bounds(
    low: int, more: int, phases: list[int], function: str
) -> None:
    none, least, _, most = phases
    policy = RetryPolicy(low, low + more, sum(phases), most, none, least, function)
    found = delays(policy)
    assert len(found) == sum(phases)
    assert found[:none] == [0] * none
    assert all(low - 1e-6 <= each <= low + more + 1e-6 for each in found[none:])
    assert found == sorted(found)
