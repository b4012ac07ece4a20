"""The other services, as far as topics have to do with them, and what is to follow a commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import Principal
from ingle.iam.request import Values


class Outgoing(Protocol):
    """Messages for queues: `ingle.services.sqs.outgoing.Outgoing` is this."""

    def add(self, arn: str, message: Mapping[str, Any], trace: str = "") -> None:
        """Take a message, or refuse it."""
        ...

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of them."""
        ...

    def arrive(self) -> None:
        """To be called after the commit."""
        ...

    def withdraw(self) -> None:
        """To be called where there is none."""
        ...


class Queues(Protocol):
    """`for_services` of the SQS service is this."""

    def check_may_send(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = ...
    ) -> None:
        """Check that somebody may send to a queue."""
        ...

    def outgoing(self, sender: str) -> Outgoing:
        """Begin to send several messages within a transaction."""
        ...


@dataclass(slots=True)
class Effects:
    """What is to be done in memory once a transaction is over.

    Attributes:
        applied: once it is committed.
        failed: where it was not.
        reversible: whether somebody will do that.
    """

    reversible: bool = True
    applied: list[Callable[[], None]] = field(default_factory=list)
    failed: list[Callable[[], None]] = field(default_factory=list)

    def add(self, applied: Callable[[], None], failed: Callable[[], None]) -> None:
        """Add what is to be done in either case."""
        self.applied.append(applied)
        self.failed.append(failed)

    def apply(self) -> None:
        """Do what follows a commit."""
        for each in self.applied:
            each()

    def undo(self) -> None:
        """Do what follows a failure; a second time there is nothing to do."""
        while self.failed:
            self.failed.pop()()
