"""Schedule expressions: `rate(…)`, `cron(…)` and `at(…)`.

Rules of EventBridge and schedules of EventBridge Scheduler have them in common.
Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import math
import re
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingle.services.cron import Cron, InvalidCron

_RATE = re.compile(r"rate\(\s*(\d{1,9})\s+(minute|hour|day)(s?)\s*\)", re.ASCII)
_CRON = re.compile(r"cron\((.*)\)", re.ASCII | re.DOTALL)
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)", re.ASCII)
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


class InvalidExpression(ValueError):
    """A text is no schedule expression; the message says why, in English."""


class Times(Protocol):
    """The times that an expression names, in seconds since the epoch."""

    def next_after(self, moment: float) -> float | None:
        """Find the first time after a moment; None where there is no more."""
        ...

    def last_before(self, first: float, moment: float) -> float:
        """Find the last time that is not after a moment, going on from one that is not."""
        ...


class Rate:
    """Equal distances from a beginning on.

    Args:
        every_s: the distance.
        start: the beginning, which is one of the times itself where `from_start` is set.
        from_start: whether it is.
    """

    def __init__(self, every_s: int, start: float, *, from_start: bool = False) -> None:
        self._every_s = every_s
        self._start = start
        self._first = 0 if from_start else 1

    def next_after(self, moment: float) -> float | None:
        """Find the first time after a moment."""
        passed = math.floor((moment - self._start) / self._every_s) + 1
        return self._start + max(passed, self._first) * self._every_s

    def last_before(self, first: float, moment: float) -> float:
        """Find the last time that is not after a moment."""
        return first + (moment - first) // self._every_s * self._every_s


class Calendar:
    """The minutes of a cron expression in a time zone.

    A time that clocks skip in spring is left out, and one that they show twice in autumn counts
    once, the first time.

    Args:
        cron: the minutes.
        zone: where clocks show them.
    """

    def __init__(self, cron: Cron, zone: ZoneInfo) -> None:
        self._cron = cron
        self._zone = zone

    def next_after(self, moment: float) -> float | None:
        """Find the first time after a moment."""
        wall = datetime.fromtimestamp(moment, self._zone).replace(tzinfo=None, fold=0)
        while True:
            found = self._cron.next_after(wall)
            if found is None:
                return None
            time = self._time(found)
            if time is not None and time > moment:
                return time
            wall = found

    def last_before(self, first: float, moment: float) -> float:
        """Find the last time that is not after a moment."""
        # Looks back over ever longer spans, rather than forward over years of minutes.
        span = 120.0
        while moment - span > first:
            found = self.next_after(moment - span)
            if found is not None and found <= moment:
                first = found
                break
            span *= 8
        while (following := self.next_after(first)) is not None and following <= moment:
            first = following
        return first

    def _time(self, wall: datetime) -> float | None:
        zoned = wall.replace(tzinfo=self._zone)
        back = zoned.astimezone(UTC).astimezone(self._zone)
        return zoned.timestamp() if back.replace(tzinfo=None, fold=0) == wall else None


class Once:
    """One time.

    Args:
        time: in seconds since the epoch.
    """

    def __init__(self, time: float) -> None:
        self.time = time

    def next_after(self, moment: float) -> float | None:
        """Return that time where it is after a moment."""
        return self.time if self.time > moment else None

    def last_before(self, first: float, moment: float) -> float:
        """Return that time."""
        return self.time


def times_of(
    expression: str,
    *,
    start: float,
    zone: str = "UTC",
    from_start: bool = False,
    once: bool = False,
) -> Times:
    """Read a schedule expression.

    Args:
        expression: `rate(…)`, `cron(…)` or, where `once` is set, `at(…)`.
        start: what a rate counts from, in seconds since the epoch.
        zone: the time zone of `cron(…)` and `at(…)`, by its name in the IANA database.
        from_start: whether a rate begins with its start itself.
        once: whether `at(…)` is allowed.

    Raises:
        InvalidExpression: it is none, or there is no such time zone.
    """
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        value, unit, plural = int(rate.group(1)), rate.group(2), rate.group(3)
        if value < 1 or (value == 1) == bool(plural):
            raise InvalidExpression(f"{value} {unit}{plural} is no rate")
        return Rate(value * _SECONDS[unit], start, from_start=from_start)
    place = zone_of(zone)
    cron = _CRON.fullmatch(expression)
    if cron is not None:
        try:
            return Calendar(Cron(cron.group(1)), place)
        except InvalidCron as error:
            raise InvalidExpression(str(error)) from error
    at = _AT.fullmatch(expression) if once else None
    if at is not None:
        try:
            wall = datetime.fromisoformat(at.group(1))
        except ValueError as error:
            raise InvalidExpression(str(error)) from error
        return Once(wall.replace(tzinfo=place).timestamp())
    raise InvalidExpression(f"{expression} is neither a rate nor a cron expression")


def zone_of(name: str) -> ZoneInfo:
    """Find a time zone.

    Raises:
        InvalidExpression: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidExpression(f"{name} is no time zone") from error
