"""Reads events in the order of their times, page by page, in either direction."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.logs import tables
from ingle.services.logs.chunks import Lines, event_bytes, open_lines
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.limits import CHUNK, PAGE
from ingle.services.logs.model import Event, Position
from ingle.storage.database import Database

_ROWS_AT_ONCE = 1000
# How much text of rows is read at first, when a few events may be enough, and at most.
_FIRST_BYTES = 64 << 10
_MOST_BYTES = 2 << 20
_NEVER_MS = 1 << 63
# What looking at a row, and at a message, costs beside its text: as much as so many bytes.
_ROW_BYTES = 4 << 10
_EXAMINED_BYTES = 1 << 10
_ESCAPE = b"\\u"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events to read.

    Attributes:
        group_id: of this group.
        stream_ids: of these streams; None for all of the group's.
        stream_prefix: of those streams whose names begin like this.
        start_ms: not before this time.
        end_ms: before this time; None for no end.
        forward: the earliest first, else the latest.
        beyond: after this position in that direction; None to begin at the first one.
        pattern: only those whose messages pass.
        needle: only those whose messages hold these bytes.
    """

    group_id: int
    stream_ids: Sequence[int] | None = None
    stream_prefix: str | None = None
    start_ms: int = 0
    end_ms: int | None = None
    forward: bool = True
    beyond: Position | None = None
    pattern: Pattern | None = None
    needle: bytes | None = None


@dataclass(slots=True)
class Page:
    """What was read.

    Attributes:
        events: in the direction of reading.
        last: where to go on, if there is more.
        more: whether there may be more events.
        scanned: the rows that were looked through: how many events of the time asked for they
            have, and how much text.
    """

    events: list[Event] = field(default_factory=list)
    last: Position | None = None
    more: bool = False
    scanned: dict[int, tuple[int, int]] = field(default_factory=dict)


async def read_page(database: Database, selection: Selection, limit: int) -> Page:
    """Read events until there are enough, or enough text was looked through.

    A page ends at `limit` events, at 1 MB of them, or when as much was looked through as takes a
    moment; then it may be short or empty, and still there is more.

    Args:
        database: where the events are.
        selection: which events.
        limit: how many at most.
    """
    merge = _Merge(selection, limit)
    at_once = _FIRST_BYTES
    rows, complete = await _list_rows(database, selection, None)
    while rows:
        portion, rest = _cut(rows, at_once)
        at_once = min(2 * at_once, _MOST_BYTES)
        if not rest and not complete:
            rest, complete = await _list_rows(database, selection, rows[-1])
        data = await _load(database, [row.id for row in portion])
        following = _edge(rest[0], selection.forward) if rest else None
        await asyncio.to_thread(merge.advance, data, following)
        if merge.page.more:
            break
        rows = rest
    return merge.page


class _Merge:
    """Puts the events of rows that overlap in time into order.

    Rows come in the order of their near edges, so that no event of a later row is before the next
    row's edge. Keys are negated to go backwards.
    """

    def __init__(self, selection: Selection, limit: int) -> None:
        self._selection = selection
        self._limit = limit
        self._sign = 1 if selection.forward else -1
        # A key, a message and its row; all of them wanted.
        self._pending: list[tuple[int, int, int, str, Row[Any]]] = []
        self._bytes = 0
        self._scanned = 0
        self.page = Page()

    def advance(self, rows: Sequence[Row[Any]], following: int | None) -> None:
        """Take some rows in, and put what is now certain on the page; blocks for milliseconds.

        Args:
            rows: with their data.
            following: the near edge of the row after them, or None if there is none.
        """
        for row in rows:
            self._pending += self._wanted(row)
            self._scanned += row.bytes + _ROW_BYTES
        self._pending.sort()
        page = self.page
        done = 0
        for time, chunk_id, place, message, row in self._pending:
            if following is not None and time >= self._sign * following:
                break
            size = event_bytes(message)
            if len(page.events) == self._limit or (page.events and self._bytes + size > PAGE.bytes):
                page.more = True
                page.last = page.events[-1].position
                return
            position = Position(*(self._sign * part for part in (time, chunk_id, place)))
            page.events.append(Event(position, message, row.ingestion_ms, row.stream_id))
            self._bytes += size
            done += 1
        del self._pending[:done]
        if following is None or self._scanned < PAGE.scanned_bytes:
            return
        # A page that ended where it began would be asked for again and again.
        edge = Position(following if self._selection.forward else following + 1, 0, 0)
        if self._is_beyond_begin(edge):
            page.more = True
            page.last = edge

    def _is_beyond_begin(self, position: Position) -> bool:
        selection = self._selection
        if selection.forward:
            begin = Position(selection.start_ms, 0, 0)
            return position > max(begin, selection.beyond or begin)
        begin = Position(selection.end_ms if selection.end_ms is not None else _NEVER_MS, 0, 0)
        return position < min(begin, selection.beyond or begin)

    def _wanted(self, row: Row[Any]) -> list[tuple[int, int, int, str, Row[Any]]]:
        selection, sign = self._selection, self._sign
        pattern = selection.pattern
        lines = open_lines(row.encoding, row.data)
        among = lines.between(
            selection.start_ms, selection.end_ms if selection.end_ms is not None else _NEVER_MS
        )
        chunk_key = sign * row.id
        beyond = None
        if selection.beyond is not None:
            beyond = tuple(sign * part for part in selection.beyond)
        wanted = []
        self.page.scanned[row.id] = len(among), len(lines.text)
        some: Iterable[int] = among
        if pattern is not None:
            some = candidates(lines, among, pattern)
        elif selection.needle is not None:
            some = lines.holding(selection.needle, among)
        for index in some:
            time, place = sign * lines.timestamp(index), sign * (index + 1)
            if beyond is not None and (time, chunk_key, place) <= beyond:
                continue
            message = lines.message(index)
            if pattern is not None:
                self._scanned += _EXAMINED_BYTES
                if not pattern.matches(message):
                    continue
            wanted.append((time, chunk_key, place, message, row))
        return wanted


