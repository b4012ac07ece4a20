"""What messages say as it is stored: encrypted, where their queue has `SqsManagedSseEnabled`.

A queue has it unless somebody took it away. What was sent while it had is encrypted for good, also
in another queue, and what was sent while it had not stays as it was until the next start.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
"""

import logging
import struct

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.sqs import tables
from ingle.services.sqs.attributes import settings
from ingle.services.sqs.digests import md5
from ingle.services.sqs.message_attributes import dump, load
from ingle.services.sqs.model import Content
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing

_logger = logging.getLogger("ingle.sqs")

_LENGTH = struct.Struct(">I")
_AT_ONCE = 200


class Seals:
    """Encrypts and decrypts what messages say.

    Args:
        keys: the data folder's.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._box = keys.box("sqs messages")

    def seal(self, content: Content, message_id: str) -> bytes:
        """Encrypt what a message says; it opens for the message of this id only."""
        return self._sealed(content.body, dump(content.attributes), message_id)

    def open(self, sealed: bytes, message_id: str) -> Content:
        """Decrypt what `seal` returned.

        Raises:
            SealBroken: it cannot be decrypted; the text says what to do.
        """
        plain = self._box.open(sealed, _bound_to(message_id))
        end = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
        body = plain[_LENGTH.size : end].decode()
        return Content(body, md5(body), load(plain[end:] or None))

    async def renew(self, database: Database) -> None:
        """Encrypt with the newest key what is not; runs before anybody else uses the database.

        Raises:
            SealBroken: what an older key encrypted cannot be decrypted.
            CompactingFailed: the database could not be rewritten.
        """
        columns = tables.messages.c

        async def look(connection: AsyncConnection) -> ColumnElement[bool] | None:
            queues = await connection.execute(
                select(tables.queues.c.id, tables.queues.c.attributes)
            )
            chosen = [row.id for row in queues if settings(row.attributes).encrypted]
            prefix = self._box.prefix
            old = or_(
                and_(columns.sealed.is_(None), columns.queue_id.in_(chosen)),
                func.substr(columns.sealed, 1, len(prefix)) != prefix,
            )
            found = await connection.execute(select(columns.id).where(old).limit(1))
            return old if found.first() is not None else None

        old = await database.read(look)
        if old is None:
            return

        async def run(connection: AsyncConnection) -> None:
            wanted = (columns.id, columns.message_id, columns.body, columns.attributes)
            last = 0
            while True:
                page = select(*wanted, columns.sealed).where(old, columns.id > last)
                rows = list(await connection.execute(page.order_by(columns.id).limit(_AT_ONCE)))
                for row in rows:
                    if row.sealed is None:
                        sealed = self._sealed(row.body, row.attributes, row.message_id)
                    else:
                        sealed = self.seal(self.open(row.sealed, row.message_id), row.message_id)
                    await connection.execute(
                        update(tables.messages)
                        .where(columns.id == row.id)
                        .values(sealed=sealed, body="", attributes=None)
                    )
                if len(rows) < _AT_ONCE:
                    return
                last = rows[-1].id

        _logger.warning(
            "Messages of queues are encrypted anew, and the database is rewritten; this is done "
            "once."
        )
        await database.replace_for_good(run)

    def _sealed(self, body: str, attributes: bytes | None, message_id: str) -> bytes:
        text = body.encode()
        plain = _LENGTH.pack(len(text)) + text + (attributes or b"")
        return self._box.seal(plain, _bound_to(message_id))


def _bound_to(message_id: str) -> str:
    # Authenticated with what is sealed: to change this makes it unreadable.
    return f"message {message_id}"
