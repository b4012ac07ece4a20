"""The environment variables of functions as they are stored: encrypted.

The column holds JSON: null where there are no variables, else a string, the sealed variables in
Base64. An older Ingle stored them as an object, in the clear; `renewed` finds those.
"""

import base64
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.names import LATEST, function_arn
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing, ValueAltered

logger = logging.getLogger(__name__)


class Environments:
    """Encrypts and decrypts the variables of functions.

    Args:
        keys: the data folder's.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._box = keys.box("lambda environment")

    def seal(self, row: Mapping[str, Any]) -> str | None:
        """Return what to store for the variables in the column `environment` of a row.

        Args:
            row: a row of `lambda_functions`, or of `lambda_versions` with its `version`. The
                variables open for this function and version only.
        """
        variables = row["environment"]
        if variables is None:
            return None
        plain = orjson.dumps(dict(variables))
        return base64.b64encode(self._box.seal(plain, _bound_to(row))).decode("ascii")

    def open(self, row: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the variables that a row holds.

        Raises:
            SealBroken: they cannot be decrypted; the text says what to do.
        """
        stored = row["environment"]
        if stored is None:
            return None
        variables: dict[str, str] = orjson.loads(self._box.open(_decoded(row), _bound_to(row)))
        return variables

    async def renew(self, database: Database) -> None:
        """Encrypt with the newest key what is not; runs before anybody else uses the database.

        Raises:
            SealBroken: what an older key encrypted cannot be decrypted.
            CompactingFailed: the database could not be rewritten.
        """

        async def load(connection: AsyncConnection) -> list[tuple[Table, dict[str, Any]]]:
            found = []
            for table in (tables.functions, tables.versions):
                statement = select(*table.primary_key.columns, table.c.environment).where(
                    table.c.environment.is_not(None)
                )
                found += [(table, row._asdict()) for row in await connection.execute(statement)]
            return found

        every = await database.read(load)
        old = [(table, row) for table, row in every if self._is_old(row)]

        async def run(connection: AsyncConnection) -> None:
            for table, row in old:
                if not isinstance(row["environment"], dict):
                    row["environment"] = self.open(row)
                await connection.execute(
                    update(table)
                    .where(*(column == row[column.name] for column in table.primary_key.columns))
                    .values(environment=self.seal(row))
                )

        if old:
            logger.warning(
                "The environment variables of %d functions and versions are encrypted anew, and "
                "the database is rewritten; this is done once.",
                len(old),
            )
        await database.replace_for_good(run if old else None)

    def _is_old(self, row: Mapping[str, Any]) -> bool:
        return isinstance(row["environment"], dict) or not self._box.is_newest(_decoded(row))


def _decoded(row: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(row["environment"], validate=True)
    except (TypeError, ValueError):
        raise ValueAltered(_bound_to(row)) from None


def _bound_to(row: Mapping[str, Any]) -> str:
    # Authenticated with what is sealed: to change this makes it unreadable.
    arn = function_arn(row["account_id"], row["region"], row["name"])
    return f"environment of {arn}:{row.get('version', LATEST)}"
