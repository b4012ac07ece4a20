"""What is kept of the values of one metric in one stretch of time; two of them can be merged.

The distribution is a DDSketch: a value's bin is the logarithm of the value, so that what is told of
a percentile is off by half a percent at most, however many values there are and however often
summaries were merged.
Sources: https://arxiv.org/abs/1908.10693 and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
from typing import Any, Self

from ddsketch.mapping import LogarithmicMapping

ACCURACY = 0.005
"""How far a bin's value is from the values in it at most, relatively."""
_MAPPING = LogarithmicMapping(ACCURACY)
_ZERO = -(1 << 20)
"""The bin of zero, below that of every other number."""
_SMALLEST = _MAPPING.min_possible
_key = _MAPPING.key


class Summary:
    """Values, as far as they are remembered.

    Attributes:
        count: how many there are; counts need not be whole.
        total: their sum.
        low: the least of them.
        high: the greatest of them.
        bins: how many are in each bin; None where that is not known, because there was a statistic
            set or a negative value. Then there are no percentiles, as with AWS.
    """

    __slots__ = ("bins", "count", "high", "low", "total")

    def __init__(
        self, count: float, total: float, low: float, high: float, bins: dict[int, float] | None
    ) -> None:
        self.count = count
        self.total = total
        self.low = low
        self.high = high
        self.bins = bins

    @classmethod
    def of(cls, value: float, count: float = 1.0) -> Self:
        """Make one of a value that occurred so many times."""
        bins = {bin_of(value): count} if value >= 0 else None
        return cls(count, value * count, value, value, bins)

    @classmethod
    def of_set(cls, count: float, total: float, low: float, high: float) -> Self:
        """Make one of a statistic set; its distribution is known only if all values are the same.

        Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_StatisticSet.html
        """
        known = low == high and low >= 0
        return cls(count, total, low, high, {bin_of(low): count} if known else None)

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in a value that occurred so many times."""
        self.count += count
        self.total += value * count
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        bins = self.bins
        if bins is not None:
            if value < 0:
                self.bins = None
            else:
                key = bin_of(value)
                bins[key] = bins.get(key, 0.0) + count

    def merge(self, other: "Summary") -> None:
        """Take in the values of another."""
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if self.bins is None or other.bins is None:
            self.bins = None
            return
        bins = self.bins
        for key, count in other.bins.items():
            bins[key] = bins.get(key, 0.0) + count

    def copy(self) -> "Summary":
        """Make another of the same values."""
        bins = None if self.bins is None else dict(self.bins)
        return Summary(self.count, self.total, self.low, self.high, bins)

    def values(
        self, lower: float = -math.inf, upper: float = math.inf
    ) -> list[tuple[float, float]]:
        """Tell the values in ascending order, each with how often it occurred; none if unknown.

        Args:
            lower: only values that are greater.
            upper: only values that are not greater.
        """
        first, last = _bound(lower), _bound(upper)
        return [
            (min(max(_value(key), self.low), self.high), count)
            for key, count in sorted((self.bins or {}).items())
            if first < key <= last
        ]

    def dump(self) -> list[Any]:
        """Return what `load` reads: numbers and lists of them."""
        head: list[Any] = [self.count, self.total, self.low, self.high]
        if self.bins is None:
            return [*head, None]
        if self.low == self.high:
            return head
        keys = sorted(self.bins)
        steps = [key - before for before, key in zip([0, *keys], keys, strict=False)]
        return [*head, [*steps, *(self.bins[key] for key in keys)]]

    @classmethod
    def load(cls, dumped: list[Any]) -> Self:
        """Make one of what `dump` returned."""
        count, total, low, high, *rest = dumped
        if not rest:
            return cls(count, total, low, high, {bin_of(low): count})
        if rest[0] is None:
            return cls(count, total, low, high, None)
        packed = rest[0]
        half = len(packed) // 2
        bins, key = {}, 0
        for step, each in zip(packed[:half], packed[half:], strict=True):
            key += step
            bins[key] = each
        return cls(count, total, low, high, bins)


def bin_of(value: float) -> int:
    """Return the bin of a number that is not negative."""
    key: int = _ZERO if value <= _SMALLEST else _key(value)
    return key


def _bound(value: float) -> float:
    """The bin that the values up to this one are in; exact but for those near it."""
    return math.copysign(math.inf, value) if value < 0 or value == math.inf else bin_of(value)


def _value(key: int) -> float:
    value: float = 0.0 if key == _ZERO else _MAPPING.value(key)
    return value
