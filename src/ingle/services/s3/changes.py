"""What becomes of objects, told to those that want to know of it within the same transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.s3.model import Bucket, Version


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose request it was.

    Attributes:
        request_id: the request's id.
        principal_id: `aws:userid` of the caller.
        source_ip: from where it came; "" where that is unknown.
        requester: the caller's account, or the service's principal.
    """

    request_id: str
    principal_id: str
    source_ip: str
    requester: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done to an object.

    Attributes:
        name: as events have it, without `s3:`, for instance `ObjectCreated:Put`.
        bucket: the bucket.
        version: what was made, deleted or tagged; its `id` orders the changes of a key.
        origin: whose request it was.
    """

    name: str
    bucket: Bucket
    version: Version
    origin: Origin


@dataclass(slots=True)
class Effects:
    """What is to be done in memory once a transaction is over.

    Attributes:
        applied: once it is committed.
        failed: where it was not.
    """

    applied: list[Callable[[], None]] = field(default_factory=list)
    failed: list[Callable[[], None]] = field(default_factory=list)

    def add(self, applied: Callable[[], None], failed: Callable[[], None] | None = None) -> None:
        """Add what is to be done in either case."""
        self.applied.append(applied)
        if failed is not None:
            self.failed.append(failed)

    def apply(self) -> None:
        """Do what follows a commit."""
        for each in self.applied:
            each()

    def undo(self) -> None:
        """Do what follows a failure; a second time there is nothing to do."""
        while self.failed:
            self.failed.pop()()


class Listener(Protocol):
    """Wants to know of changes."""

    async def changed(
        self,
        connection: AsyncConnection,
        changes: Sequence[Change],
        effects: Effects,
        *,
        reversible: bool,
    ) -> None:
        """Note changes, within the transaction that makes them.

        Args:
            connection: the transaction's.
            changes: in their order.
            effects: takes what is to be done once it is over.
            reversible: whether somebody will do that also where it fails.
        """
        ...


class NobodyListens:
    """Is told of changes where nobody wants to know."""

    async def changed(
        self,
        connection: AsyncConnection,
        changes: Sequence[Change],
        effects: Effects,
        *,
        reversible: bool,
    ) -> None:
        """Do nothing."""
