"""GetMetricData: metrics, and expressions over them.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

import asyncio
import datetime
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingle.services import paging
from ingle.services.cloudwatch import putting, search, stats
from ingle.services.cloudwatch.errors import InvalidNextToken, ValidationFailed
from ingle.services.cloudwatch.labels import label_of, told_apart
from ingle.services.cloudwatch.limits import DATA, LIST
from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.math.evaluate import Scope, Search, evaluate, searches
from ingle.services.cloudwatch.math.functions import WORDS, Grid
from ingle.services.cloudwatch.math.language import Node, names, parse
from ingle.services.cloudwatch.math.values import Series, Value
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.model import MetricKey
from ingle.services.cloudwatch.periods import check_period, rounded_start
from ingle.services.cloudwatch.summary import Summary

_ID = re.compile(r"[a-z][A-Za-z0-9_]*", re.ASCII)
_SQL = re.compile(r"\s*SELECT\s", re.IGNORECASE)
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Query:
    """A metric or an expression that is asked for.

    Attributes:
        id: what expressions call it.
        label: as it was given; "" for none.
        returned: whether it is told, and not only used.
        period: of the datapoints, in seconds; None where an expression tells none.
        key, statistic, unit: of a metric.
        expression: the tree of an expression, else None.
    """

    id: str
    label: str
    returned: bool
    period: int | None
    key: MetricKey | None = None
    statistic: str = ""
    unit: str | None = None
    expression: Node | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One time series of an answer.

    Attributes:
        id: the query's.
        series: the time series, with its label.
    """

    id: str
    series: Series


def queries_of(given: Sequence[Mapping[str, Any]], account_id: str, region: str) -> list[Query]:
    """Read the member MetricDataQueries.

    Raises:
        ValidationFailed: it is not well formed.
    """
    if len(given) > DATA["queries"]:
        raise ValidationFailed(
            f"The collection MetricDataQueries must not have a size greater than {DATA['queries']}."
        )
    queries = [
        _query(f"MetricDataQueries.member.{number}", each, account_id, region)
        for number, each in enumerate(given, 1)
    ]
    ids = {query.id for query in queries}
    if len(ids) < len(queries):
        raise ValidationFailed("The values for parameter id in MetricDataQueries are not unique.")
    if not any(query.returned for query in queries):
        raise ValidationFailed("At least one query must have ReturnData set to true.")
    for query in queries:
        if query.expression is not None:
            unknown = sorted(names(query.expression) - ids - WORDS)
            if unknown:
                raise _bad(query.id, f"Unrecognized identifier {unknown[0]}")
    return queries


def _query(path: str, given: Mapping[str, Any], account_id: str, region: str) -> Query:
    name = given["Id"]
    if _ID.fullmatch(name) is None:
        raise ValidationFailed(
            f"The value {name} for parameter {path}.Id is not matching the expected pattern "
            f"^{_ID.pattern}$."
        )
    metric, text = given.get("MetricStat"), given.get("Expression")
    if (metric is None) == (text is None):
        raise ValidationFailed(
            f"Exactly one of the parameters {path}.MetricStat and {path}.Expression must be "
            "specified."
        )
    if given.get("AccountId", account_id) != account_id:
        raise ValidationFailed(
            f"The parameter {path}.AccountId names another account, which Ingle does not link yet."
        )
    label, returned = given.get("Label", ""), given.get("ReturnData", True)
    if text is not None:
        period = given.get("Period")
        if period is not None:
            check_period(period, f"{path}.Period")
        if _SQL.match(text):
            raise _bad(name, "Metrics Insights queries are not implemented by Ingle yet")
        try:
            tree = parse(text)
            for each in searches(tree):
                search.parse(each.text)
                _check_statistic(each.statistic)
        except BadExpression as error:
            raise _bad(name, str(error)) from error
        return Query(name, label, returned, period, expression=tree)
    assert metric is not None
    check_period(metric["Period"], f"{path}.MetricStat.Period")
    try:
        _check_statistic(metric["Stat"])
    except BadExpression as error:
        raise ValidationFailed(
            f"The value {metric['Stat']} for parameter {path}.MetricStat.Stat is not supported."
        ) from error
    named = metric["Metric"]
    for member in ("Namespace", "MetricName"):
        if member not in named:
            raise ValidationFailed(f"The parameter {path}.MetricStat.Metric.{member} is required.")
    dimensions = putting.dimensions(
        f"{path}.MetricStat.Metric.Dimensions", named.get("Dimensions", ())
    )
    key = MetricKey(account_id, region, named["Namespace"], named["MetricName"], dimensions)
    return Query(name, label, returned, metric["Period"], key, metric["Stat"], metric.get("Unit"))


