"""The functions of single events.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

import ipaddress
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingle.services.logs.insights.values import Moment, Value, number, sort_key, text


@dataclass(frozen=True, slots=True)
class Function:
    """A function of values.

    Attributes:
        least: how many arguments it takes at least.
        most: and at most; None for any number.
        run: makes the result.
    """

    least: int
    most: int | None
    run: Callable[[Sequence[Value]], Value]


def _numeric(run: Callable[[float], float | int]) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        read = number(values[0])
        if read is None:
            return None
        try:
            result = run(read)
        except (ValueError, OverflowError):
            return None
        return result if math.isfinite(result) else None

    return Function(1, 1, apply)


def _extreme(best: Callable[[list[float]], float]) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        read = [each for each in map(number, values) if each is not None]
        return best(read) if read else None

    return Function(1, None, apply)


def _textual(run: Callable[[str], Value]) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        return None if values[0] is None else run(text(values[0]))

    return Function(1, 1, apply)


def _coalesce(values: Sequence[Value]) -> Value:
    return next((value for value in values if value is not None), None)


def _trimming(left: bool, right: bool) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        if values[0] is None:
            return None
        result = text(values[0])
        what = text(values[1]) if len(values) > 1 else None
        if left:
            result = result.lstrip() if what is None else result.removeprefix(what)
        if right:
            result = result.rstrip() if what is None else result.removesuffix(what)
        return result

    return Function(1, 2, apply)


def _substr(values: Sequence[Value]) -> Value:
    start = number(values[1])
    if values[0] is None or start is None:
        return None
    first = max(0, int(start))
    rest = text(values[0])[first:]
    if len(values) < 3:
        return rest
    length = number(values[2])
    return None if length is None else rest[: max(0, int(length))]


def _replace(values: Sequence[Value]) -> Value:
    if values[0] is None:
        return None
    old = text(values[1])
    return text(values[0]).replace(old, text(values[2])) if old else text(values[0])


def _contains(values: Sequence[Value]) -> Value:
    return int(values[0] is not None and text(values[1]) in text(values[0]))


def _floor(values: Sequence[Value]) -> Value:
    moment, period = number(values[0]), number(values[1])
    if moment is None or not period:
        return None
    return Moment(int(moment // period * period))


def _ceil(values: Sequence[Value]) -> Value:
    moment, period = number(values[0]), number(values[1])
    if moment is None or not period:
        return None
    return Moment(int(-(-moment // period) * period))


def _from_millis(values: Sequence[Value]) -> Value:
    read = number(values[0])
    return None if read is None else Moment(int(read))


def _to_millis(values: Sequence[Value]) -> Value:
    return int(values[0]) if isinstance(values[0], Moment) else None


def _address(value: Value) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text(value))
    except ValueError:
        return None


def _valid(*versions: int) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        address = _address(values[0])
        return address is not None and address.version in versions

    return Function(1, 1, apply)


def _within(*versions: int) -> Function:
    def apply(values: Sequence[Value]) -> Value:
        address = _address(values[0])
        try:
            network = ipaddress.ip_network(text(values[1]), strict=False)
        except ValueError:
            return False
        return (
            address is not None
            and address.version == network.version
            and address.version in versions
            and address in network
        )

    return Function(2, 2, apply)


FUNCTIONS: dict[str, Function] = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "greatest": _extreme(max),
    "least": _extreme(min),
    "ispresent": Function(1, 1, lambda values: values[0] is not None),
    "coalesce": Function(1, None, _coalesce),
    "isempty": Function(1, 1, lambda values: text(values[0]) == ""),
    "isblank": Function(1, 1, lambda values: not text(values[0]).strip()),
    "concat": Function(1, None, lambda values: "".join(map(text, values))),
    "ltrim": _trimming(True, False),
    "rtrim": _trimming(False, True),
    "trim": _trimming(True, True),
    "strlen": _textual(len),
    "toupper": _textual(str.upper),
    "tolower": _textual(str.lower),
    "substr": Function(2, 3, _substr),
    "replace": Function(3, 3, _replace),
    "strcontains": Function(2, 2, _contains),
    "datefloor": Function(2, 2, _floor),
    "dateceil": Function(2, 2, _ceil),
    "frommillis": Function(1, 1, _from_millis),
    "tomillis": Function(1, 1, _to_millis),
    "isvalidip": _valid(4, 6),
    "isvalidipv4": _valid(4),
    "isvalidipv6": _valid(6),
    "isipinsubnet": _within(4, 6),
    "isipv4insubnet": _within(4),
    "isipv6insubnet": _within(6),
}


class Aggregate:
    """What a function of many events has gathered; this one counts."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value, _moment: Value) -> None:
        """Take the value of one event, and the event's time."""
        self._count += value is not None

    def result(self) -> Value:
        """Say what came out."""
        return self._count


