"""Where the segments of traces are kept."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.xray.documents import Segment
from ingle.services.xray.limits import LIMITS
from ingle.services.xray.tables import segments
from ingle.storage.database import Database

Place = tuple[str, str]
"""Account and region."""
_ROWS = 200
"""In one statement."""


class SegmentStore:
    """The segments of all traces.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[tuple[Place, Segment]]) -> None:
        """Keep segments; one that was sent before, in progress for instance, is replaced."""
        by_key = {(*place, each.trace_id, each.id): each for place, each in found}
        rows = [
            {
                "account_id": account_id,
                "region": region,
                "trace_id": each.trace_id,
                "segment_id": each.id,
                "started": each.started,
                "ended": each.ended,
                "document": each.document,
            }
            for (account_id, region, _, _), each in by_key.items()
        ]

        async def run(connection: AsyncConnection) -> None:
            keys = list(by_key)
            for start in range(0, len(rows), _ROWS):
                columns = tuple_(*segments.primary_key.columns)
                part = keys[start : start + _ROWS]
                await connection.execute(delete(segments).where(columns.in_(part)))
                await connection.execute(segments.insert(), rows[start : start + _ROWS])

        await self._database.write(run)

    async def add_within(self, place: Place, found: Sequence[Segment]) -> list[tuple[Segment, str]]:
        """Keep segments as far as their traces have room; return the others, and why."""
        sizes = await self.sizes(place, list({each.trace_id for each in found}))
        kept, refused = [], []
        for each in found:
            size = sizes.get(each.trace_id, 0) + len(each.document)
            if size > LIMITS.trace_bytes:
                text = f"The trace {each.trace_id} has more than {LIMITS.trace_bytes} bytes."
                refused.append((each, text))
                continue
            sizes[each.trace_id] = size
            kept.append((place, each))
        if kept:
            await self.add(kept)
        return refused

    async def sizes(self, place: Place, trace_ids: Sequence[str]) -> dict[str, int]:
        """Count the characters of what is kept of traces."""

        async def run(connection: AsyncConnection) -> dict[str, int]:
            rows = await connection.execute(
                select(segments.c.trace_id, func.sum(func.length(segments.c.document)))
                .where(_in(place), segments.c.trace_id.in_(trace_ids))
                .group_by(segments.c.trace_id)
            )
            return dict(rows.tuples().all())

        return await self._database.read(run)

    async def of_traces(self, place: Place, trace_ids: Sequence[str]) -> dict[str, list[Segment]]:
        """Read all segments of traces; those that are not there are left out."""

        async def run(connection: AsyncConnection) -> dict[str, list[Segment]]:
            found: dict[str, list[Segment]] = {}
            for start in range(0, len(trace_ids), _ROWS):
                rows = await connection.execute(
                    select(segments).where(
                        _in(place), segments.c.trace_id.in_(trace_ids[start : start + _ROWS])
                    )
                )
                for row in rows:
                    found.setdefault(row.trace_id, []).append(_segment(row))
            return found

        return await self._database.read(run)

    async def trace_ids(self, place: Place, start: float, end: float) -> list[str]:
        """List the traces of which a segment began in a time, in the order of their names.

        Args:
            place: where.
            start: seconds since the epoch, included.
            end: the same, included.
        """

        async def run(connection: AsyncConnection) -> list[str]:
            rows = await connection.execute(
                select(segments.c.trace_id)
                .where(_in(place), segments.c.started.between(start, end))
                .distinct()
                .order_by(segments.c.trace_id)
            )
            return list(rows.scalars())

        return await self._database.read(run)

    async def forget(self, now: float) -> None:
        """Delete what is older than segments are kept."""
        oldest = now - LIMITS.retention_days * 86_400

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(segments).where(segments.c.ended < oldest))

        await self._database.write(run)


def _in(place: Place) -> Any:
    account_id, region = place
    return and_(segments.c.account_id == account_id, segments.c.region == region)


def _segment(row: Row[Any]) -> Segment:
    return Segment(row.trace_id, row.segment_id, row.started, row.ended, row.document)
