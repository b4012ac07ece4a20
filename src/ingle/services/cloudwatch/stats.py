"""Statistics: their names, and what they are of a summary.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache

from ingle.services.cloudwatch.summary import Summary

Statistic = Callable[[Summary], float | None]
"""A statistic of values; None where it is not known of these."""

SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda each: each.count,
    "Average": lambda each: each.total / each.count,
    "Sum": lambda each: each.total,
    "Minimum": lambda each: each.low,
    "Maximum": lambda each: each.high,
}
"""What a request calls a statistic, as opposed to an extended one."""

_NUMBER = r"\d{1,3}(?:\.\d{0,10})?"
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})", re.IGNORECASE)
_BOUND = r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(
    rf"(TM|WM|TC|TS|PR)\(\s*({_BOUND})?(%?)\s*:\s*({_BOUND})?(%?)\s*\)", re.IGNORECASE
)
_IQM = re.compile("IQM", re.IGNORECASE)


class BadStatistic(ValueError):
    """There is no statistic of this name."""


@lru_cache(maxsize=512)
def parse(name: str) -> Statistic:
    """Find a statistic by its name, for instance `Sum`, `p99.9`, `tm90` or `TM(2%:98%)`.

    Raises:
        BadStatistic: there is none of this name.
    """
    simple = SIMPLE.get(name)
    if simple is not None:
        return simple
    if _IQM.fullmatch(name):
        return _ranged("TM", 25.0, 75.0, relative=True)
    short = _SHORT.fullmatch(name)
    if short is not None:
        kind, upper = short[1].upper(), float(short[2])
        if upper > 100:
            raise BadStatistic(name)
        if kind == "P":
            return lambda each: percentile(each, upper)
        return _ranged(kind, 0.0, upper, relative=True)
    ranged = _RANGE.fullmatch(name)
    if ranged is None:
        raise BadStatistic(name)
    return _of_range(name, ranged)


def _of_range(name: str, found: re.Match[str]) -> Statistic:
    kind, low, low_sign, high, high_sign = found.groups()
    kind = kind.upper()
    signs = {sign for bound, sign in ((low, low_sign), (high, high_sign)) if bound is not None}
    stray = (low is None and low_sign) or (high is None and high_sign)
    if len(signs) != 1 or stray:
        raise BadStatistic(name)
    relative = signs == {"%"}
    if relative and kind == "PR":
        raise BadStatistic(name)
    lower = float(low) if low is not None else (0.0 if relative else -math.inf)
    upper = float(high) if high is not None else (100.0 if relative else math.inf)
    if lower >= upper or (relative and not 0 <= lower < upper <= 100):
        raise BadStatistic(name)
    return _ranged(kind, lower, upper, relative=relative)


def percentile(summary: Summary, percent: float) -> float | None:
    """Return the value that so many percent of all values are not above; None if not known."""
    if summary.bins is None:
        return None
    return _at(summary.values(), percent / 100 * summary.count)


def _at(values: list[tuple[float, float]], rank: float) -> float:
    passed = 0.0
    for value, count in values:
        passed += count
        if passed >= rank - 1e-9 * max(1.0, rank):
            return value
    return values[-1][0]


def _ranged(kind: str, lower: float, upper: float, *, relative: bool) -> Statistic:
    def statistic(summary: Summary) -> float | None:
        if summary.bins is None:
            return None
        values = summary.values()
        if relative:
            first, last = lower / 100 * summary.count, upper / 100 * summary.count
            inside = _within_ranks(values, first, last)
            bounds = _at(values, first), _at(values, last)
            outside = first, summary.count - last
        else:
            inside = summary.values(lower, upper)
            bounds = lower, upper
            below = sum(count for _, count in summary.values(upper=lower))
            outside = below, summary.count - below - sum(count for _, count in inside)
        count = sum(each for _, each in inside)
        total = sum(value * each for value, each in inside)
        if kind == "TC":
            return count
        if kind == "TS":
            return total
        if kind == "PR":
            return 100 * count / summary.count
        if kind == "WM":
            total += sum(
                bound * each for bound, each in zip(bounds, outside, strict=True) if each > 0
            )
            return total / summary.count
        return total / count if count > 0 else None

    return statistic


def _within_ranks(
    values: list[tuple[float, float]], first: float, last: float
) -> list[tuple[float, float]]:
    """Cut out what is between two ranks of all values in ascending order."""
    inside = []
    passed = 0.0
    for value, count in values:
        share = min(passed + count, last) - max(passed, first)
        if share > 0:
            inside.append((value, share))
        passed += count
    return inside