class _Distinct(Aggregate):
    def __init__(self) -> None:
        self._seen: set[str] = set()

    def add(self, value: Value, _moment: Value) -> None:
        if value is not None:
            self._seen.add(text(value))

    def result(self) -> Value:
        return len(self._seen)


class _Moments(Aggregate):
    """Number, mean and squared differences, by Welford's method."""

    def __init__(self) -> None:
        self.count = 0
        self.total: float = 0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, value: Value, _moment: Value) -> None:
        read = number(value)
        if read is None:
            return
        self.count += 1
        self.total += read
        away = read - self.mean
        self.mean += away / self.count
        self.squares += away * (read - self.mean)


class _Sum(_Moments):
    def result(self) -> Value:
        return self.total if self.count else None


class _Average(_Moments):
    def result(self) -> Value:
        return self.total / self.count if self.count else None


class _Deviation(_Moments):
    def result(self) -> Value:
        return math.sqrt(self.squares / self.count) if self.count else None


class _Ordered(Aggregate):
    """The least or the greatest of what there is, by some order."""

    sign: int = 1
    by_moment: bool = False

    def __init__(self) -> None:
        self._best: Value = None
        self._key: tuple[int, float, str] | None = None

    def add(self, value: Value, moment: Value) -> None:
        if value is None:
            return
        key = sort_key(moment if self.by_moment else value)
        known = self._key
        if known is None or (key > known if self.sign > 0 else key < known):
            self._best, self._key = value, key

    def result(self) -> Value:
        return self._best


class _Max(_Ordered):
    pass


class _Min(_Ordered):
    sign = -1


class _Latest(_Ordered):
    by_moment = True


class _Earliest(_Ordered):
    by_moment = True
    sign = -1


class Percentile(Aggregate):
    """A percentile of numbers, exactly: between the two nearest.

    Args:
        percent: from 0 to 100.
    """

    def __init__(self, percent: float) -> None:
        self._percent = percent
        self._values: list[float] = []

    def add(self, value: Value, _moment: Value) -> None:
        """Take the value of one event."""
        read = number(value)
        if read is not None:
            self._values.append(read)

    def result(self) -> Value:
        """Say what came out."""
        if not self._values:
            return None
        self._values.sort()
        place = (len(self._values) - 1) * self._percent / 100
        low = math.floor(place)
        high = min(low + 1, len(self._values) - 1)
        below, above = self._values[low], self._values[high]
        return below + (above - below) * (place - low)


AGGREGATES: dict[str, type[Aggregate]] = {
    "count": Aggregate,
    "count_distinct": _Distinct,
    "sum": _Sum,
    "avg": _Average,
    "stddev": _Deviation,
    "max": _Max,
    "min": _Min,
    "earliest": _Earliest,
    "latest": _Latest,
    "sortsfirst": _Min,
    "sortslast": _Max,
}
PERCENTILES = frozenset(("pct", "percentile"))
"""Aggregates with the percentage as second argument; `median` is one without."""
