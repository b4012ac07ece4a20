"""Delivery policies: how often and when a delivery is tried again.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.limits import RETRIES

_FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")
_GROWTH = 2.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When deliveries are repeated; the defaults are those for HTTP.

    The members are named as in AWS's documents. First come the retries without a delay, then those
    with the least one, then those of the back-off, then those with the greatest.
    """

    minDelayTarget: int = 20  # noqa: N815 - AWS's names, as this and the following are
    maxDelayTarget: int = 20  # noqa: N815
    numRetries: int = 3  # noqa: N815
    numMaxDelayRetries: int = 0  # noqa: N815
    numNoDelayRetries: int = 0  # noqa: N815
    numMinDelayRetries: int = 0  # noqa: N815
    backoffFunction: str = "linear"  # noqa: N815

    def delay_s(self, attempts: int) -> float | None:
        """How long to wait after so many attempts have failed; None where that was the last."""
        retry = attempts - 1
        if retry >= self.numRetries:
            return None
        if retry < self.numNoDelayRetries:
            return 0.0
        if retry < self.numNoDelayRetries + self.numMinDelayRetries:
            return float(self.minDelayTarget)
        if retry >= self.numRetries - self.numMaxDelayRetries:
            return float(self.maxDelayTarget)
        first = self.numNoDelayRetries + self.numMinDelayRetries
        steps = self.numRetries - self.numMaxDelayRetries - first
        return self._backoff((retry - first) / max(1, steps - 1))

    def _backoff(self, way: float) -> float:
        low, high = float(self.minDelayTarget), float(self.maxDelayTarget)
        if self.backoffFunction == "exponential":
            share = (math.pow(_GROWTH, way * 10) - 1) / (math.pow(_GROWTH, 10) - 1)
        elif self.backoffFunction == "geometric":
            return high if low <= 0 else low * math.pow(high / low, way)
        elif self.backoffFunction == "arithmetic":
            share = way * (way + 1) / 2
        else:
            share = way
        return low + (high - low) * share


HTTP_RETRIES = RetryPolicy()
MAIL_RETRIES = RetryPolicy(10, 600, 50, 38, 0, 2, "exponential")
"""AWS's for endpoints that are neither its own services nor HTTP: 50 within six hours."""


def of_topic(text: str | None) -> tuple[RetryPolicy, bool]:
    """Read a topic's DeliveryPolicy; also say whether subscriptions may not have their own.

    Raises:
        InvalidParameter: it is none.
    """
    if not text:
        return HTTP_RETRIES, False
    http = _member(_loaded(text), "http")
    retries = _retries(_member(http, "defaultHealthyRetryPolicy"))
    return retries, http.get("disableSubscriptionOverrides") is True


def of_subscription(text: str | None, topic: str | None) -> RetryPolicy:
    """Read a subscription's DeliveryPolicy, which stands in for its topic's.

    Raises:
        InvalidParameter: it is none.
    """
    inherited, fixed = of_topic(topic)
    if not text:
        return inherited
    policy = _member(_loaded(text), "healthyRetryPolicy")
    own = _retries(policy) if policy else inherited
    return inherited if fixed else own


def content_type(subscription: str | None, topic: str | None) -> str:
    """The content type of what is posted to an HTTP endpoint."""
    own = _member(_loaded(subscription), "requestPolicy") if subscription else {}
    shared = _member(_member(_loaded(topic), "http"), "defaultRequestPolicy") if topic else {}
    told: str = own.get("headerContentType") or shared.get("headerContentType") or ""
    return told or "text/plain; charset=UTF-8"


def effective(policy: RetryPolicy) -> Mapping[str, Any]:
    """Write a policy as AWS tells it."""
    return asdict(policy)


def _retries(policy: Mapping[str, Any]) -> RetryPolicy:
    known = {each.name for each in fields(RetryPolicy)}
    for name, value in policy.items():
        if name not in known:
            raise _bad(f"Unexpected JSON member: {name}")
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


def _loaded(text: str) -> Mapping[str, Any]:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise _bad("Failed to parse JSON")
    return policy


def _member(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = policy.get(name) or {}
    if not isinstance(found, dict):
        raise _bad(f"{name} must be an object")
    return found


def _bad(why: str) -> InvalidParameter:
    return InvalidParameter(f"DeliveryPolicy: {why}")
