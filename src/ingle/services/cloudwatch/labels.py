"""Labels of time series, with what they say of these.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

import datetime
import re
from collections.abc import Callable, Sequence

from ingle.services.cloudwatch.math.values import Series

_DYNAMIC = re.compile(r"\$\{\s*(?:PROP\(\s*'([^']*)'\s*\)|([A-Z_]+))\s*\}")
_TIMES = re.compile(r"(FIRST|LAST|MAX|MIN)_TIME(?:_RELATIVE)?")


def label_of(series: Series, label: str, zone: datetime.tzinfo = datetime.UTC) -> str:
    """Put what a time series is into a label."""

    def value(match: re.Match[str]) -> str:
        prop, name = match.groups()
        if prop is not None:
            return series.properties.get(prop, "")
        return _value(series, name, zone) or match[0]

    return _DYNAMIC.sub(value, label)


def _value(series: Series, name: str, zone: datetime.tzinfo) -> str | None:
    points = series.points
    values = list(points.values())
    if name == "LABEL":
        return series.label
    if name == "DATAPOINT_COUNT":
        return str(len(values))
    times = _TIMES.fullmatch(name)
    if not values:
        return "--" if times or name in _VALUES or name.endswith("_RANGE") else None
    if times is not None:
        at = {
            "FIRST": min(points),
            "LAST": max(points),
            "MAX": max(points, key=points.__getitem__),
            "MIN": min(points, key=points.__getitem__),
        }[times[1]]
        return _time(at, zone)
    if name == "FIRST_LAST_TIME_RANGE":
        return f"{_time(min(points), zone)} - {_time(max(points), zone)}"
    if name == "MIN_MAX_TIME_RANGE":
        low, high = min(points, key=points.__getitem__), max(points, key=points.__getitem__)
        return f"{_time(low, zone)} - {_time(high, zone)}"
    if name == "FIRST_LAST_RANGE":
        return f"{_number(values[0])} - {_number(values[-1])}"
    if name == "MIN_MAX_RANGE":
        return f"{_number(min(values))} - {_number(max(values))}"
    compute = _VALUES.get(name)
    return None if compute is None else _number(compute(values))


_VALUES: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def _time(at: int, zone: datetime.tzinfo) -> str:
    return datetime.datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def told_apart(found: Sequence[Series]) -> list[Series]:
    """Label several metrics by that in which they differ, statistics included."""
    kinds = [name for name in ("Namespace", "MetricName") if _differ(found, name)]
    dimensions = sorted({name for each in found for name in each.properties if name[:4] == "Dim."})
    kinds = [name for name in dimensions if _differ(found, name)] + kinds or ["MetricName"]
    if _differ(found, "Stat"):
        kinds.append("Stat")
    labelled = []
    for each in found:
        text = " ".join(filter(None, (each.properties.get(name, "") for name in kinds)))
        labelled.append(Series(each.points, each.period, text, each.properties))
    return labelled


def _differ(found: Sequence[Series], name: str) -> bool:
    return len({each.properties.get(name) for each in found}) > 1
