"""The functions of expressions.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax
"""

import datetime
import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.math.values import Series, Value, apply


class Grid(NamedTuple):
    """The times that are asked for.

    Attributes:
        start: the first, seconds since the epoch.
        end: none is then or later.
        period: the seconds between two of them.
    """

    start: int
    end: int
    period: int

    @property
    def times(self) -> range:
        """All of them."""
        return range(self.start, self.end, self.period)


Function = Callable[[str, Sequence[Value], Grid], Value]
"""Takes the function's own name, its arguments and the times that are asked for."""


def each_value(compute: Callable[[float], float]) -> Function:
    """A function of single values, of numbers and time series alike."""

    def function(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
        (argument,) = _count(name, arguments, 1)
        if isinstance(argument, list):
            return [apply(compute, each) for each in argument]
        if isinstance(argument, Series):
            return apply(compute, argument)
        return compute(_number(name, argument))

    return function


def each_series(compute: Callable[[Series], Series]) -> Function:
    """A function of time series."""

    def function(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
        (argument,) = _count(name, arguments, 1)
        if isinstance(argument, list):
            return [compute(each) for each in argument]
        return compute(_series(name, argument))

    return function


def together(compute: Callable[[list[float]], float]) -> Function:
    """A function that makes one number of a time series, and one time series of several."""

    def function(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
        (argument,) = _count(name, arguments, 1)
        if isinstance(argument, Series):
            return compute(list(argument.points.values())) if argument.points else math.nan
        several = _array(name, argument)
        gathered: dict[int, list[float]] = {}
        for series in several:
            for at, value in series.points.items():
                gathered.setdefault(at, []).append(value)
        period = several[0].period if several else 60
        points = {at: compute(gathered[at]) for at in sorted(gathered)}
        return Series({}, period, name).with_points(points)

    return function


def part_of_time(compute: Callable[[datetime.datetime], float]) -> Function:
    """A function of the times of a time series, in UTC."""

    def parts(series: Series) -> Series:
        return series.with_points(
            {
                at: float(compute(datetime.datetime.fromtimestamp(at, datetime.UTC)))
                for at in series.points
            }
        )

    return each_series(parts)


def _differences(series: Series) -> Series:
    return series.with_points(
        {now: series.points[now] - series.points[before] for before, now in pairwise(series.points)}
    )


def _time_differences(series: Series) -> Series:
    return series.with_points({now: float(now - before) for before, now in pairwise(series.points)})


def _rate(series: Series) -> Series:
    return series.with_points(
        {
            now: (series.points[now] - series.points[before]) / (now - before)
            for before, now in pairwise(series.points)
        }
    )


def _running_sum(series: Series) -> Series:
    points, total = {}, 0.0
    for at, value in series.points.items():
        total += value
        points[at] = total
    return series.with_points(points)


def _fill(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    argument, filler = _count(name, arguments, 2)
    if isinstance(argument, list):
        return [_filled(name, each, filler, grid) for each in argument]
    return _filled(name, _series(name, argument), filler, grid)


def _filled(name: str, series: Series, filler: Value, grid: Grid) -> Series:
    times = range(grid.start, grid.end, series.period)
    known = series.points
    if filler == "REPEAT":
        points, last = {}, math.nan
        for at in times:
            last = known.get(at, last)
            points[at] = last
        return series.with_points(points)
    if filler == "LINEAR":
        points = dict(known)
        for before, after in pairwise(known):
            for at in range(before + series.period, after, series.period):
                share = (at - before) / (after - before)
                points[at] = known[before] + share * (known[after] - known[before])
        return series.with_points(dict(sorted(points.items())))
    if isinstance(filler, Series):
        others = filler.points
        found = {at: known.get(at, others.get(at, math.nan)) for at in times}
        return series.with_points(found)
    number = _number(name, filler)
    return series.with_points({at: known.get(at, number) for at in times})


def _if(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    if len(arguments) not in (2, 3):
        raise _wrong_count(name, "2 or 3")
    condition, then, *rest = arguments
    otherwise = rest[0] if rest else None
    arrays = [len(each) for each in (then, otherwise, condition) if isinstance(each, list)]
    if arrays:
        if len(set(arrays)) > 1:
            raise BadExpression("IF cannot be applied to arrays of different lengths")
        return [
            _chosen(
                name,
                _item(condition, at),
                _item(then, at),
                None if otherwise is None else _item(otherwise, at),
                grid,
            )
            for at in range(arrays[0])
        ]
    if not isinstance(condition, Series):
        holds = bool(_number(name, condition))
        if holds or otherwise is not None:
            return then if holds else otherwise  # type: ignore[return-value]
        return Series({}, grid.period)
    return _chosen(name, condition, then, otherwise, grid)


def _item(value: Value, at: int) -> Value:
    return value[at] if isinstance(value, list) else value


def _chosen(
    name: str, condition: Value, then: Value, otherwise: Value | None, grid: Grid
) -> Series:
    """Choose for each time between two values."""
    shape = next(
        (each for each in (then, otherwise, condition) if isinstance(each, Series)),
        Series({}, grid.period),
    )
    if isinstance(condition, Series):
        holds = condition.points
    else:
        holds = dict.fromkeys(shape.points, _number(name, condition))
    points = {}
    for at, value in holds.items():
        chosen = then if value else otherwise
        if isinstance(chosen, Series):
            if at in chosen.points:
                points[at] = chosen.points[at]
        elif chosen is not None:
            points[at] = _number(name, chosen)
    return shape.with_points(points)


def _first(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    several = _array(name, *_count(name, arguments, 1))
    return several[0] if several else Series({}, grid.period)


def _last(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    several = _array(name, *_count(name, arguments, 1))
    return several[-1] if several else Series({}, grid.period)


def _metric_count(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
    return float(len(_array(name, *_count(name, arguments, 1))))


def _period(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
    return float(_series(name, *_count(name, arguments, 1)).period)


def _remove_empty(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
    return [each for each in _array(name, *_count(name, arguments, 1)) if each.points]


def _slice(name: str, arguments: Sequence[Value], _grid: Grid) -> Value:
    if len(arguments) not in (2, 3):
        raise _wrong_count(name, "2 or 3")
    first, *last = (_index(name, each) for each in arguments[1:])
    return _array(name, arguments[0])[first : last[0] if last else None]


def _sort(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    if len(arguments) not in (3, 4):
        raise _wrong_count(name, "3 or 4")
    argument, by, order, *most = arguments
    if by not in _SORTING:
        raise BadExpression(f"{name} takes one of {', '.join(_SORTING)} to sort by")
    if order not in ("ASC", "DESC"):
        raise BadExpression(f"{name} takes ASC or DESC as its order")
    compute = _SORTING[str(by)]
    several = _array(name, argument)
    full = [each for each in several if each.points]
    empty = [each for each in several if not each.points]
    full.sort(key=lambda each: compute(list(each.points.values())), reverse=order == "DESC")
    return (full + empty)[: _index(name, most[0]) if most else None]


def _time_series(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    (argument,) = _count(name, arguments, 1)
    number = _number(name, argument)
    return Series({}, grid.period, name).with_points(dict.fromkeys(grid.times, number))


def _average(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _spread(values: list[float]) -> float:
    return statistics.pstdev(values)


def _amount(values: list[float]) -> float:
    return float(len(values))


_SORTING: dict[str, Callable[[list[float]], float]] = {
    "AVG": _average,
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "STDDEV": _spread,
    "DATAPOINT_COUNT": _amount,
}

FUNCTIONS: dict[str, Function] = {
    "ABS": each_value(abs),
    "AVG": together(_average),
    "CEIL": each_value(lambda value: float(math.ceil(value))),
    "DATAPOINT_COUNT": together(_amount),
    "DATE": part_of_time(lambda time: time.day),
    "DAY": part_of_time(lambda time: time.isoweekday()),
    "DIFF": each_series(_differences),
    "DIFF_TIME": each_series(_time_differences),
    "EPOCH": part_of_time(lambda time: time.timestamp()),
    "FILL": _fill,
    "FIRST": _first,
    "FLOOR": each_value(lambda value: float(math.floor(value))),
    "HOUR": part_of_time(lambda time: time.hour),
    "IF": _if,
    "LAST": _last,
    "LOG": each_value(math.log),
    "LOG10": each_value(math.log10),
    "MAX": together(max),
    "METRIC_COUNT": _metric_count,
    "MIN": together(min),
    "MINUTE": part_of_time(lambda time: time.minute),
    "MONTH": part_of_time(lambda time: time.month),
    "PERIOD": _period,
    "RATE": each_series(_rate),
    "REMOVE_EMPTY": _remove_empty,
    "RUNNING_SUM": each_series(_running_sum),
    "SLICE": _slice,
    "SORT": _sort,
    "STDDEV": together(_spread),
    "SUM": together(math.fsum),
    "TIME_SERIES": _time_series,
    "YEAR": part_of_time(lambda time: time.year),
}
"""By name; METRICS and SEARCH, which need more than values, are in `evaluate.py`."""

ELSEWHERE = frozenset(
    {"ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA"}
)
"""Functions that ask what Ingle does not have."""

WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", *_SORTING})
"""What may stand where a function takes a word."""


def _count(name: str, arguments: Sequence[Value], wanted: int) -> Sequence[Value]:
    if len(arguments) != wanted:
        raise _wrong_count(name, str(wanted))
    return arguments


def _wrong_count(name: str, wanted: str) -> BadExpression:
    return BadExpression(f"Function {name} takes {wanted} arguments")


def _number(name: str, value: Value) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise BadExpression(f"Function {name} takes a number here")


def _index(name: str, value: Value) -> int:
    number = _number(name, value)
    if number < 0 or number != math.floor(number):
        raise BadExpression(f"Function {name} takes whole numbers that are not negative")
    return int(number)


def _series(name: str, value: Value) -> Series:
    if isinstance(value, Series):
        return value
    raise BadExpression(f"Function {name} takes a time series")


def _array(name: str, value: Value) -> list[Series]:
    if isinstance(value, list):
        return value
    raise BadExpression(f"Function {name} takes an array of time series")
