"""What other services do with buses: functions' records are put there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.events.names import bus_of_arn
from ingle.services.events.putting import Putting
from ingle.services.events.store import EventsStore


class ServiceEvents:
    """Puts events for other services.

    Args:
        store: knows the buses.
        putting: takes events in.
    """

    def __init__(self, store: EventsStore, putting: Putting) -> None:
        self._store = store
        self._putting = putting

    def exists(self, arn: str) -> bool:
        """Say whether there is such a bus."""
        key = bus_of_arn(arn)
        return key is not None and self._store.bus(key) is not None

    async def add(
        self, connection: AsyncConnection, arn: str, entry: dict[str, Any], trace: str = ""
    ) -> Callable[[], None]:
        """Put an event within a transaction, without asking who may.

        Args:
            connection: the transaction's.
            arn: the bus's, which is there.
            entry: the members of an entry of PutEvents.
            trace: the trace header that came along, or "".

        Returns:
            What is to be called once it is committed.

        Raises:
            LookupError: there is no such bus.
        """
        key = bus_of_arn(arn)
        if key is None or self._store.bus(key) is None:
            raise LookupError(f"Event bus {arn} does not exist.")
        return await self._putting.add(connection, key, entry, trace)
