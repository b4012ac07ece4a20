"""Keeps layers in the database, and all of them in memory as well."""

import dataclasses
from typing import Any, Self

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.keeping import has_key
from ingle.services.lambda_.model import LayerKey, LayerVersion, Package
from ingle.services.lambda_.users import Users
from ingle.storage.database import Database
from ingle.storage.keeping import keep

_LISTS = ("runtimes", "architectures", "statements")
_FIELDS = [
    each.name for each in dataclasses.fields(LayerVersion) if each.name not in (*_LISTS, "package")
]


class LayerStore:
    """All layers of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a layer must
    see to it that nobody else changes the same one meanwhile.

    Attributes:
        changes: grows with every change of a policy.
    """

    def __init__(self, database: Database, users: Users) -> None:
        self.changes = 0
        self._database = database
        self._users = users
        self._last: dict[LayerKey, int] = {}
        self._versions: dict[LayerKey, dict[int, LayerVersion]] = {}

    @classmethod
    async def open(cls, database: Database, users: Users) -> Self:
        """Load all layers; their packages are counted in `users`."""

        async def load(connection: AsyncConnection) -> tuple[list[Row[Any]], list[Row[Any]]]:
            versions = select(tables.layer_versions, tables.packages.c.size)
            return (
                list(await connection.execute(select(tables.layers))),
                list(
                    await connection.execute(
                        versions.join(tables.packages).order_by(tables.layer_versions.c.version)
                    )
                ),
            )

        store = cls(database, users)
        layers, versions = await database.read(load)
        for row in layers:
            store._last[row.account_id, row.region, row.name] = row.last_version
        for row in versions:
            store._remember(_from_row(row))
        return store

    def last_version(self, key: LayerKey) -> int:
        """Tell the highest number that a version of this layer ever had, 0 if there was none."""
        return self._last.get(key, 0)

    def get(self, key: LayerKey, version: int) -> LayerVersion | None:
        """Find a version of a layer."""
        return self._versions.get(key, {}).get(version)

    def versions(self, key: LayerKey) -> list[LayerVersion]:
        """List the versions of a layer, the newest first."""
        return list(reversed(self._versions.get(key, {}).values()))

    def names(self, account_id: str, region: str) -> list[str]:
        """List the names of an account's layers in a region that have a version, in order."""
        where = (account_id, region)
        return sorted(key[2] for key, each in self._versions.items() if each and key[:2] == where)

    def code_size(self, account_id: str, region: str) -> int:
        """Add up the packages of all versions of an account's layers in a region."""
        keys = [(account_id, region, name) for name in self.names(account_id, region)]
        return sum(each.package.size for key in keys for each in self._versions[key].values())

    async def add(self, version: LayerVersion) -> None:
        """Keep a new version, whose number is one more than the layer's last."""
        is_new = version.key not in self._last

        async def run(connection: AsyncConnection) -> None:
            if is_new:
                account_id, region, name = version.key
                values = {"account_id": account_id, "region": region, "name": name}
                await connection.execute(
                    insert(tables.layers).values(values | {"last_version": version.version})
                )
            else:
                await connection.execute(
                    update(tables.layers)
                    .where(has_key(tables.layers, version.key))
                    .values(last_version=version.version)
                )
            await connection.execute(insert(tables.layer_versions).values(_to_row(version)))

        def remember() -> None:
            self._last[version.key] = version.version
            self._remember(version)

        await keep(self._database, run, remember)

    async def replace(self, version: LayerVersion) -> None:
        """Keep a version in place of the one with the same number, which has the same package."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(
                update(tables.layer_versions).where(_is_version(version)).values(_to_row(version))
            )

        def remember() -> None:
            self.changes += 1
            self._versions[version.key][version.version] = version

        await keep(self._database, run, remember)

    async def remove(self, version: LayerVersion) -> None:
        """Forget a version, which exists."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.layer_versions).where(_is_version(version)))

        def forget() -> None:
            self.changes += 1
            self._users.drop({version.package.sha256})
            del self._versions[version.key][version.version]

        await keep(self._database, run, forget)

    def _remember(self, version: LayerVersion) -> None:
        self._users.add({version.package.sha256})
        self._versions.setdefault(version.key, {})[version.version] = version


def _is_version(version: LayerVersion) -> Any:
    this = tables.layer_versions.c.version == version.version
    return has_key(tables.layer_versions, version.key) & this


def _to_row(version: LayerVersion) -> dict[str, Any]:
    row = {name: getattr(version, name) for name in _FIELDS}
    for name in _LISTS:
        value = getattr(version, name)
        row[name] = None if value is None else list(value)
    return row | {"package_sha256": version.package.sha256}


def _from_row(row: Row[Any]) -> LayerVersion:
    values = row._mapping
    settings = {name: values[name] for name in _FIELDS}
    for name in _LISTS:
        settings[name] = None if values[name] is None else tuple(values[name])
    return LayerVersion(**settings, package=Package(values["package_sha256"], values["size"]))
