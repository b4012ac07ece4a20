"""Packs runs of log events into the bytes of a row, and unpacks them."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter

import orjson

from ingle.services.logs.limits import CHUNK, EVENT_OVERHEAD_BYTES

RawEvent = tuple[int, str]
"""A time in milliseconds and a message."""

_timestamp = itemgetter(0)


class Encoding(IntEnum):
    """How a row's bytes are to be read."""

    JSON = 0
    ZLIB_JSON = 1


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
    try:
        plain = zlib.decompress(data) if Encoding(encoding) is Encoding.ZLIB_JSON else data
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return [(timestamp, message) for timestamp, message in orjson.loads(plain)]


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
    try:
        data = orjson.dumps(run)
    except orjson.JSONEncodeError:
        # A lone surrogate has no UTF-8; a log line is worth more with a question mark than lost.
        data = orjson.dumps(
            [(ms, message.encode("utf-8", "replace").decode()) for ms, message in run]
        )
    encoding = Encoding.JSON
    if len(data) >= CHUNK.pack_from_bytes:
        # The fastest level: logs pack well enough, and this runs all the time.
        data = zlib.compress(data, 1)
        encoding = Encoding.ZLIB_JSON
    return Chunk(run[0][0], run[-1][0], size, encoding, data)
