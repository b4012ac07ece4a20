"""Keeps all nouns of one kind: in the database, and in memory."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.iam.model import Noun, UserKey
from ingle.storage.database import Database

T = TypeVar("T", bound=Noun)


class Nouns(Generic[T]):
    """All nouns of one kind, of all accounts. Reading is from memory.

    Args:
        table: theirs; its columns are the noun's fields, and `name_key`.
        noun: their class.
    """

    def __init__(self, table: Table, noun: type[T]) -> None:
        self.table = table
        self._noun = noun
        self._columns = [each.name for each in table.c if each.name != "name_key"]
        self._items: dict[str, dict[str, T]] = {}
        self._by_id: dict[str, T] = {}

    async def load(self, database: Database) -> None:
        """Read them all; to be called once, before anything else."""

        async def run(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(select(self.table)))

        for row in await database.read(run):
            values = dict(row._mapping)
            del values["name_key"]
            self.remember(self._noun.from_row(values))

    def get(self, account_id: str, name: str) -> T | None:
        """Find one by its name, in whichever case."""
        items = self._items.get(account_id)
        return None if items is None else items.get(name.lower())

    def identified(self, unique_id: str) -> T | None:
        """Find one of any account by its unique id, if its kind has those."""
        return self._by_id.get(unique_id)

    def list(self, account_id: str) -> list[T]:
        """List those of an account, by name."""
        return [item for _, item in sorted(self._items.get(account_id, {}).items())]

    def count(self, account_id: str) -> int:
        """Count those of an account."""
        return len(self._items.get(account_id, ()))

    def all(self) -> Iterator[T]:
        """Go through those of all accounts."""
        return (item for items in self._items.values() for item in items.values())

    async def write(self, connection: AsyncConnection, item: T) -> None:
        """Write one in place of the one of its name, if there is one."""
        account_id, name_key = item.key
        await self.delete(connection, item)
        values = {name: getattr(item, name) for name in self._columns}
        await connection.execute(
            insert(self.table).values(values | {"account_id": account_id, "name_key": name_key})
        )

    async def delete(self, connection: AsyncConnection, item: T) -> None:
        """Remove one from the database, if it is there."""
        account_id, name_key = item.key
        columns = self.table.c
        this = (columns.account_id == account_id) & (columns.name_key == name_key)
        await connection.execute(delete(self.table).where(this))

    def remember(self, item: T) -> None:
        """Do what `write` does in memory, after the commit."""
        account_id, name_key = item.key
        self._items.setdefault(account_id, {})[name_key] = item
        if (unique_id := _id_of(item)) is not None:
            self._by_id[unique_id] = item

    def forget(self, item: T) -> None:
        """Do what `delete` does in memory, after the commit."""
        account_id, name_key = item.key
        self._items.get(account_id, {}).pop(name_key, None)
        if (unique_id := _id_of(item)) is not None:
            self._by_id.pop(unique_id, None)


def _id_of(item: Noun) -> str | None:
    """The id by which a noun is found whatever its account: an access key's is its name."""
    if isinstance(item, UserKey):
        return item.name
    unique_id: str | None = getattr(item, "unique_id", None)
    return unique_id
