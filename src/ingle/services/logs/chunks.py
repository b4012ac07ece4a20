"""Packs runs of log events into the bytes of a row, and unpacks them.

A row has its events' times and the ends of their messages as arrays, and the messages as one text,
so that a search looks through the text and touches only the messages that it finds something in.
"""

import struct
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from operator import itemgetter
from typing import Self

import orjson

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from ingle.services.logs.limits import CHUNK, EVENT_OVERHEAD_BYTES

RawEvent = tuple[int, str]
"""A time in milliseconds and a message."""

_timestamp = itemgetter(0)
_HEAD = struct.Struct("<QI")
_NUMBER = "I"
# The fastest level: logs pack well enough, and this runs all the time.
_LEVEL = 1


class Encoding(IntEnum):
    """How a row's bytes are to be read; older rows are JSON."""

    JSON = 0
    ZLIB_JSON = 1
    TEXT = 2
    ZSTD_TEXT = 3


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events of one stream, in the order of their times.

    Attributes:
        first_ms: the time of the first one.
        last_ms: the time of the last one, at most `CHUNK.span_ms` later.
        size: of all events in bytes, as AWS counts it.
        encoding: how `data` is to be read.
        data: the events.
    """

    first_ms: int
    last_ms: int
    size: int
    encoding: Encoding
    data: bytes


@dataclass(frozen=True, slots=True)
class Lines:
    """The events of a row, of which none is made into a string before it is asked for.

    Attributes:
        first_ms: the time of the first one.
        offsets: the times of all, in milliseconds after the first.
        ends: where the messages end in the text.
        text: all messages in UTF-8, one after the other.
    """

    first_ms: int
    offsets: "array[int]"
    ends: "array[int]"
    text: bytes

    @classmethod
    def of(cls, events: list[RawEvent]) -> Self:
        """Put events together, which are in order of time."""
        first_ms = events[0][0] if events else 0
        texts = [message.encode("utf-8", "replace") for _, message in events]
        return cls(
            first_ms,
            array(_NUMBER, [timestamp - first_ms for timestamp, _ in events]),
            array(_NUMBER, accumulate(map(len, texts))),
            b"".join(texts),
        )

    def __len__(self) -> int:
        return len(self.ends)

    def timestamp(self, index: int) -> int:
        """Return the time of an event."""
        return self.first_ms + self.offsets[index]

    def message(self, index: int) -> str:
        """Return the message of an event."""
        start = self.ends[index - 1] if index else 0
        return self.text[start : self.ends[index]].decode("utf-8", "replace")

    def between(self, start_ms: int, end_ms: int) -> range:
        """Say which events are not before one time, and before another."""
        least, most = start_ms - self.first_ms, end_ms - self.first_ms
        return range(bisect_left(self.offsets, least), bisect_left(self.offsets, most))

    def holding(self, needle: bytes, among: range) -> Iterator[int]:
        """Say which of some events may hold these bytes; all that do are among them."""
        if not among:
            return
        text, ends = self.text, self.ends
        at = ends[among.start - 1] if among.start else 0
        last = ends[among.stop - 1]
        while (at := text.find(needle, at, last)) >= 0:
            index = bisect_right(ends, at)
            yield index
            at = ends[index]


def event_bytes(message: str) -> int:
    """Size an event as AWS does: the message in UTF-8 and 26 bytes."""
    return len(message.encode("utf-8", "replace")) + EVENT_OVERHEAD_BYTES


def pack(events: Iterable[RawEvent]) -> list[Chunk]:
    """Put events in order of time, those of one time in the order given, and pack them."""
    return pack_away(list(events))


def pack_away(events: list[RawEvent]) -> list[Chunk]:
    """Do as `pack` does, and take the events out of the list, so that memory does not hold both."""
    events.sort(key=_timestamp)
    events.reverse()
    return [_pack(run, size) for run, size in _runs(events)]


def unpack(encoding: int, data: bytes) -> list[RawEvent]:
    """Return the events of a row.

    Raises:
        ValueError: the bytes are damaged, or of an encoding that this Ingle does not know.
    """
    lines = open_lines(encoding, data)
    return [(lines.timestamp(index), lines.message(index)) for index in range(len(lines))]


def open_lines(encoding: int, data: bytes) -> Lines:
    """Return the events of a row, to look through.

    Raises:
        ValueError: the bytes are damaged, or of an encoding that this Ingle does not know.
    """
    kind = Encoding(encoding)
    try:
        if kind is Encoding.ZLIB_JSON:
            data = zlib.decompress(data)
        elif kind is Encoding.ZSTD_TEXT:
            data = zstd.decompress(data)
        if kind in (Encoding.JSON, Encoding.ZLIB_JSON):
            return Lines.of([(timestamp, message) for timestamp, message in orjson.loads(data)])
        first_ms, count = _HEAD.unpack_from(data)
        offsets, ends = array(_NUMBER), array(_NUMBER)
        size = count * ends.itemsize
        offsets.frombytes(data[_HEAD.size : _HEAD.size + size])
        ends.frombytes(data[_HEAD.size + size : _HEAD.size + 2 * size])
    except (zlib.error, zstd.ZstdError, struct.error) as error:
        raise ValueError(str(error)) from error
    _as_stored(offsets, ends)
    return Lines(first_ms, offsets, ends, data[_HEAD.size + 2 * size :])


def _runs(events: list[RawEvent]) -> Iterator[tuple[list[RawEvent], int]]:
    run: list[RawEvent] = []
    size = 0
    while events:
        event = events.pop()
        more = event_bytes(event[1])
        if run and (size + more > CHUNK.bytes or event[0] - run[0][0] > CHUNK.span_ms):
            yield run, size
            run, size = [], 0
        run.append(event)
        size += more
    if run:
        yield run, size


def _pack(run: list[RawEvent], size: int) -> Chunk:
    lines = Lines.of(run)
    last_ms = run[-1][0]
    _as_stored(lines.offsets, lines.ends)
    data = b"".join(
        (
            _HEAD.pack(lines.first_ms, len(run)),
            lines.offsets.tobytes(),
            lines.ends.tobytes(),
            lines.text,
        )
    )
    encoding = Encoding.TEXT
    if len(data) >= CHUNK.pack_from_bytes:
        data = zstd.compress(data, _LEVEL)
        encoding = Encoding.ZSTD_TEXT
    return Chunk(lines.first_ms, last_ms, size, encoding, data)


def _as_stored(*numbers: "array[int]") -> None:
    """Turn the bytes of numbers round where this machine's order is not that of rows."""
    if sys.byteorder == "big":
        for each in numbers:
            each.byteswap()
