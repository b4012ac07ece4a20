"""ArchivePolicy of FIFO topics, and ReplayPolicy of their subscriptions.

Sources: https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html,
https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.limits import ARCHIVE

_POINTS = ("StartingPoint", "EndingPoint")


class Window(NamedTuple):
    """The messages that are replayed, by when they were published.

    Attributes:
        start_ms: the earliest, in milliseconds since the epoch.
        end_ms: the latest; None where there is no end.
    """

    start_ms: int
    end_ms: int | None


def retention_days(text: str | None) -> int | None:
    """Read an ArchivePolicy: for how many days messages are kept; None where they are not.

    Raises:
        InvalidParameter: it is none.
    """
    if not text:
        return None
    policy = _loaded("ArchivePolicy", text, ("MessageRetentionPeriod",))
    if not policy:
        return None
    value = policy["MessageRetentionPeriod"]
    days = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 4 else value
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= ARCHIVE.days:
        raise InvalidParameter(
            "ArchivePolicy: MessageRetentionPeriod must be a number of days from 1 to "
            f"{ARCHIVE.days}"
        )
    return days


def window(text: str | None) -> Window | None:
    """Read a ReplayPolicy; None where nothing is to be replayed.

    Raises:
        InvalidParameter: it is none.
    """
    if not text:
        return None
    policy = _loaded("ReplayPolicy", text, ("PointType", *_POINTS))
    if not policy:
        return None
    if policy.get("PointType") != "Timestamp":
        raise InvalidParameter("ReplayPolicy: PointType must be Timestamp")
    start, end = (_moment(name, policy.get(name)) for name in _POINTS)
    if start is None:
        raise InvalidParameter("ReplayPolicy: StartingPoint is missing")
    if end is not None and end <= start:
        raise InvalidParameter("ReplayPolicy: EndingPoint must be later than StartingPoint")
    return Window(start, end)


def _moment(name: str, text: Any) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        raise InvalidParameter(
            f"ReplayPolicy: {name} must be a time like 2026-01-31T12:00:00.000Z"
        ) from None


def _loaded(name: str, text: str, members: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise InvalidParameter(f"{name}: failed to parse JSON.")
    unknown = [each for each in policy if each not in members]
    if unknown:
        raise InvalidParameter(f"{name}: Unexpected JSON member: {unknown[0]}")
    return policy
