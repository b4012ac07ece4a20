"""Keeps metric filters and subscription filters, all of them in memory too.

Lines are looked at by the hundred thousand, so what looks at them must be at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.logs import tables
from ingle.services.logs.filters.parsing import parse_pattern
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.model import GroupKey
from ingle.storage.database import Database


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Makes measurements of the events that pass.

    Attributes:
        name: unique in its group.
        pattern: which events.
        transformation: the member metricTransformations' one element.
        creation_ms: when it was made.
        compiled: the pattern.
    """

    name: str
    pattern: str
    transformation: Mapping[str, Any]
    creation_ms: int
    compiled: Pattern


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Hands on the events that pass.

    Attributes:
        name: unique in its group.
        pattern: which events.
        destination: the ARN of a function, a stream of Kinesis or a log group.
        role: the ARN of the role that brings events to a stream, as it was given.
        distribution: over a stream, `ByLogStream` or `Random`.
        creation_ms: when it was made.
        compiled: the pattern.
    """

    name: str
    pattern: str
    destination: str
    role: str | None
    distribution: str
    creation_ms: int
    compiled: Pattern


Filter = MetricFilter | SubscriptionFilter
F = TypeVar("F", MetricFilter, SubscriptionFilter)


@dataclass(slots=True)
class GroupFilters:
    """The filters of one group, by name; what is in it is replaced, never changed."""

    metric: Mapping[str, MetricFilter] = field(default_factory=dict)
    subscription: Mapping[str, SubscriptionFilter] = field(default_factory=dict)

    @property
    def regexes(self) -> int:
        """How many of them have regular expressions."""
        both: list[Filter] = [*self.metric.values(), *self.subscription.values()]
        return len([each for each in both if each.compiled.regexes])


class FilterStore:
    """The filters of all groups. Made by `open`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups: dict[GroupKey, GroupFilters] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Read all filters."""
        store = cls(database)

        async def run(connection: AsyncConnection) -> None:
            for table, read in (
                (tables.metric_filters, _metric),
                (tables.subscription_filters, _subscription),
            ):
                groups = tables.groups
                key = (groups.c.account_id, groups.c.region, groups.c.name.label("group_name"))
                joined = select(table, *key).join(groups, groups.c.id == table.c.group_id)
                for row in await connection.execute(joined):
                    at = GroupKey(row.account_id, row.region, row.group_name)
                    store._place(at, read(row))

        await database.read(run)
        return store

    def of(self, key: GroupKey) -> GroupFilters | None:
        """Return the filters of a group, if it has any."""
        return self._groups.get(key)

    def forget(self, key: GroupKey) -> None:
        """The group was deleted, and its filters with it."""
        self._groups.pop(key, None)

    def metric_filters(self, account_id: str, region: str) -> list[tuple[GroupKey, MetricFilter]]:
        """List the metric filters of an account in a region, by group and name."""
        return [
            (key, group.metric[name])
            for key, group in sorted(self._groups.items())
            if (key.account_id, key.region) == (account_id, region)
            for name in sorted(group.metric)
        ]

    async def put(self, group_id: int, key: GroupKey, put: Filter) -> None:
        """Make a filter, instead of the one of that name if there is one."""
        table = _table(type(put))
        values = {
            "group_id": group_id,
            "name": put.name,
            "pattern": put.pattern,
            "creation_ms": put.creation_ms,
        }
        if isinstance(put, MetricFilter):
            values["transformation"] = dict(put.transformation)
        else:
            values |= {
                "destination": put.destination,
                "role": put.role,
                "distribution": put.distribution,
            }

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(_deletion(table, group_id, put.name))
            await connection.execute(insert(table).values(values))

        await self._database.write(run)
        self._place(key, put)

    async def remove(self, group_id: int, key: GroupKey, kind: type[Filter], name: str) -> bool:
        """Delete a filter; say whether there was one."""
        table = _table(kind)

        async def run(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(_deletion(table, group_id, name))).rowcount)

        removed = await self._database.write(run)
        group = self._groups.get(key, GroupFilters())
        left = GroupFilters(
            _without(group.metric, name if kind is MetricFilter else None),
            _without(group.subscription, name if kind is SubscriptionFilter else None),
        )
        if left.metric or left.subscription:
            self._groups[key] = left
        else:
            self.forget(key)
        return removed

    def _place(self, key: GroupKey, put: Filter) -> None:
        group = self._groups.get(key, GroupFilters())
        if isinstance(put, MetricFilter):
            self._groups[key] = GroupFilters({**group.metric, put.name: put}, group.subscription)
        else:
            self._groups[key] = GroupFilters(group.metric, {**group.subscription, put.name: put})


def _table(kind: type[Filter]) -> Table:
    return tables.metric_filters if kind is MetricFilter else tables.subscription_filters


def _deletion(table: Table, group_id: int, name: str) -> Any:
    return delete(table).where((table.c.group_id == group_id) & (table.c.name == name))


def _without(filters: Mapping[str, F], name: str | None) -> Mapping[str, F]:
    return {each: value for each, value in filters.items() if each != name}


def _metric(row: Any) -> Filter:
    return MetricFilter(
        row.name, row.pattern, row.transformation, row.creation_ms, parse_pattern(row.pattern)
    )


def _subscription(row: Any) -> Filter:
    return SubscriptionFilter(
        row.name,
        row.pattern,
        row.destination,
        row.role,
        row.distribution,
        row.creation_ms,
        parse_pattern(row.pattern),
    )
