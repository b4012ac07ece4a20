"""What each command does with the rows that come to it, and hands on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cmp_to_key

from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.evaluation import (
    TIMESTAMP,
    Evaluator,
    compile_expression,
    compile_regex,
    is_aggregate,
)
from ingle.services.logs.insights.functions import AGGREGATES, PERCENTILES, Aggregate, Percentile
from ingle.services.logs.insights.records import Row
from ingle.services.logs.insights.syntax import (
    Binary,
    Call,
    Column,
    Dedup,
    Expression,
    Field,
    Filter,
    Limit,
    Literal,
    Membership,
    Parse,
    Sort,
    Stats,
    Unary,
)
from ingle.services.logs.insights.values import Value, number, sort_key, text, truth

_MOST_GROUPS = 100_000
_SLACK = 4096
"""Rows that a sort holds beyond those that it hands on."""


class Stage(ABC):
    """One command.

    Attributes:
        next: where rows go on to.
    """

    next: "Stage"

    @abstractmethod
    def take(self, row: Row) -> None:
        """Take a row."""

    def end(self) -> None:
        """No row comes any more."""
        self.next.end()

    @property
    def full(self) -> bool:
        """Whether further rows would change nothing."""
        return self.next.full


class Collector(Stage):
    """The end: keeps so many rows."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.rows: list[Row] = []

    def take(self, row: Row) -> None:
        """Keep a row, if there is room."""
        if len(self.rows) < self._limit:
            self.rows.append(row)

    def end(self) -> None:
        """There is nothing after this."""

    @property
    def full(self) -> bool:
        """Whether there is no more room."""
        return len(self.rows) >= self._limit


class FilterStage(Stage):
    """`filter`."""

    def __init__(self, command: Filter) -> None:
        self._passes = compile_expression(command.condition)

    def take(self, row: Row) -> None:
        """Hand on what passes."""
        if truth(self._passes(row)):
            self.next.take(row)


