"""A query that runs: events go in, the newest first, and results come out."""

from collections.abc import Iterable, Mapping, Sequence

from ingle.services.logs.insights.evaluation import TIMESTAMP
from ingle.services.logs.insights.parser import parse_query
from ingle.services.logs.insights.records import Row
from ingle.services.logs.insights.stages import (
    Collector,
    DedupStage,
    FieldsStage,
    FilterStage,
    LimitStage,
    ParseStage,
    SortStage,
    Stage,
    StatsStage,
)
from ingle.services.logs.insights.syntax import (
    Binary,
    Command,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    Like,
    Limit,
    Parse,
    Sort,
    Stats,
)
from ingle.services.logs.insights.values import text

MESSAGE, POINTER = "@message", "@ptr"


class Query:
    """One run of a query.

    Args:
        query: its text.
        limit: how many rows there are at most.
        ordered: whether events come in order, the newest first.

    Attributes:
        matched: how many events passed what filters there are before everything else.

    Raises:
        QueryError: it is malformed.
    """

    def __init__(self, query: str, limit: int, *, ordered: bool = True) -> None:
        commands = list(parse_query(query))
        if not ordered and not any(isinstance(each, Sort | Stats) for each in commands):
            commands.insert(_first_order(commands), Sort(((Field(TIMESTAMP), True),)))
        self.matched = 0
        self._collector = Collector(limit)
        self._columns = _shown(commands)
        self._pointed = not any(isinstance(each, Stats) for each in commands)
        self.needle = _needle(commands)
        stages: list[Stage] = []
        for index, command in enumerate(commands):
            stages.append(_stage(command, commands[index + 1 :], limit))
        filters = 0
        while filters < len(commands) and not isinstance(
            commands[filters], Sort | Stats | Limit | Dedup
        ):
            filters += 1
        stages.insert(filters, _Counter(self))
        for stage, following in zip(stages, [*stages[1:], self._collector], strict=True):
            stage.next = following
        self._first = stages[0]

    @property
    def full(self) -> bool:
        """Whether further events would change nothing."""
        return self._first.full

    def take(self, rows: Iterable[Row]) -> None:
        """Take some events.

        Raises:
            QueryError: there are too many groups.
        """
        take = self._first.take
        for row in rows:
            take(row)

    def end(self) -> list[Mapping[str, str]]:
        """Say what came out: rows of texts by the names of columns; what is missing is left out."""
        self._first.end()
        return [self._shown_row(row) for row in self._collector.rows]

    def _shown_row(self, row: Row) -> Mapping[str, str]:
        shown = {}
        for name in self._columns:
            value = row.get(name)
            if value is not None:
                shown[name] = text(value)
        if self._pointed:
            shown[POINTER] = text(row.get(POINTER))
        return shown


class _Counter(Stage):
    def __init__(self, query: Query) -> None:
        self._query = query

    def take(self, row: Row) -> None:
        self._query.matched += 1
        self.next.take(row)


def _stage(command: Command, following: Sequence[Command], limit: int) -> Stage:
    if isinstance(command, Filter):
        return FilterStage(command)
    if isinstance(command, Fields | Display):
        return FieldsStage(command.columns)
    if isinstance(command, Parse):
        return ParseStage(command)
    if isinstance(command, Stats):
        return StatsStage(command)
    if isinstance(command, Limit):
        return LimitStage(command)
    if isinstance(command, Dedup):
        return DedupStage(command)
    return SortStage(command, _needed(following, limit))


def _needed(following: Sequence[Command], limit: int) -> int | None:
    """Say how many rows of a sort can be of use; None if that is not known."""
    for command in following:
        if isinstance(command, Limit):
            return min(command.count, limit)
        if not isinstance(command, Fields | Display | Parse):
            return None
    return limit


def _first_order(commands: Sequence[Command]) -> int:
    """Say where the order of events begins to count."""
    for index, command in enumerate(commands):
        if isinstance(command, Limit | Dedup):
            return index
    return len(commands)


def _shown(commands: Sequence[Command]) -> list[str]:
    """Say which columns results have."""
    columns: list[str] = []
    displayed: list[str] | None = None
    for command in commands:
        if isinstance(command, Fields):
            columns += [each.name for each in command.columns]
        elif isinstance(command, Stats):
            columns = [each.name for each in (*command.by, *command.columns)]
            displayed = None
        elif isinstance(command, Display):
            displayed = [each.name for each in command.columns]
    shown = displayed if displayed is not None else columns
    return list(dict.fromkeys(shown or [TIMESTAMP, MESSAGE]))


def _needle(commands: Sequence[Command]) -> bytes | None:
    """Find bytes that every event holds that can be of use, from filters that come first."""
    found: list[bytes] = []
    for command in commands:
        if isinstance(command, Filter):
            found += _texts(command.condition)
        elif not isinstance(command, Parse) and not (
            isinstance(command, Fields)
            and all(
                each.name != MESSAGE or each.expression == Field(MESSAGE)
                for each in command.columns
            )
        ):
            break
    return max(found, key=len, default=None)


def _texts(condition: Expression) -> list[bytes]:
    if isinstance(condition, Binary) and condition.operator == "and":
        return _texts(condition.left) + _texts(condition.right)
    if isinstance(condition, Like) and not condition.is_regex:
        return [condition.text.encode()] if condition.operand == Field(MESSAGE) else []
    return []
