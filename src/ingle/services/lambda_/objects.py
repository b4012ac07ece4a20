"""What Lambda needs of S3: code to load, and buckets for records."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.wire.service import CallContext


class Objects(Protocol):
    """Reads and writes objects; `ForServices` of S3 is one."""

    def has_bucket(self, name: str) -> bool:
        """Say whether there is a bucket."""
        ...

    async def read(
        self, context: CallContext, name: str, key: str, version_id: str | None, most: int
    ) -> bytes:
        """Read an object, as far as the caller may; raises S3's errors."""
        ...

    async def copy(
        self, context: CallContext | None, name: str, key: str, target: Path, most: int
    ) -> None:
        """Write an object to a new file, as far as the caller may read it; raises S3's errors.

        Without a caller it is the server that reads what somebody was let read before.
        """
        ...

    async def write_within(
        self, connection: AsyncConnection, name: str, key: str, data: bytes, content_type: str
    ) -> Callable[[], None]:
        """Store an object within a transaction; return what to do once that is committed."""
        ...
