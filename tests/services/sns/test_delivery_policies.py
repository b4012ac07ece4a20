"""Delivery policies: what they may say, and what of a topic's its subscriptions have."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.sns.delivery_policies import (
    PLAIN_TEXT,
    DeliveryPolicy,
    of_subscription,
    of_topic,
)
from ingle.services.sns.errors import InvalidParameter


def policy_of(**members: Any) -> str:
    return json.dumps({"healthyRetryPolicy": members})


def of_http(**members: Any) -> str:
    return json.dumps({"http": members})


def test_without_a_policy_aws_s_own_is_in_force() -> None:
    policy = of_subscription(None, None)
    assert policy == DeliveryPolicy()
    assert (policy.per_second, policy.content_type) == (None, PLAIN_TEXT)


def test_what_a_subscription_says_stands_in_for_what_its_topic_says() -> None:
    shared = of_http(
        defaultHealthyRetryPolicy={"numRetries": 1},
        defaultThrottlePolicy={"maxReceivesPerSecond": 7},
        defaultRequestPolicy={"headerContentType": "text/xml"},
    )
    inherited = of_subscription(None, shared)
    assert inherited.retries.numRetries == 1
    assert (inherited.per_second, inherited.content_type) == (7, "text/xml")
    own = of_subscription(policy_of(numRetries=5), shared)
    assert own.retries.numRetries == 5
    assert (own.per_second, own.content_type) == (7, "text/xml")
    rest = {
        "throttlePolicy": {"maxReceivesPerSecond": 2},
        "requestPolicy": {"headerContentType": "application/json; charset=UTF-8"},
    }
    other = of_subscription(json.dumps(rest), shared)
    assert other.retries.numRetries == 1
    assert (other.per_second, other.content_type) == (2, "application/json; charset=UTF-8")


def test_a_topic_can_forbid_subscriptions_to_have_their_own() -> None:
    shared = of_http(defaultHealthyRetryPolicy={"numRetries": 1}, disableSubscriptionOverrides=True)
    assert of_subscription(policy_of(numRetries=5), shared) == of_topic(shared)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '{"healthyRetryPolicy": 1}',
        '{"healthyPolicy": {}}',
        '{"throttlePolicy": {"maxReceivesPerSecond": 0}}',
        '{"throttlePolicy": {"maxReceivesPerSecond": 1.5}}',
        '{"throttlePolicy": {"perSecond": 1}}',
        '{"requestPolicy": {"headerContentType": "text/plain\\r\\nx: y"}}',
        '{"requestPolicy": {"headerContentType": 5}}',
        '{"sicklyRetryPolicy": {"numRetries": -1}}',
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


@pytest.mark.parametrize(
    "text",
    [
        '{"https": {}}',
        '{"http": []}',
        of_http(healthyRetryPolicy={}),
        of_http(disableSubscriptionOverrides="yes"),
    ],
)
def test_what_is_no_delivery_policy_of_a_topic_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        of_topic(text)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
MEMBERS = st.sampled_from(
    [
        "minDelayTarget",
        "maxDelayTarget",
        "numRetries",
        "numNoDelayRetries",
        "backoffFunction",
        "maxReceivesPerSecond",
        "headerContentType",
        "x",
    ]
)
PARTS = st.sampled_from(["healthyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"])


@given(st.dictionaries(PARTS, VALUES | st.dictionaries(MEMBERS, VALUES | st.lists(VALUES))))
def test_any_policy_says_how_to_deliver_or_is_refused(policy: dict[str, Any]) -> None:
    try:
        made = of_subscription(json.dumps(policy), None)
    except InvalidParameter:
        return
    assert all(0 <= (made.retries.delay_s(attempt) or 0) <= 3600 for attempt in range(1, 102))
    assert made.content_type.isascii()
    assert made.per_second is None or made.per_second >= 1
