"""What expressions are about: numbers, time series, and several of these."""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ingle.services.cloudwatch.math.errors import BadExpression


@dataclass(frozen=True)
class Series:
    """A time series.

    Attributes:
        points: values by their times, seconds since the epoch, ascending.
        period: the seconds between two times where none is missing.
        label: what it is called.
        properties: what else is known of it, for labels.
    """

    points: dict[int, float]
    period: int
    label: str = ""
    properties: dict[str, str] = field(default_factory=dict, compare=False)

    def with_points(self, points: dict[int, float]) -> "Series":
        """Make one of other values, without those that are no numbers."""
        finite = {at: value for at, value in points.items() if math.isfinite(value)}
        return replace(self, points=finite)


Value = float | str | Series | list[Series]
"""A number, a text, a time series, or an array of these."""


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return math.nan
    return result if isinstance(result, float) else math.nan


def _holds(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], float]:
    """Make an operator of a comparison; of what is no number, it is none."""

    def compute(left: float, right: float) -> float:
        if math.isnan(left) or math.isnan(right):
            return math.nan
        return float(compare(left, right))

    return compute


OPERATORS: dict[str, Callable[[Any, Any], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": _holds(operator.eq),
    "!=": _holds(operator.ne),
    "<": _holds(operator.lt),
    ">": _holds(operator.gt),
    "<=": _holds(operator.le),
    ">=": _holds(operator.ge),
    "&&": _holds(lambda left, right: bool(left) and bool(right)),
    "||": _holds(lambda left, right: bool(left) or bool(right)),
}


def combine(sign: str, left: Value, right: Value) -> Value:
    """Compute an operator of two values.

    Of two time series, only the times count that both have. An array counts for each of its time
    series; of two arrays of the same length, these count in pairs.

    Raises:
        BadExpression: there is no such result.
    """
    if isinstance(left, str) or isinstance(right, str):
        raise BadExpression(f"Operator {sign} cannot be applied to a text")
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise BadExpression(
                f"Operator {sign} cannot be applied to arrays of {len(left)} and {len(right)} "
                "time series"
            )
        return [_series(sign, one, two) for one, two in zip(left, right, strict=True)]
    if isinstance(left, list):
        return [_series(sign, each, right) for each in left]
    if isinstance(right, list):
        return [_series(sign, left, each) for each in right]
    if isinstance(left, Series) or isinstance(right, Series):
        return _series(sign, left, right)
    return OPERATORS[sign](left, right)


def _series(sign: str, left: Any, right: Any) -> Series:
    compute = OPERATORS[sign]
    if not isinstance(left, Series):
        return apply(lambda value: compute(left, value), right)
    if not isinstance(right, Series):
        return apply(lambda value: compute(value, right), left)
    others = right.points
    return left.with_points(
        {at: compute(value, others[at]) for at, value in left.points.items() if at in others}
    )


def apply(compute: Callable[[float], float], series: Series) -> Series:
    """Compute something of each value; where that is none, there is none."""
    points = {}
    for at, value in series.points.items():
        try:
            points[at] = compute(value)
        except (ValueError, OverflowError):
            continue
    return series.with_points(points)