def _check_statistic(name: str) -> None:
    try:
        stats.parse(name)
    except stats.BadStatistic as error:
        raise BadExpression(f"There is no statistic {name}") from error


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom and when queries are computed.

    Attributes:
        account_id: whose metrics are searched.
        region: where.
        start: the beginning, seconds since the epoch; it is rounded down as AWS does.
        end: the end; what begins then is not told.
        zone: the time zone of the times in labels.
    """

    account_id: str
    region: str
    start: float
    end: float
    zone: datetime.tzinfo = datetime.UTC


async def compute(
    metrics: Metrics, queries: Sequence[Query], asked: Asked, now: float
) -> list[Result]:
    """Compute what is asked for.

    Args:
        metrics: all metrics.
        queries: what is asked for.
        asked: for whom and when.
        now: seconds since the epoch.

    Returns:
        The time series of the queries that are to be told, in their order.

    Raises:
        ValidationFailed: an expression cannot be computed.
    """
    reading = _Reading(metrics, asked, now)
    known = {query.id: await reading.metric(query) for query in queries if query.key is not None}
    found: dict[Search, list[Series]] = {}
    for query in queries:
        if query.expression is not None:
            for each in searches(query.expression):
                found[each] = await reading.search(each, query.period or _MINUTE)
    computing = _Computing(queries, known, found, reading)
    return await asyncio.to_thread(computing.results, asked.zone)


class _Reading:
    """Reads metrics for one answer."""

    def __init__(self, metrics: Metrics, asked: Asked, now: float) -> None:
        self._metrics = metrics
        self._asked = asked
        self._now = now

    def grid(self, period: int) -> Grid:
        """The times that are asked for, so far apart."""
        start = rounded_start(self._asked.start, period, self._now)
        return Grid(start, math.ceil(self._asked.end), period)

    async def metric(self, query: Query) -> Series:
        assert query.key is not None
        assert query.period is not None
        grid = self.grid(query.period)
        found = await self._metrics.summaries(
            [query.key], start=grid.start, end=grid.end, period=grid.period, unit=query.unit
        )
        return _series(query.key, found.get(query.key, {}), query.statistic, query.period)

    async def search(self, wanted: Search, period: int) -> list[Series]:
        test = search.parse(wanted.text)
        grid = self.grid(wanted.period or period)
        listed = await self._metrics.list(self._asked.account_id, self._asked.region)
        seen = self._now - LIST["seen"]
        keys = [each.key for each in listed if each.last > seen and test(each.key)]
        keys = keys[: DATA["search_metrics"]]
        found = await self._metrics.summaries(
            keys, start=grid.start, end=grid.end, period=grid.period
        )
        return told_apart(
            [_series(key, found.get(key, {}), wanted.statistic, grid.period) for key in keys]
        )


class _Computing:
    """Computes the expressions of one answer."""

    def __init__(
        self,
        queries: Sequence[Query],
        metrics: Mapping[str, Series],
        found: Mapping[Search, list[Series]],
        reading: _Reading,
    ) -> None:
        self._queries = {query.id: query for query in queries}
        self._metrics = metrics
        self._found = found
        self._reading = reading
        self._known: dict[str, Value] = dict(metrics)
        self._begun: set[str] = set()

    def results(self, zone: datetime.tzinfo) -> list[Result]:
        """Compute what is to be told."""
        results = []
        for query in self._queries.values():
            if not query.returned:
                continue
            try:
                value = self._value(query.id)
            except BadExpression as error:
                raise _bad(query.id, str(error)) from error
            if isinstance(value, Series):
                several = [_labelled(value, query, zone)]
            elif isinstance(value, list):
                several = [_labelled_of_several(each, query, zone) for each in value]
                several = several[: DATA["expression_results"]]
            else:
                raise _bad(query.id, "The expression must return a time series or an array of them")
            results += [Result(query.id, each) for each in several]
        return results

    def _value(self, name: str) -> Value:
        known = self._known.get(name)
        if known is not None:
            return known
        query = self._queries[name]
        if name in self._begun or query.expression is None:
            raise BadExpression("The expression refers to itself")
        self._begun.add(name)
        period = query.period or self._period(query.expression)
        scope = Scope(self._reading.grid(period), self._metrics, self._value, self._found)
        value = evaluate(query.expression, scope)
        self._known[name] = value
        return value

    def _period(self, expression: Node) -> int:
        """The period of an expression that tells none: that of what it is about."""
        own = {self._metrics[name].period for name in names(expression) if name in self._metrics}
        all_of_them = {series.period for series in self._metrics.values()}
        return min(own or all_of_them or {_MINUTE})


def _series(key: MetricKey, periods: Mapping[int, Summary], statistic: str, period: int) -> Series:
    compute = stats.parse(statistic)
    values = {at: compute(summary) for at, summary in periods.items()}
    properties = {
        "AccountId": key.account_id,
        "AccountLabel": key.account_id,
        "Region": key.region,
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Stat": statistic,
        "Period": str(period),
        **{f"Dim.{name}": value for name, value in key.dimensions},
    }
    points = {at: value for at, value in values.items() if value is not None}
    return Series(points, period, key.name, properties)


def _labelled(series: Series, query: Query, zone: datetime.tzinfo) -> Series:
    default = series.label if query.key is not None else query.id
    return replace(series, label=label_of(series, query.label or default, zone))


def _labelled_of_several(series: Series, query: Query, zone: datetime.tzinfo) -> Series:
    label = label_of(series, query.label, zone)
    if label == query.label:
        label = f"{label} {series.label}".strip()
    return replace(series, label=label)


def page(
    results: Sequence[Result], token: str | None, most: int, *, ascending: bool
) -> dict[str, Any]:
    """Make one answer of time series, of so many datapoints at most.

    Args:
        results: all of them.
        token: of the answer before this one, or None.
        most: the number of datapoints.
        ascending: whether the oldest come first.

    Raises:
        InvalidNextToken: the token is none of ours.
    """
    first, skipped = _place(token, results)
    told: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"MetricDataResults": told}
    left = most
    for at, (name, series) in enumerate(
        ((each.id, each.series) for each in results[first:]), first
    ):
        times = sorted(series.points, reverse=not ascending)[skipped:]
        taken = times[:left]
        cut = len(taken) < len(times)
        if cut and not taken:
            answer["NextToken"] = _token(at, skipped)
            break
        told.append(
            {
                "Id": name,
                "Label": series.label,
                "Timestamps": [float(each) for each in taken],
                "Values": [series.points[each] for each in taken],
                "StatusCode": "PartialData" if cut else "Complete",
            }
        )
        if cut:
            answer["NextToken"] = _token(at, skipped + len(taken))
            break
        left -= len(taken)
        skipped = 0
    return answer


def _token(at: int, skipped: int) -> str:
    return paging.encode(f"{at}/{skipped}")


def _place(token: str | None, results: Sequence[Result]) -> tuple[int, int]:
    if token is None:
        return 0, 0
    try:
        at, skipped = map(int, paging.decode(token).split("/"))
    except (paging.BadToken, ValueError) as error:
        raise InvalidNextToken from error
    if not 0 <= at <= len(results) or skipped < 0:
        raise InvalidNextToken
    return at, skipped


def _bad(name: str, why: str) -> ValidationFailed:
    return ValidationFailed(f"Error in expression '{name}': {why}")
