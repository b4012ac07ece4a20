"""DeliveryPolicy of topics and subscriptions: retries, the rate, and the type of the content.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import orjson

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.limits import RETRIES
from ingle.services.sns.retry_policies import HTTP_RETRIES, RetryPolicy

PLAIN_TEXT = "text/plain; charset=UTF-8"
_CONTENT_TYPES = frozenset(
    {
        "application/atom+xml",
        "application/json",
        "application/octet-stream",
        "application/soap+xml",
        "application/x-www-form-urlencoded",
        "application/xhtml+xml",
        "application/xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/plain",
        "text/xml",
    }
)
_FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")
_OF_TOPIC = (
    "defaultHealthyRetryPolicy",
    "defaultSicklyRetryPolicy",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
    "disableSubscriptionOverrides",
)
_OF_SUBSCRIPTION = (
    "healthyRetryPolicy",
    "sicklyRetryPolicy",
    "throttlePolicy",
    "requestPolicy",
    "guaranteed",
)
_RETRY_MEMBERS = tuple(each.name for each in fields(RetryPolicy))


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How an HTTP endpoint is delivered to.

    Attributes:
        retries: when deliveries are repeated.
        per_second: how many there are at most, on average; None for any number.
        content_type: of what is posted.
        is_fixed: whether subscriptions may not have other ones.
    """

    retries: RetryPolicy = HTTP_RETRIES
    per_second: int | None = None
    content_type: str = PLAIN_TEXT
    is_fixed: bool = False

    def described(self) -> str:
        """Write it as AWS tells it of a subscription."""
        return orjson.dumps(
            {
                "healthyRetryPolicy": self.retries.described(),
                "sicklyRetryPolicy": None,
                "throttlePolicy": self._throttle(),
                "requestPolicy": {"headerContentType": self.content_type},
                "guaranteed": False,
            }
        ).decode()

    def described_of_topic(self) -> str:
        """Write it as AWS tells it of a topic."""
        throttle = self._throttle()
        return orjson.dumps(
            {
                "http": {
                    "defaultHealthyRetryPolicy": self.retries.described(),
                    "disableSubscriptionOverrides": self.is_fixed,
                    **({} if throttle is None else {"defaultThrottlePolicy": throttle}),
                    "defaultRequestPolicy": {"headerContentType": self.content_type},
                }
            }
        ).decode()

    def _throttle(self) -> Mapping[str, int] | None:
        return None if self.per_second is None else {"maxReceivesPerSecond": self.per_second}


def of_topic(text: str | None) -> DeliveryPolicy:
    """Read a topic's DeliveryPolicy.

    Raises:
        InvalidParameter: it is none.
    """
    if not text:
        return DeliveryPolicy()
    policy = _loaded(text)
    _check_members(policy, ("http",))
    http = _member(policy, "http")
    _check_members(http, _OF_TOPIC)
    # Who is delivered to is not told from who is ill, so that this is only looked at.
    _retries(_member(http, "defaultSicklyRetryPolicy"))
    fixed = http.get("disableSubscriptionOverrides", False)
    if not isinstance(fixed, bool):
        raise _bad("disableSubscriptionOverrides must be true or false")
    return DeliveryPolicy(
        _retries(_member(http, "defaultHealthyRetryPolicy")),
        _per_second(_member(http, "defaultThrottlePolicy")),
        _content_type(_member(http, "defaultRequestPolicy")) or PLAIN_TEXT,
        fixed,
    )


def of_subscription(text: str | None, topic: str | None) -> DeliveryPolicy:
    """Read a subscription's DeliveryPolicy, whose members stand in for those of its topic's.

    Raises:
        InvalidParameter: it is none.
    """
    inherited = of_topic(topic)
    if not text:
        return inherited
    policy = _loaded(text)
    _check_members(policy, _OF_SUBSCRIPTION)
    _retries(_member(policy, "sicklyRetryPolicy"))
    healthy = _member(policy, "healthyRetryPolicy")
    own = DeliveryPolicy(
        _retries(healthy) if healthy else inherited.retries,
        _per_second(_member(policy, "throttlePolicy")) or inherited.per_second,
        _content_type(_member(policy, "requestPolicy")) or inherited.content_type,
    )
    return inherited if inherited.is_fixed else own


def _retries(policy: Mapping[str, Any]) -> RetryPolicy:
    _check_members(policy, _RETRY_MEMBERS)
    for name, value in policy.items():
        if name == "backoffFunction":
            if value not in _FUNCTIONS:
                raise _bad("backoffFunction must be one of " + ", ".join(_FUNCTIONS))
        elif isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _bad(f"{name} must be a whole number greater than or equal to 0")
    made = RetryPolicy(**policy)
    if not 1 <= made.minDelayTarget <= made.maxDelayTarget <= RETRIES.delay_s:
        raise _bad(
            "minDelayTarget must be between 1 and maxDelayTarget, and that at most "
            f"{RETRIES.delay_s}"
        )
    if made.numRetries > RETRIES.retries:
        raise _bad(f"numRetries must be at most {RETRIES.retries}")
    if made.numNoDelayRetries + made.numMinDelayRetries + made.numMaxDelayRetries > made.numRetries:
        raise _bad("numRetries must be greater than or equal to the sum of the retries of phases")
    delays = [made.delay_s(attempt) or 0.0 for attempt in range(1, made.numRetries + 1)]
    if sum(delays) > RETRIES.total_s:
        raise _bad(f"the total delay of all retries must be at most {RETRIES.total_s} seconds")
    return made


def _per_second(policy: Mapping[str, Any]) -> int | None:
    _check_members(policy, ("maxReceivesPerSecond",))
    value = policy.get("maxReceivesPerSecond")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise _bad("maxReceivesPerSecond must be a whole number greater than or equal to 1")
    return value


def _content_type(policy: Mapping[str, Any]) -> str | None:
    _check_members(policy, ("headerContentType",))
    value = policy.get("headerContentType")
    if value is None:
        return None
    plain = value.removesuffix("; charset=UTF-8") if isinstance(value, str) else value
    if not isinstance(plain, str) or plain not in _CONTENT_TYPES:
        raise _bad(f"headerContentType must be one of {', '.join(sorted(_CONTENT_TYPES))}")
    return str(value)


def _loaded(text: str) -> Mapping[str, Any]:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise _bad("failed to parse JSON.")
    return policy


def _member(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = policy.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _bad(f"{name} must be an object")
    return found


def _check_members(policy: Mapping[str, Any], known: Collection[str]) -> None:
    for name in policy:
        if name not in known:
            raise _bad(f"Unexpected JSON member: {name}")


def _bad(why: str) -> InvalidParameter:
    return InvalidParameter(f"DeliveryPolicy: {why}")
