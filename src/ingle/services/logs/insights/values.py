"""Values of fields, how they are compared, and how they are shown.

A field that an event does not have is None.
"""

import math
import re
from datetime import UTC, datetime

Value = str | int | float | bool | None

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class Moment(int):
    """A time in milliseconds since the epoch, which is shown as one."""


def number(value: Value) -> float | int | None:
    """Read a value as a number; None where it is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        read = float(value)
        if not math.isfinite(read):
            return None
        return int(value) if value.lstrip("+-").isdigit() else read
    return None


def text(value: Value) -> str:
    """Show a value; a missing one is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Moment):
        return _time(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        # As AWS does; very small and very large ones keep their digits.
        return f"{value:.4f}".rstrip("0") if 1e-4 <= abs(value) < 1e15 else repr(value)
    return str(value)


def truth(value: Value) -> bool:
    """Whether a filter lets something with this value pass."""
    if isinstance(value, str):
        return value.lower() not in ("", "0", "false")
    return bool(value)


def equal(left: Value, right: Value) -> bool:
    """Compare as numbers where both are, else as texts; nothing equals a missing value."""
    if left is None or right is None:
        return False
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return one == other
    return _compared(left) == _compared(right)


def order(left: Value, right: Value) -> int | None:
    """Say which comes first: below 0, 0 or above; None where one is missing."""
    if left is None or right is None:
        return None
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return (one > other) - (one < other)
    first, second = _compared(left), _compared(right)
    return (first > second) - (first < second)


def sort_key(value: Value) -> tuple[int, float, str]:
    """Order values: those that are missing first, then numbers, then texts."""
    if value is None:
        return 0, 0.0, ""
    read = number(value)
    return (1, read, "") if read is not None else (2, 0.0, text(value))


def _compared(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def _time(moment: int) -> str:
    seconds, ms = divmod(min(max(moment, 0), _LATEST), 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") + f".{ms:03d}"
