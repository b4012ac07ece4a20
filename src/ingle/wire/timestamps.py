"""Points in time on the wire: seconds since the epoch as a float inside, three formats outside.

https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait
"""

import math
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

ISO8601 = "iso8601"
RFC822 = "rfc822"
UNIX = "unixtimestamp"


def parse_timestamp(value: str | int | float, expected: str = ISO8601) -> float:
    """Seconds since the epoch.

    The expected format is tried first, and then the others, as AWS's services take any of them.

    Raises:
        ValueError: the value is in none of the formats.
    """
    if not isinstance(value, str):
        return float(value)
    for parse in _PARSERS[expected]:
        try:
            return parse(value)
        except ValueError:
            continue
    raise ValueError(f"{value!r} is not a timestamp")


def format_timestamp(seconds: float, wanted: str) -> str:
    """A time as text in one of the formats, with milliseconds where it has any (not in RFC 822)."""
    if wanted == ISO8601:
        return format_iso8601(seconds)
    if wanted == RFC822:
        return formatdate(int(seconds), usegmt=True)
    return str(unix_number(seconds))


def format_iso8601(seconds: float) -> str:
    """`2024-05-01T12:00:00Z`, or `2024-05-01T12:00:00.250Z`."""
    milliseconds = round(seconds * 1000)
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    text = f"{moment.year:04d}-{moment.strftime('%m-%dT%H:%M:%S')}"
    return f"{text}.{milliseconds % 1000:03d}Z" if milliseconds % 1000 else f"{text}Z"


def unix_number(seconds: float) -> int | float:
    """Seconds since the epoch, at most three digits after the point, and none where needless."""
    rounded = round(seconds, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def timestamp_format(traits_format: str | None, default: str) -> str:
    """The format that a shape's `timestampFormat` trait asks for."""
    return traits_format.lower() if traits_format is not None else default


def _parse_iso8601(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _parse_rfc822(text: str) -> float:
    moment = parsedate_to_datetime(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _parse_unix(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"{text!r} is not a number of seconds")
    return seconds


_PARSERS = {
    ISO8601: (_parse_iso8601, _parse_unix, _parse_rfc822),
    RFC822: (_parse_rfc822, _parse_iso8601, _parse_unix),
    UNIX: (_parse_unix, _parse_iso8601, _parse_rfc822),
}
