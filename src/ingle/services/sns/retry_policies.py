"""Retry policies: how often and when a delivery is tried again.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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

    def described(self) -> Mapping[str, Any]:
        """Write it as AWS tells it."""
        return asdict(self)

    def _backoff(self, way: float) -> float:
        low, high = float(self.minDelayTarget), float(self.maxDelayTarget)
        if self.backoffFunction == "exponential":
            share = (math.pow(_GROWTH, way * 10) - 1) / (math.pow(_GROWTH, 10) - 1)
        elif self.backoffFunction == "geometric":
            # Never past the end, as rounding would have it.
            return high if low <= 0 else min(high, low * math.pow(high / low, way))
        elif self.backoffFunction == "arithmetic":
            share = way * (way + 1) / 2
        else:
            share = way
        return low + (high - low) * share


HTTP_RETRIES = RetryPolicy()
MAIL_RETRIES = RetryPolicy(10, 600, 50, 38, 0, 2, "exponential")
"""AWS's for endpoints that are neither its own services nor HTTP: 50 within six hours."""
