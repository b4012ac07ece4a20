"""The other services, as far as notifications have to do with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.neighbours import Functions, Queues, Topics


class Buses(Protocol):
    """`for_services` of EventBridge is this."""

    async def add(
        self, connection: AsyncConnection, arn: str, entry: dict[str, Any], trace: str = ""
    ) -> Callable[[], None]:
        """Put an event within a transaction; what is returned is to be called after its commit."""
        ...


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom buckets tell."""

    functions: Functions
    queues: Queues
    topics: Topics
    buses: Buses
