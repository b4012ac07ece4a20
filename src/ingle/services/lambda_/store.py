"""Keeps functions in the database, and all of them in memory as well."""

import dataclasses
from collections.abc import Callable, Coroutine
from typing import Any, Self

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.model import Function, FunctionKey, Package
from ingle.services.tasks import finish
from ingle.storage.database import Database

_FIELDS = [field.name for field in dataclasses.fields(Function) if field.name != "package"]


class LambdaStore:
    """All functions of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a function
    must see to it that nobody else changes the same one meanwhile.
    """

    def __init__(self, database: Database, functions: dict[FunctionKey, Function]) -> None:
        self._database = database
        self._functions = functions

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Load all functions."""

        async def load(connection: AsyncConnection) -> list[Row[Any]]:
            statement = select(tables.functions, tables.packages.c.size).join(tables.packages)
            return list(await connection.execute(statement))

        functions = [_from_row(row) for row in await database.read(load)]
        return cls(database, {function.key: function for function in functions})

    def get(self, key: FunctionKey) -> Function | None:
        """Find a function."""
        return self._functions.get(key)

    def functions(self, account_id: str, region: str) -> list[Function]:
        """List the functions of an account in a region, by name."""
        where = (account_id, region)
        own = [each for key, each in self._functions.items() if key[:2] == where]
        return sorted(own, key=lambda function: function.name)

    def runtimes(self) -> set[str]:
        """List the runtimes of all functions."""
        return {function.runtime for function in self._functions.values()}

    def packages(self) -> set[str]:
        """List the digests of all packages that functions have."""
        return {function.package.sha256 for function in self._functions.values()}

    async def add(self, function: Function) -> None:
        """Keep a new function, whose name is free and whose package is known."""
        await self._change(
            lambda connection: connection.execute(
                insert(tables.functions).values(_to_row(function))
            ),
            lambda: self._functions.__setitem__(function.key, function),
        )

    async def replace(self, function: Function) -> None:
        """Keep a function in place of the one with the same key, which exists."""
        await self._change(
            lambda connection: connection.execute(
                update(tables.functions).where(_is(function.key)).values(_to_row(function))
            ),
            lambda: self._functions.__setitem__(function.key, function),
        )

    async def remove(self, key: FunctionKey) -> None:
        """Forget a function."""
        await self._change(
            lambda connection: connection.execute(delete(tables.functions).where(_is(key))),
            lambda: self._functions.pop(key, None),
        )

    async def add_package(self, package: Package) -> None:
        """Note that a package is about to be stored; does nothing where it is known."""

        async def run(connection: AsyncConnection) -> None:
            known = select(tables.packages).where(tables.packages.c.sha256 == package.sha256)
            if (await connection.execute(known)).first() is None:
                values = {"sha256": package.sha256, "size": package.size}
                await connection.execute(insert(tables.packages).values(values))

        await self._database.write(run)

    async def remove_package(self, sha256: str) -> None:
        """Forget a package that no function has."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(tables.packages).where(tables.packages.c.sha256 == sha256)
            )

        await self._database.write(run)

    async def has_users(self, sha256: str) -> bool:
        """Say whether any function has this package."""

        async def run(connection: AsyncConnection) -> bool:
            user = exists().where(tables.functions.c.package_sha256 == sha256)
            return bool(await connection.scalar(select(user)))

        return await self._database.read(run)

    async def unused_packages(self) -> list[str]:
        """List the digests of known packages that no function has."""

        async def run(connection: AsyncConnection) -> list[str]:
            digest = tables.packages.c.sha256
            user = exists().where(tables.functions.c.package_sha256 == digest)
            return list(await connection.scalars(select(digest).where(~user)))

        return await self._database.read(run)

    async def _change(
        self,
        write: Callable[[AsyncConnection], Coroutine[Any, Any, Any]],
        remember: Callable[[], Any],
    ) -> None:
        # Else a caller that goes away at the wrong moment would leave a commit that memory does
        # not know of.
        async def run() -> None:
            await self._database.write(write)
            remember()

        await finish(run())


def _is(key: FunctionKey) -> Any:
    columns = tables.functions.c
    account_id, region, name = key
    return (columns.account_id == account_id) & (columns.region == region) & (columns.name == name)


def _to_row(function: Function) -> dict[str, Any]:
    row = {name: getattr(function, name) for name in _FIELDS}
    return row | {"package_sha256": function.package.sha256}


def _from_row(row: Row[Any]) -> Function:
    values = row._mapping
    package = Package(values["package_sha256"], values["size"])
    return Function(**{name: values[name] for name in _FIELDS}, package=package)