class FieldsStage(Stage):
    """`fields` and `display`: makes fields of expressions."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._made = [
            (column.name, compile_expression(column.expression))
            for column in columns
            if column.expression != Field(column.name)
        ]

    def take(self, row: Row) -> None:
        """Add the fields."""
        for name, evaluate in self._made:
            row.set(name, evaluate(row))
        self.next.take(row)


class ParseStage(Stage):
    """`parse`."""

    def __init__(self, command: Parse) -> None:
        self._source = compile_expression(command.source)
        compiled = compile_regex(command.pattern, command.at)
        self._search = compiled.search
        named = {index: name for name, index in compiled.groupindex.items()}
        self._names: dict[int, tuple[str, ...]] = {}
        if command.names and not named:
            if len(command.names) != compiled.groups:
                raise QueryError(
                    f"The pattern has {compiled.groups} groups, and there are "
                    f"{len(command.names)} names for them",
                    command.at,
                )
            self._names = {index: (name,) for index, name in enumerate(command.names, 1)}
        elif named:
            # AWS's own examples call a group `user` also `@user`.
            self._names = {index: (name, f"@{name}") for index, name in named.items()}
        else:
            raise QueryError(
                "The pattern names nothing: use (?<name>…), or as with names", command.at
            )

    def take(self, row: Row) -> None:
        """Add the fields where the pattern is found."""
        value = self._source(row)
        found = None if value is None else self._search(text(value).rstrip("\n"))
        if found is not None:
            for index, names in self._names.items():
                for name in names:
                    row.set(name, found.group(index))
        self.next.take(row)


class LimitStage(Stage):
    """`limit`."""

    def __init__(self, command: Limit) -> None:
        self._left = command.count

    def take(self, row: Row) -> None:
        """Hand on the first."""
        if self._left:
            self._left -= 1
            self.next.take(row)

    @property
    def full(self) -> bool:
        """Whether all are there."""
        return not self._left or self.next.full


class DedupStage(Stage):
    """`dedup`; events that lack one of the fields stay."""

    def __init__(self, command: Dedup) -> None:
        self._values = [compile_expression(column) for column in command.columns]
        self._seen: set[tuple[str, ...]] = set()

    def take(self, row: Row) -> None:
        """Hand on what is the first of its kind."""
        values = [evaluate(row) for evaluate in self._values]
        if any(value is None for value in values):
            self.next.take(row)
            return
        key = tuple(map(text, values))
        if key not in self._seen:
            self._seen.add(key)
            self.next.take(row)


class SortStage(Stage):
    """`sort`: hands on at the end, and no more rows than can be of use."""

    def __init__(self, command: Sort, keeps: int | None) -> None:
        self._columns = [(compile_expression(each), down) for each, down in command.columns]
        self._keeps = keeps
        self._rows: list[tuple[tuple[tuple[int, float, str], ...], Row]] = []
        self._key = cmp_to_key(self._compare)

    def take(self, row: Row) -> None:
        """Hold a row."""
        key = tuple(sort_key(evaluate(row)) for evaluate, _ in self._columns)
        self._rows.append((key, row))
        if self._keeps is not None and len(self._rows) >= 2 * self._keeps + _SLACK:
            self._sort()

    def end(self) -> None:
        """Hand on in order."""
        self._sort()
        for _, row in self._rows:
            self.next.take(row)
        self._rows = []
        self.next.end()

    @property
    def full(self) -> bool:
        """The last row can be the first."""
        return False

    def _sort(self) -> None:
        self._rows.sort(key=self._key)
        if self._keeps is not None:
            del self._rows[self._keeps :]

    def _compare(
        self,
        one: tuple[tuple[tuple[int, float, str], ...], Row],
        other: tuple[tuple[tuple[int, float, str], ...], Row],
    ) -> int:
        for left, right, (_, down) in zip(one[0], other[0], self._columns, strict=True):
            if left != right:
                return (
                    (left > right) - (left < right) if not down else (left < right) - (left > right)
                )
        return 0


class StatsStage(Stage):
    """`stats`: one row a group, at the end."""

    def __init__(self, command: Stats) -> None:
        self._by = [(each.name, compile_expression(each.expression)) for each in command.by]
        self._calls = list(
            dict.fromkeys(call for each in command.columns for call in _aggregates(each.expression))
        )
        if not self._calls:
            raise QueryError("stats needs an aggregate function, for instance count(*)")
        self._made = [_maker(call) for call in self._calls]
        self._values = [_argument(call) for call in self._calls]
        known: dict[Expression, Evaluator] = {
            call: _at(index) for index, call in enumerate(self._calls)
        }
        self._columns = [
            (each.name, compile_expression(each.expression, known)) for each in command.columns
        ]
        self._groups: dict[tuple[Value, ...], list[Aggregate]] = {}

    def take(self, row: Row) -> None:
        """Add a row to its group."""
        key = tuple(evaluate(row) for _, evaluate in self._by)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) == _MOST_GROUPS:
                raise QueryError(f"stats makes more than {_MOST_GROUPS} groups")
            group = self._groups[key] = [make() for make in self._made]
        moment = row.get(TIMESTAMP)
        for aggregate, value in zip(group, self._values, strict=True):
            aggregate.add(value(row), moment)

    def end(self) -> None:
        """Hand on the groups."""
        if not self._by and not self._groups:
            self._groups[()] = [make() for make in self._made]
        for key, group in self._groups.items():
            row = Row(dict(zip((name for name, _ in self._by), key, strict=True)))
            for index, aggregate in enumerate(group):
                row.set(_place(index), aggregate.result())
            for name, evaluate in self._columns:
                row.set(name, evaluate(row))
            self.next.take(row)
        self._groups = {}
        self.next.end()

    @property
    def full(self) -> bool:
        """Every row counts."""
        return False


def _place(index: int) -> str:
    return f"\0{index}"


def _at(index: int) -> Evaluator:
    name = _place(index)
    return lambda row: row.get(name)


def _aggregates(expression: Expression) -> list[Call]:
    if isinstance(expression, Call):
        if is_aggregate(expression):
            return [expression]
        return [each for part in expression.arguments for each in _aggregates(part)]
    if isinstance(expression, Binary):
        return _aggregates(expression.left) + _aggregates(expression.right)
    if isinstance(expression, Unary | Membership):
        return _aggregates(expression.operand)
    return []


def _argument(call: Call) -> Evaluator:
    if not call.arguments:
        if call.name != "count":
            raise QueryError(f"{call.name} needs a field", call.at)
        return lambda row: True
    return compile_expression(call.arguments[0])


def _maker(call: Call) -> Callable[[], Aggregate]:
    if call.name in PERCENTILES:
        percent = call.arguments[1] if len(call.arguments) == 2 else None
        value = number(percent.value) if isinstance(percent, Literal) else None
        if value is None or not 0 <= value <= 100:
            raise QueryError(
                f"{call.name} takes a field and a number from 0 to 100, for instance "
                f"{call.name}(@duration, 95)",
                call.at,
            )
        return lambda: Percentile(value)
    if len(call.arguments) > 1:
        raise QueryError(f"{call.name} takes one field", call.at)
    if call.name == "median":
        return lambda: Percentile(50)
    return AGGREGATES[call.name]