def candidates(lines: Lines, among: range, pattern: Pattern) -> Iterable[int]:
    """Say which of some events may pass, without making their messages; blocks for a moment."""
    needles = pattern.needles
    if not needles or (pattern.escapable and _ESCAPE in lines.text):
        return among
    if len(needles) == 1:
        return lines.holding(needles[0], among)
    return sorted({index for needle in needles for index in lines.holding(needle, among)})


def _edge(row: Row[Any], forward: bool) -> int:
    return int(row.first_ms if forward else row.last_ms)


def _cut(rows: Sequence[Row[Any]], at_once: int) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Split off as many rows as have this many bytes of text, at least one."""
    size = 0
    for count, row in enumerate(rows):
        size += row.bytes
        if count and size > at_once:
            return rows[:count], rows[count:]
    return rows, []


async def _list_rows(
    database: Database, selection: Selection, beyond: Row[Any] | None
) -> tuple[Sequence[Row[Any]], bool]:
    """List rows that may hold what is selected, without their data, in order of their near edges.

    That no row spans more than an hour bounds the part of the index that is looked at.

    Returns:
        Some rows, and whether there are no more after them.
    """
    columns = tables.chunks.c
    start, end = selection.start_ms, selection.end_ms
    if selection.beyond is not None:
        if selection.forward:
            start = max(start, selection.beyond.timestamp_ms)
        else:
            after_it = selection.beyond.timestamp_ms + 1
            end = after_it if end is None else min(end, after_it)
    where: list[ColumnElement[bool]] = [columns.last_ms >= start]
    if selection.forward:
        where.append(columns.first_ms >= start - CHUNK.span_ms)
    if end is not None:
        where += [columns.first_ms < end, columns.last_ms < end + CHUNK.span_ms]
    if selection.stream_ids is not None and len(selection.stream_ids) == 1:
        where.append(columns.stream_id == selection.stream_ids[0])
    else:
        where.append(columns.group_id == selection.group_id)
        if selection.stream_ids is not None:
            where.append(columns.stream_id.in_(selection.stream_ids))
        if selection.stream_prefix is not None:
            where.append(columns.stream_id.in_(_streams_with(selection)))
    edge = columns.first_ms if selection.forward else columns.last_ms
    if beyond is not None:
        at = _edge(beyond, selection.forward)
        here, there = tuple_(edge, columns.id), tuple_(literal(at), literal(beyond.id))
        where.append(here > there if selection.forward else here < there)
    order = (edge, columns.id) if selection.forward else (edge.desc(), columns.id.desc())
    statement = (
        select(columns.id, columns.first_ms, columns.last_ms, columns.bytes)
        .where(*where)
        .order_by(*order)
        .limit(_ROWS_AT_ONCE)
    )

    rows = await _fetch(database, statement)
    return rows, len(rows) < _ROWS_AT_ONCE


def _streams_with(selection: Selection) -> Select[tuple[int]]:
    columns = tables.streams.c
    prefix = selection.stream_prefix or ""
    # LIKE would not mind upper and lower case in SQLite.
    begins = func.substr(columns.name, 1, len(prefix)) == prefix
    return select(columns.id).where(columns.group_id == selection.group_id, begins)


async def _load(database: Database, ids: Sequence[int]) -> Sequence[Row[Any]]:
    columns = tables.chunks.c
    statement = select(
        columns.id,
        columns.stream_id,
        columns.ingestion_ms,
        columns.bytes,
        columns.encoding,
        columns.data,
    ).where(columns.id.in_(ids))

    return await _fetch(database, statement)


async def _fetch(database: Database, statement: Select[Any]) -> Sequence[Row[Any]]:
    async def run(connection: AsyncConnection) -> Sequence[Row[Any]]:
        rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
        return rows

    return await database.read(run)
