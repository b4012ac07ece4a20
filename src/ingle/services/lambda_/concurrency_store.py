"""Keeps reserved and provisioned concurrency in the database, and all of it in memory as well."""

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Row, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.keeping import has_key, keep
from ingle.services.lambda_.model import FunctionKey
from ingle.storage.database import Database


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The provisioned concurrency of a version or an alias.

    Attributes:
        qualifier: the version's number, or the alias's name.
        count: how many sandboxes are kept ready.
        last_modified_ms: when that was said, in milliseconds since the epoch.
    """

    qualifier: str
    count: int
    last_modified_ms: int


class ConcurrencyStore:
    """What functions have of their accounts' concurrency for themselves.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a function's
    must see to it that nobody else changes the same one meanwhile.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reserved: dict[FunctionKey, int] = {}
        self._provisioned: dict[FunctionKey, dict[str, Provisioned]] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Load everything."""

        async def load(connection: AsyncConnection) -> list[list[Row[Any]]]:
            found = (tables.reserved_concurrency, tables.provisioned_concurrency)
            return [list(await connection.execute(select(table))) for table in found]

        store = cls(database)
        reserved, provisioned = await database.read(load)
        for row in reserved:
            store._reserved[row.account_id, row.region, row.name] = row.executions
        for row in provisioned:
            key = (row.account_id, row.region, row.name)
            each = Provisioned(row.qualifier, row.executions, row.last_modified_ms)
            store._provisioned.setdefault(key, {})[row.qualifier] = each
        return store

    def functions(self) -> set[FunctionKey]:
        """List the functions that have either, of all accounts and regions."""
        return {*self._reserved, *self._provisioned}

    def reserved(self, key: FunctionKey) -> int | None:
        """Tell a function's reserved concurrency; None where it has none."""
        return self._reserved.get(key)

    def provisioned(self, key: FunctionKey) -> list[Provisioned]:
        """List the provisioned concurrency of a function's versions and aliases, by qualifier."""
        own = self._provisioned.get(key, {})
        return [own[qualifier] for qualifier in sorted(own)]

    async def reserve(self, key: FunctionKey, count: int | None) -> None:
        """Keep a function's reserved concurrency; None for none."""

        async def run(connection: AsyncConnection) -> None:
            table = tables.reserved_concurrency
            await connection.execute(delete(table).where(has_key(table, key)))
            if count is not None:
                await connection.execute(insert(table).values(_row(key) | {"executions": count}))

        def remember() -> None:
            if count is None:
                self._reserved.pop(key, None)
            else:
                self._reserved[key] = count

        await keep(self._database, run, remember)

    async def provision(self, key: FunctionKey, provisioned: Provisioned) -> None:
        """Keep a provisioned concurrency, in place of the one that its qualifier has."""

        async def run(connection: AsyncConnection) -> None:
            table = tables.provisioned_concurrency
            await connection.execute(delete(table).where(_is(table, key, provisioned.qualifier)))
            row = {
                "qualifier": provisioned.qualifier,
                "executions": provisioned.count,
                "last_modified_ms": provisioned.last_modified_ms,
            }
            await connection.execute(insert(table).values(_row(key) | row))

        def remember() -> None:
            self._provisioned.setdefault(key, {})[provisioned.qualifier] = provisioned

        await keep(self._database, run, remember)

    async def withdraw(self, key: FunctionKey, qualifier: str) -> None:
        """Forget the provisioned concurrency of a version or an alias, if it has one."""
        if qualifier not in self._provisioned.get(key, {}):
            return

        async def run(connection: AsyncConnection) -> None:
            table = tables.provisioned_concurrency
            await connection.execute(delete(table).where(_is(table, key, qualifier)))

        def forget() -> None:
            own = self._provisioned[key]
            del own[qualifier]
            if not own:
                del self._provisioned[key]

        await keep(self._database, run, forget)

    def forget(self, key: FunctionKey) -> None:
        """Forget all of a function that was deleted, and its rows with it."""
        self._reserved.pop(key, None)
        self._provisioned.pop(key, None)


def _row(key: FunctionKey) -> dict[str, Any]:
    return dict(zip(("account_id", "region", "name"), key, strict=True))


def _is(table: Table, key: FunctionKey, qualifier: str) -> Any:
    return has_key(table, key) & (table.c.qualifier == qualifier)
