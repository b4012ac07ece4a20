"""What IAM keeps secret, as it is stored: encrypted.

A column holds the sealed value in Base64, bound to the table, the account and the name of its row.
"""

import base64
import dataclasses
import logging
from typing import Any, TypeVar

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.iam import tables
from ingle.services.iam.model import MfaDevice, Noun, ServerCertificate, UserKey
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing, ValueAltered

logger = logging.getLogger(__name__)

T = TypeVar("T", UserKey, ServerCertificate, MfaDevice)

_COLUMNS: dict[Table, str] = {
    tables.access_keys: "secret",
    tables.server_certificates: "private_key",
    tables.mfa_devices: "seed",
}
_FIELDS: dict[type[Noun], tuple[Table, str]] = {
    UserKey: (tables.access_keys, "secret"),
    ServerCertificate: (tables.server_certificates, "private_key"),
    MfaDevice: (tables.mfa_devices, "seed"),
}


class Secrets:
    """Encrypts and decrypts the secrets of nouns.

    Args:
        keys: the data folder's.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._box = keys.box("iam secrets")

    def seal(self, noun: T) -> T:
        """Return a noun, whose secret is in the clear, with its secret sealed."""
        table, name = _FIELDS[type(noun)]
        bound_to = _bound_to(table, noun.account_id, noun.name)
        sealed: dict[str, Any] = {name: self._sealed(getattr(noun, name), bound_to)}
        return dataclasses.replace(noun, **sealed)

    def open(self, noun: T) -> str:
        """Return the secret of a noun in the clear.

        Raises:
            SealBroken: it cannot be decrypted; the text says what to do.
        """
        table, name = _FIELDS[type(noun)]
        return self._opened(getattr(noun, name), _bound_to(table, noun.account_id, noun.name))

    async def renew(self, database: Database) -> None:
        """Encrypt with the newest key what is not; runs before anybody else uses the database.

        Raises:
            SealBroken: what an older key encrypted cannot be decrypted.
            CompactingFailed: the database could not be rewritten.
        """

        async def load(connection: AsyncConnection) -> list[tuple[Table, str, str, str]]:
            return [
                (table, row.account_id, row.name, row[2])
                for table, name in _COLUMNS.items()
                for row in await connection.execute(
                    select(table.c.account_id, table.c.name, table.c[name])
                )
            ]

        old = [each for each in await database.read(load) if not self._is_new(each)]

        async def run(connection: AsyncConnection) -> None:
            for table, account_id, name, stored in old:
                bound_to = _bound_to(table, account_id, name)
                plain = self._opened(stored, bound_to)
                await connection.execute(
                    update(table)
                    .where(table.c.account_id == account_id, table.c.name == name)
                    .values({_COLUMNS[table]: self._sealed(plain, bound_to)})
                )

        if old:
            logger.warning(
                "%d secrets of IAM are encrypted anew, and the database is rewritten; this is "
                "done once.",
                len(old),
            )
            await database.replace_for_good(run)

    def _is_new(self, found: tuple[Table, str, str, str]) -> bool:
        table, account_id, name, stored = found
        return self._box.is_newest(_decoded(stored, _bound_to(table, account_id, name)))

    def _sealed(self, plain: str, bound_to: str) -> str:
        return base64.b64encode(self._box.seal(plain.encode(), bound_to)).decode("ascii")

    def _opened(self, stored: str, bound_to: str) -> str:
        return self._box.open(_decoded(stored, bound_to), bound_to).decode()


def _decoded(stored: str, bound_to: str) -> bytes:
    try:
        return base64.b64decode(stored, validate=True)
    except ValueError:
        raise ValueAltered(bound_to) from None


def _bound_to(table: Table, account_id: str, name: str) -> str:
    # Authenticated with what is sealed: to change this makes it unreadable.
    return f"secret in {table.name} of {account_id} {name}"
