"""Amounts as people write them: spans of time, sizes, numbers and moments."""

import re
from datetime import datetime

from ingle.cli.errors import USAGE, CommandError

_SPAN = re.compile(r"(?P<count>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<unit>ms|s|m|h|d|w)")
_UNIT_MS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_SIZE = re.compile(r"(?P<count>[0-9]{1,6}(?:\.[0-9]{1,3})?)\s?(?P<unit>MB|GB|)", re.IGNORECASE)
_COUNT = re.compile(r"(?P<count>[0-9][0-9_,]{0,24}(?:\.[0-9]{1,6})?)\s?(?P<unit>k|M|B|)")
_TIMES = {"": 1, "k": 1000, "M": 1_000_000, "B": 1_000_000_000}
_MB_PER_GB = 1024


def span_ms(option: str, text: str) -> int:
    """Read a span of time like `100ms`, `1.5s` or `2h`, in milliseconds.

    Raises:
        CommandError: it is none.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise CommandError(
            f"{option} {text!r} is not a span of time",
            "give one like 100ms, 90s, 10m, 2h or 7d",
            USAGE,
        )
    return round(float(match["count"]) * _UNIT_MS[match["unit"]])


def size_mb(option: str, text: str) -> int:
    """Read a size like `512`, `512MB` or `1.5GB`, in MB.

    Raises:
        CommandError: it is none.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise CommandError(f"{option} {text!r} is not a size", "give one like 512 or 2GB", USAGE)
    return round(float(match["count"]) * (_MB_PER_GB if match["unit"].upper() == "GB" else 1))


def count(option: str, text: str) -> int:
    """Read a number like `3000000`, `3,000,000`, `3M` or `1.5B`.

    Raises:
        CommandError: it is none.
    """
    match = _COUNT.fullmatch(text)
    if match is None:
        raise CommandError(
            f"{option} {text!r} is not a number", "give one like 3000000 or 3M", USAGE
        )
    return round(float(re.sub("[_,]", "", match["count"])) * _TIMES[match["unit"]])


def moment_ms(option: str, text: str, now_ms: int) -> int:
    """Read a moment, in milliseconds since the epoch: a span before now, or a date and time.

    A time without an offset is that of this machine.

    Raises:
        CommandError: it is neither.
    """
    if _SPAN.fullmatch(text):
        return now_ms - span_ms(option, text)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CommandError(
            f"{option} {text!r} is neither a span of time nor a date",
            "give one like 90s, 10m, 2h, 7d or 2026-11-21T14:30:00",
            USAGE,
        ) from None
