"""The nouns of asynchronous invocation.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html and its neighbours.
"""

import enum
import functools
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionId = tuple[str, str, str]
"""Account, region and name."""

BacklogKey = tuple[str, str, str, str]
"""Account, region, name and qualifier, "" for none: what waits under one key waits in one line."""

DEFAULT_RETRIES = 2
"""https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
DEFAULT_AGE_S = 21_600
"""Six hours; the same page."""


def new_id() -> int:
    """Make an event's id: microseconds of the time of day for the first, and then one more each.

    Later ones are larger, also over restarts, for fewer than a million are accepted in a second.
    """
    return next(_ids())


@functools.cache
def _ids() -> Iterator[int]:
    return itertools.count(time.time_ns() // 1000)


@dataclass(slots=True, eq=False)
class Event:
    """One event that was accepted, and is on disk until its fate is.

    Attributes:
        key: whose it is, and the qualifier by which it was sent there.
        payload: JSON.
        request_id: 36 characters; each attempt runs under it.
        trace: the value of `X-Amzn-Trace-Id` that it was sent with, or "".
        accepted_ms: milliseconds since the epoch.
        due_ms: when it should run next, likewise.
        attempts: how often the function failed on it.
        id: identifies it; earlier events have smaller ones.
        tenant_id: the tenant that it is for, or "".
    """

    key: BacklogKey
    payload: bytes
    request_id: str
    trace: str
    accepted_ms: int
    due_ms: int
    attempts: int = 0
    id: int = field(default_factory=new_id)
    tenant_id: str = ""

    @property
    def function(self) -> FunctionId:
        """Whose event it is."""
        return self.key[:3]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the events of a function, version or alias are treated.

    Attributes:
        retries: how often it is run again after it failed, 0 to 2.
        age_s: how old an event may get before it is given up, in seconds.
        on_success: the ARN of what is told of events that succeeded, or None.
        on_failure: the same for those that were given up.
        dead_letter: the ARN of the queue or topic that gets those that were given up, or None.
    """

    retries: int = DEFAULT_RETRIES
    age_s: int = DEFAULT_AGE_S
    on_success: str | None = None
    on_failure: str | None = None
    dead_letter: str | None = None


class Condition(enum.StrEnum):
    """Why an event is over, as a destination's record says it."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"
    RECURSIVE_INVOCATION = "RecursiveInvocation"
