"""Delivery policies: when a delivery is tried again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.retry_policies import (
    HTTP_RETRIES,
    MAIL_RETRIES,
    RetryPolicy,
    content_type,
    of_subscription,
    of_topic,
)


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


def policy_of(**members: Any) -> str:
    return json.dumps({"healthyRetryPolicy": members})


def test_a_subscription_s_policy_stands_in_for_the_topic_s_unless_that_forbids_it() -> None:
    shared = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}}
    own = policy_of(numRetries=5)
    assert of_subscription(None, json.dumps(shared)).numRetries == 1
    assert of_subscription(own, json.dumps(shared)).numRetries == 5
    shared["http"]["disableSubscriptionOverrides"] = True  # type: ignore[assignment]
    assert of_subscription(own, json.dumps(shared)).numRetries == 1


def test_the_content_type_is_the_subscription_s_the_topic_s_or_plain_text() -> None:
    own = '{"requestPolicy": {"headerContentType": "application/json"}}'
    shared = '{"http": {"defaultRequestPolicy": {"headerContentType": "text/xml"}}}'
    assert content_type(own, shared) == "application/json"
    assert content_type(None, shared) == "text/xml"
    assert content_type(None, None) == "text/plain; charset=UTF-8"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '{"healthyRetryPolicy": 1}',
        policy_of(numRetries=-1),
        policy_of(numRetries=101),
        policy_of(numRetries=True),
        policy_of(minDelayTarget=21),
        policy_of(minDelayTarget=0),
        policy_of(maxDelayTarget=3601),
        policy_of(backoffFunction="sideways"),
        policy_of(numNoDelayRetries=4),
        policy_of(numRetries=100, minDelayTarget=60, maxDelayTarget=60),
        policy_of(colour="red"),
    ],
)
def test_what_is_no_delivery_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        of_subscription(text, None)
    assert "DeliveryPolicy" in caught.value.message


def test_a_topic_without_a_policy_has_aws_s() -> None:
    assert of_topic(None) == (HTTP_RETRIES, False)
