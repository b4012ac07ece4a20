"""What messages say: in the database, and the latest in memory too."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.sqs import tables
from ingle.services.sqs.digests import md5
from ingle.services.sqs.limits import MEMORY
from ingle.services.sqs.message_attributes import load
from ingle.services.sqs.model import Content, Message
from ingle.services.sqs.sealing import Seals
from ingle.storage.database import Database

_AT_ONCE = 500


class Contents:
    """Keeps so many bytes of contents in memory; the earliest give way.

    Args:
        database: where all are.
        seals: decrypt them.
        most_bytes: how much is kept.
    """

    def __init__(
        self, database: Database, seals: Seals, most_bytes: int = MEMORY.bodies_bytes
    ) -> None:
        self._database = database
        self._seals = seals
        self._most_bytes = most_bytes
        self._kept: OrderedDict[int, Message] = OrderedDict()
        self._bytes = 0

    def keep(self, message: Message) -> None:
        """Have a message that has its content keep it for as long as there is room."""
        if message.id in self._kept:
            return
        self._kept[message.id] = message
        self._bytes += message.size
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size
            oldest.content = None

    def drop(self, message: Message) -> None:
        """Forget the content of a message that is deleted."""
        if self._kept.pop(message.id, None) is not None:
            self._bytes -= message.size
        message.content = None

    async def of(self, messages: Sequence[Message]) -> dict[int, Content]:
        """Get the contents of messages, by their rows; those that are gone are missing."""
        found = {each.id: each.content for each in messages if each.content is not None}
        missing = [each.id for each in messages if each.content is None]
        for start in range(0, len(missing), _AT_ONCE):
            found |= await self._read(missing[start : start + _AT_ONCE])
        return found

    async def _read(self, ids: Sequence[int]) -> dict[int, Content]:
        columns = tables.messages.c
        wanted = (columns.id, columns.message_id, columns.body, columns.attributes, columns.sealed)
        chosen = select(*wanted).where(columns.id.in_(ids))

        async def run(connection: AsyncConnection) -> Any:
            return (await connection.execute(chosen)).all()

        return {row.id: self._content(row) for row in await self._database.read(run)}

    def _content(self, row: Row[Any]) -> Content:
        if row.sealed is None:
            return Content(row.body, md5(row.body), load(row.attributes))
        return self._seals.open(row.sealed, row.message_id)
