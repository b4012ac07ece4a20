"""How datapoints are written: a run of one series as a row of `data`, any of them as a journal's.

Both are JSON, packed, after a byte that tells the version of the form.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from ingle.services.cloudwatch.model import Point, Series
from ingle.services.cloudwatch.summary import Summary

_VERSION = b"\x01"
_LEVEL = 6


def pack_run(start: int, points: Mapping[int, Summary]) -> bytes:
    """Pack the datapoints of one row, which begins at `start`."""
    return _pack([[at - start, *points[at].dump()] for at in sorted(points)])


def unpack_run(start: int, data: bytes) -> dict[int, Summary]:
    """Unpack what `pack_run` packed."""
    return {start + at: Summary.load(dumped) for at, *dumped in _unpack(data)}


def pack_points(points: Iterable[Point]) -> bytes:
    """Pack datapoints of any series."""
    return _pack([[*each.series, each.start, *each.summary.dump()] for each in points])


def unpack_points(data: bytes) -> list[Point]:
    """Unpack what `pack_points` packed."""
    return [
        Point(Series(metric_id, unit, tier), start, Summary.load(dumped))
        for metric_id, unit, tier, start, *dumped in _unpack(data)
    ]


def _pack(rows: list[list[object]]) -> bytes:
    return _VERSION + zlib.compress(orjson.dumps(rows), _LEVEL)


def _unpack(data: bytes) -> list[Any]:
    if data[:1] != _VERSION:
        raise ValueError("Datapoints were written by a newer Ingle.")
    rows: list[Any] = orjson.loads(zlib.decompress(data[1:]))
    return rows
