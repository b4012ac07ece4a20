"""What becomes of objects, told to those that want to know of it within the same transaction."""

from collections.abc import Callable
from dataclasses import dataclass
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
    """

    request_id: str
    principal_id: str
    source_ip: str


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


class Listener(Protocol):
    """Wants to know of changes."""

    async def changed(
        self, connection: AsyncConnection, change: Change
    ) -> Callable[[], None] | None:
        """Note a change, within the transaction that makes it.

        Returns:
            What to do once that is committed; None for nothing.
        """
        ...


class NobodyListens:
    """Is told of changes where nobody wants to know."""

    async def changed(
        self, connection: AsyncConnection, change: Change
    ) -> Callable[[], None] | None:
        """Do nothing."""
        return None
