"""Walks along the keys of a bucket in their order, from folder to folder where there are some.

Keys below a common prefix are passed over in one step of the index, however many they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

END = b"\xff"
"""Comes after every UTF-8 text, so a prefix with it comes after all that begins so."""

_COLUMNS = "v.key, v.modified_ms, v.size, v.etag, v.storage_class, v.checksum"
# As the index over what is there says it, so that SQLite takes that.
_THERE = "v.bucket_id = :bucket AND v.is_latest = 1 AND v.is_marker = 0"

_PLAIN = text(
    f"SELECT {_COLUMNS} FROM s3_versions v WHERE {_THERE} AND v.key >= :begin "  # noqa: S608 - likewise
    "AND v.key < :upper ORDER BY v.key LIMIT :most"
)
# What begins like the key up to and with the first delimiter behind the prefix, has no more to say.
_PASSED = (
    "CASE WHEN instr(substr(w.key, :behind), :delimiter) > 0 THEN CAST(substr(w.key, 1, "
    ":behind + instr(substr(w.key, :behind), :delimiter) + :width) || x'ff' AS BLOB) ELSE w.key END"
)
_FOLDED = text(
    "WITH RECURSIVE walk(key, number) AS ("  # noqa: S608 - nothing of it comes from outside
    f"SELECT (SELECT v.key FROM s3_versions v WHERE {_THERE} AND v.key >= :begin "
    "AND v.key < :upper ORDER BY v.key LIMIT 1), 1 "
    "UNION ALL "
    f"SELECT (SELECT v.key FROM s3_versions v WHERE {_THERE} AND v.key > {_PASSED} "
    "AND v.key < :upper ORDER BY v.key LIMIT 1), w.number + 1 "
    "FROM walk w WHERE w.key IS NOT NULL AND w.number < :most) "
    # A left join, so that the database begins with the walk.
    f"SELECT {_COLUMNS} FROM walk w LEFT JOIN s3_versions v ON v.key = w.key AND {_THERE} "
    "WHERE w.key IS NOT NULL ORDER BY w.number"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as listings tell of it, or a common prefix.

    Attributes:
        name: the key or the prefix, UTF-8.
        row: the columns of the object; None for a prefix.
    """

    name: bytes
    row: Any = None

    @property
    def after(self) -> bytes:
        """After what the next page begins."""
        return self.name if self.row is not None else self.name + END


async def walk(
    connection: AsyncConnection,
    bucket_id: int,
    prefix: bytes,
    delimiter: bytes,
    after: bytes,
    most: int,
) -> Sequence[Entry]:
    """List objects, and the common prefixes of those whose keys have the delimiter.

    Args:
        connection: reads.
        bucket_id: the bucket's row.
        prefix: how keys begin.
        delimiter: what ends a common prefix; empty for none.
        after: after which key, or prefix and `END`, to begin.
        most: how many at most.
    """
    values = {
        "bucket": bucket_id,
        "begin": lower_bound(prefix, after),
        "upper": prefix + END,
        "most": most,
    }
    if not delimiter:
        return [Entry(row.key, row) for row in await connection.execute(_PLAIN, values)]
    # substr counts from 1; the position that instr finds does too.
    values |= {
        "behind": len(prefix) + 1,
        "delimiter": delimiter,
        "width": len(delimiter) - 2,
    }
    found = []
    for row in await connection.execute(_FOLDED, values):
        folded = common_prefix(row.key, prefix, delimiter)
        found.append(Entry(row.key, row) if folded is None else Entry(folded))
    return found


def lower_bound(prefix: bytes, after: bytes) -> bytes:
    """Return the first key that may have a prefix and comes after another key, if there is one.

    One bound in place of two, for SQLite looks up only one of them in an index, and reads all keys
    that are between both.
    """
    return max(prefix, after + b"\0") if after else prefix


def common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """Return what a key has up to and with the first delimiter behind the prefix; None for none."""
    position = key.find(delimiter, len(prefix)) if delimiter else -1
    return None if position < 0 else key[: position + len(delimiter)]
