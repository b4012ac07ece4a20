"""Reads queries: commands with `|` between them."""

import re
from collections.abc import Callable, Iterator

import re2

from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.expression_parser import ExpressionParser
from ingle.services.logs.insights.reader import Reader
from ingle.services.logs.insights.syntax import (
    Column,
    Command,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    Limit,
    Parse,
    Sort,
    Stats,
)

_OTHERS = frozenset(
    ("pattern", "diff", "unmask", "unnest", "anomaly", "join", "lookup", "source", "addtotals")
)
_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_MOST_LIMIT = 10_000
_MESSAGE = Field("@message")


def parse_query(query: str) -> tuple[Command, ...]:
    """Read a query.

    Raises:
        QueryError: it is malformed, or has a command that Ingle has not.
    """
    # As long as before, so that places stay what they are.
    reader = Reader(_COMMENT.sub(lambda found: " " * len(found[0]), query))
    if reader.at_end:
        raise QueryError("The query is empty")
    reader.sign("|")
    return tuple(_commands(reader))


def _commands(reader: Reader) -> Iterator[Command]:
    yield _Parser(reader).command()
    while reader.sign("|") is not None:
        yield _Parser(reader).command()
    if reader.query[reader.at :]:
        raise reader.error("'|' or the end of the query")


class _Parser:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._expressions = ExpressionParser(reader)

    def command(self) -> Command:
        at = self._reader.at
        word = self._reader.word()
        commands: dict[str, Callable[[], Command]] = {
            "fields": lambda: Fields(self._columns()),
            "display": lambda: Display(self._columns()),
            "filter": lambda: Filter(self._expressions.expression()),
            "filterindex": lambda: Filter(self._expressions.expression()),
            "parse": self._parse,
            "stats": self._stats,
            "sort": self._sort,
            "order": self._sort,
            "limit": self._limit,
            "head": self._limit,
            "dedup": self._dedup,
        }
        read = commands.get(word or "")
        if read is not None:
            return read()
        self._reader.at = at
        if word in _OTHERS:
            raise QueryError(f"Ingle does not have the command '{word}'", at)
        raise self._reader.error(
            "a command: fields, display, filter, parse, stats, sort, limit or dedup"
        )

    def _columns(self) -> tuple[Column, ...]:
        columns = [self._column()]
        while self._reader.sign(","):
            columns.append(self._column())
        return tuple(columns)

    def _column(self) -> Column:
        start = self._reader.at
        expression = self._expressions.expression()
        name = self._reader.between(start)
        if len(name) > 1 and name.startswith("`") and name.endswith("`"):
            name = name[1:-1]
        if self._reader.keyword("as"):
            name = self._alias()
        return Column(expression, name)

    def _alias(self) -> str:
        name = self._reader.name()
        if name is None:
            raise self._reader.error("a name after as")
        return name

    def _parse(self) -> Command:
        reader = self._reader
        start = reader.at
        source: Expression
        if reader.query[start : start + 1] in ('"', "'", "/"):
            source = _MESSAGE
        else:
            source = self._expressions.primary()
        at = reader.at
        regex = reader.regex()
        glob = None
        if regex is None:
            glob = reader.glob()
            if glob is None:
                raise reader.error("a pattern in quotes or between slashes")
        names: list[str] = []
        if reader.keyword("as"):
            names.append(self._alias())
            while reader.sign(","):
                names.append(self._alias())
        if regex is not None:
            return Parse(source, regex, tuple(names), at)
        assert glob is not None
        if glob.count("*") != len(names):
            raise QueryError(
                f"The pattern has {glob.count('*')} '*', and there are {len(names)} names for them",
                at,
            )
        return Parse(source, _glob(glob), tuple(names), at)

    def _stats(self) -> Command:
        columns = self._columns()
        by: tuple[Column, ...] = ()
        if self._reader.keyword("by"):
            by = self._columns()
        return Stats(columns, by)

    def _sort(self) -> Command:
        self._reader.keyword("by")
        columns = []
        while True:
            expression = self._expressions.expression()
            columns.append((expression, self._reader.keyword("asc", "desc") == "desc"))
            if self._reader.sign(",") is None:
                return Sort(tuple(columns))

    def _limit(self) -> Command:
        at = self._reader.at
        digits = self._reader.number()
        if digits is None or not digits.isdigit() or not 1 <= int(digits) <= _MOST_LIMIT:
            raise QueryError(f"limit must be a whole number from 1 to {_MOST_LIMIT}", at)
        return Limit(int(digits))

    def _dedup(self) -> Command:
        columns = [self._expressions.expression()]
        while self._reader.sign(","):
            columns.append(self._expressions.expression())
        return Dedup(tuple(columns))


def _glob(glob: str) -> str:
    pieces = [re2.escape(piece) for piece in glob.split("*")]
    return "(?s)" + "(.*?)".join(pieces) + ("$" if glob.endswith("*") else "")
