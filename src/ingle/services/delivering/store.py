"""Keeps deliveries in the database until they are over."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.delivering.limits import MEMORY
from ingle.services.delivering.model import Delivery
from ingle.services.delivering.tables import deliveries
from ingle.storage.database import Database

_COLUMNS = [column.name for column in deliveries.columns if column.name != "id"]


class DeliveryStore:
    """Deliveries that are not over.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def insert(self, connection: AsyncConnection, added: Sequence[Delivery]) -> None:
        """Write deliveries within a transaction; they know their rows afterwards."""
        if not added:
            return
        rows = [
            {name: getattr(each, name) for name in _COLUMNS} | {"target": dict(each.target)}
            for each in added
        ]
        written = insert(deliveries).returning(deliveries.c.id, sort_by_parameter_order=True)
        found = await connection.scalars(written, rows)
        for each, row in zip(added, found, strict=True):
            each.id = row

    async def get(self, delivery_id: int) -> Delivery | None:
        """Read a delivery."""
        chosen = select(deliveries).where(deliveries.c.id == delivery_id)

        async def run(connection: AsyncConnection) -> Delivery | None:
            row = (await connection.execute(chosen)).one_or_none()
            return None if row is None else Delivery(**row._mapping)

        return await self.database.read(run)

    async def due(self) -> list[tuple[int, int]]:
        """Read when each delivery is due: that time and its row."""
        found: list[tuple[int, int]] = []
        last = 0
        while True:
            page = (
                select(deliveries.c.due_ms, deliveries.c.id)
                .where(deliveries.c.id > last)
                .order_by(deliveries.c.id)
                .limit(MEMORY.page)
            )

            async def run(connection: AsyncConnection, page: Any = page) -> list[tuple[int, int]]:
                return [(row.due_ms, row.id) for row in await connection.execute(page)]

            rows = await self.database.read(run)
            found += rows
            if len(rows) < MEMORY.page:
                return found
            last = rows[-1][1]

    async def postpone(self, delivery: Delivery) -> None:
        """Write how often a delivery was tried, and when it is tried again."""
        changed = (
            update(deliveries)
            .where(deliveries.c.id == delivery.id)
            .values(attempts=delivery.attempts, due_ms=delivery.due_ms)
        )

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(changed)

        await self.database.write(run)

    async def remove(self, connection: AsyncConnection, delivery: Delivery) -> None:
        """Delete a delivery within a transaction."""
        await connection.execute(delete(deliveries).where(deliveries.c.id == delivery.id))
