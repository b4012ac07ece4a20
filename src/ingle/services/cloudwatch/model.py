"""The nouns of CloudWatch's metrics."""

from typing import NamedTuple

from ingle.services.cloudwatch.summary import Summary

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""

NO_UNIT = "None"


class MetricKey(NamedTuple):
    """What identifies a metric."""

    account_id: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions = ()


class Sample(NamedTuple):
    """Something that was measured.

    Attributes:
        name: the metric's.
        value: a number, or what is known of several.
        dimensions: names and values, in any order.
        unit: one of AWS's, for instance `Milliseconds`.
        at: seconds since the epoch; None for now.
        resolution: 1 to keep it by the second, else 60.
    """

    name: str
    value: float | Summary
    dimensions: Dimensions = ()
    unit: str = NO_UNIT
    at: float | None = None
    resolution: int = 60


class Metric:
    """A metric that there is.

    Attributes:
        id: its row.
        key: its name, and whose it is.
        last: the latest time that it has data of; 0 as long as it has none.
        stored: whether its row is on the disk.
    """

    __slots__ = ("id", "key", "last", "stored")

    def __init__(self, id: int, key: MetricKey, last: int = 0, stored: bool = False) -> None:
        self.id = id
        self.key = key
        self.last = last
        self.stored = stored


class Series(NamedTuple):
    """Where data is kept together: by metric, unit, and how finely."""

    metric_id: int
    unit: str
    tier: int


class Point(NamedTuple):
    """Data of one stretch of time.

    Attributes:
        series: whose it is.
        start: seconds since the epoch; it goes on for as many as its series' tier says.
        summary: the values.
    """

    series: Series
    start: int
    summary: Summary


def sorted_dimensions(pairs: "dict[str, str]") -> Dimensions:
    """Bring dimensions into their order."""
    return tuple(sorted(pairs.items()))
