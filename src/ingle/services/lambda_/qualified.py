"""Keeps what a function, a version or an alias has one of: in the database, and in memory."""

from collections.abc import Iterator
from typing import Any, Generic, Protocol, Self, TypeVar

from sqlalchemy import Row, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_.keeping import has_key
from ingle.services.lambda_.model import FunctionKey
from ingle.storage.database import Database
from ingle.storage.keeping import keep


class Belonging(Protocol):
    """A noun that belongs to a function, or to one qualifier of it."""

    @property
    def key(self) -> FunctionKey:
        """The function's."""

    @property
    def qualifier(self) -> str:
        """A version's number or an alias's name, or "" for the function itself."""

    def to_row(self) -> dict[str, Any]:
        """Give what stands in the row besides key and qualifier."""

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""


T = TypeVar("T", bound=Belonging)


class QualifiedStore(Generic[T]):
    """All nouns of one kind, of all functions; each function and qualifier has at most one.

    Reading is from memory; a write is in memory once it is committed. Whoever changes what belongs
    to a function must see to it that nobody else changes the same function meanwhile.

    Args:
        database: where they are kept.
        table: their table, with the columns of `tables.qualified_key` and those of `to_row`.
        noun: the class that they have.
    """

    def __init__(self, database: Database, table: Table, noun: type[T]) -> None:
        self._database = database
        self._table = table
        self._noun = noun
        self._items: dict[FunctionKey, dict[str, T]] = {}

    async def load(self) -> None:
        """Read them all; to be called once, before anything else."""

        async def run(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(select(self._table)))

        for row in await self._database.read(run):
            key = (row.account_id, row.region, row.name)
            self.remember(self._noun.from_row(key, row.qualifier, row))

    def get(self, key: FunctionKey, qualifier: str) -> T | None:
        """Find the one of a function's qualifier."""
        items = self._items.get(key)
        return None if items is None else items.get(qualifier)

    def list(self, key: FunctionKey) -> list[T]:
        """List those of a function, by qualifier."""
        return [item for _, item in sorted(self._items.get(key, {}).items())]

    def all(self) -> Iterator[T]:
        """Go through those of all functions, of all accounts and regions."""
        return (item for items in self._items.values() for item in items.values())

    async def put(self, item: T) -> None:
        """Keep one in place of the one of its function and qualifier, if there is one."""

        async def run(connection: AsyncConnection) -> None:
            await self.write(connection, item)

        await keep(self._database, run, lambda: self.remember(item))

    async def remove(self, key: FunctionKey, qualifier: str) -> None:
        """Forget the one of a function's qualifier, if there is one."""

        async def run(connection: AsyncConnection) -> None:
            await self.delete(connection, key, qualifier)

        await keep(self._database, run, lambda: self.forget(key, qualifier))

    async def write(self, connection: AsyncConnection, item: T) -> None:
        """Do what `put` does in the database, within a transaction that does more."""
        if self.get(item.key, item.qualifier) is None:
            account_id, region, name = item.key
            where = {"account_id": account_id, "region": region, "name": name}
            values = where | {"qualifier": item.qualifier} | item.to_row()
            await connection.execute(insert(self._table).values(values))
        else:
            await connection.execute(
                update(self._table).where(self._is(item.key, item.qualifier)).values(item.to_row())
            )

    async def delete(self, connection: AsyncConnection, key: FunctionKey, qualifier: str) -> None:
        """Do what `remove` does in the database, within a transaction that does more."""
        await connection.execute(delete(self._table).where(self._is(key, qualifier)))

    def remember(self, item: T) -> None:
        """Do what `put` does in memory, after the commit."""
        self._items.setdefault(item.key, {})[item.qualifier] = item

    def forget(self, key: FunctionKey, qualifier: str | None = None) -> None:
        """Drop from memory what was deleted: the one of a qualifier, or all of a function."""
        if qualifier is None:
            self._items.pop(key, None)
        else:
            self._items.get(key, {}).pop(qualifier, None)

    def _is(self, key: FunctionKey, qualifier: str) -> Any:
        return has_key(self._table, key) & (self._table.c.qualifier == qualifier)
