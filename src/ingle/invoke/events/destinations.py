"""Where the records of events that are over go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.event import BacklogKey, FunctionId


class DeliveryFailed(Exception):
    """A record cannot be delivered, also not later; the text says why."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record that is to be delivered.

    Attributes:
        arn: the destination's.
        record: JSON.
        key: whose event it is about, and the qualifier by which that was sent there.
        trace: the trace header that the function ran with, so that a chain goes on.
        attributes: message attributes that go with it, by name: their type and value.
        is_dead_letter: whether it is the event itself, for its function's dead-letter queue.
    """

    arn: str
    record: bytes
    key: BacklogKey
    trace: str
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_dead_letter: bool = False

    @property
    def function(self) -> FunctionId:
        """Whose event it is about."""
        return self.key[:3]


class Deliverer(Protocol):
    """Delivers records to the destinations of one AWS service."""

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Deliver a record, within the transaction that removes the event it is about.

        Returns:
            What to do once that is committed.

        Raises:
            DeliveryFailed: it cannot be delivered. After other errors it is tried again.
        """
        ...


Deliverers = Mapping[str, Deliverer]
"""By the service in the destination's ARN, for instance `lambda`."""


def service_of(arn: str) -> str:
    """Read the service out of an ARN."""
    return arn.split(":", 3)[2]
