"""Keeps functions and their published versions in the database, and all in memory as well."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import image_rows, tables
from ingle.services.lambda_.code_signing_store import CodeSigning, CodeSigningStore
from ingle.services.lambda_.environments import Environments
from ingle.services.lambda_.event_source_mappings.store import EventSourceMappingStore
from ingle.services.lambda_.keeping import has_key
from ingle.services.lambda_.layer_store import LayerStore
from ingle.services.lambda_.model import (
    Alias,
    EventConfig,
    Function,
    FunctionKey,
    Mount,
    OwnConcurrency,
    Package,
    Policy,
    Recursion,
    RuntimeManagement,
    UsedLayer,
    VpcNames,
)
from ingle.services.lambda_.names import LATEST
from ingle.services.lambda_.policy_documents import Statements
from ingle.services.lambda_.qualified import QualifiedStore
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.urls.store import UrlStore
from ingle.services.lambda_.users import Users
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.keeping import keep

# What only `$LATEST` has a column for.
_OF_LATEST = ("tags", "last_version", "changed")
_STATE = ("state", "state_reason", "state_reason_code")
_IMAGE = ("image", "image_overrides", "image_update")
_APART = ("version", "package", "layers", "mounts", "vpc", *_OF_LATEST, *_IMAGE)
_COMMON = [each.name for each in dataclasses.fields(Function) if each.name not in _APART]


class LambdaStore:
    """All functions of all accounts and regions, and all layers.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a function
    must see to it that nobody else changes the same one meanwhile.

    Attributes:
        changes: grows with every change of what decides who may use a function: policies and tags.
        layers: the layers.
        users: counts who needs which package, and which folder of layers.
        aliases: the aliases of functions; to be removed by `remove_alias` only.
        policies: the policies of functions, versions and aliases; to be changed by `set_policy`
            only.
        event_configs: how their events are treated.
        recursions: whether functions may be part of endless loops.
        concurrency: what they have of the account's concurrency for themselves.
        code_signing_configs: the code signing configurations.
        code_signing: which functions have them.
        runtime_management: when versions get new runtimes.
        urls: the function URLs.
        mappings: the event source mappings, which outlive their functions.
    """

    def __init__(
        self, database: Database, environments: Environments, layers: LayerStore, users: Users
    ) -> None:
        self.changes = 0
        self.layers = layers
        self.users = users
        self._database = database
        self._environments = environments
        self._functions: dict[FunctionKey, Function] = {}
        self._versions: dict[FunctionKey, dict[str, Function]] = {}
        self.aliases = QualifiedStore(database, tables.aliases, Alias)
        self.policies = QualifiedStore(database, tables.policies, Policy)
        self.event_configs = QualifiedStore(database, tables.event_configs, EventConfig)
        self.recursions = QualifiedStore(database, tables.recursions, Recursion)
        self.concurrency = QualifiedStore(database, tables.concurrency, OwnConcurrency)
        self.code_signing_configs = CodeSigningStore(database)
        self.code_signing = QualifiedStore(database, tables.code_signing, CodeSigning)
        self.runtime_management = QualifiedStore(
            database, tables.runtime_management, RuntimeManagement
        )
        self.urls = UrlStore(database)
        self.mappings = EventSourceMappingStore(database)
        # What goes with the function, the version or the alias that it belongs to.
        self._belongings: tuple[QualifiedStore[Any], ...] = (
            self.aliases,
            self.policies,
            self.event_configs,
            self.recursions,
            self.concurrency,
            self.code_signing,
            self.runtime_management,
            self.urls,
        )

    @classmethod
    async def open(cls, database: Database, keys: KeyRing) -> Self:
        """Load all functions, versions and layers.

        Args:
            database: where they are; nobody else may use it yet.
            keys: encrypt the environment variables.

        Raises:
            StorageError: environment variables cannot be decrypted; its text says what to do.
        """

        async def load(connection: AsyncConnection) -> list[list[Row[Any]]]:
            return [
                list(
                    await connection.execute(
                        select(table, tables.packages.c.size).join(tables.packages)
                    )
                )
                for table in (tables.functions, tables.versions)
            ]

        users = Users()
        environments = Environments(keys)
        await environments.renew(database)
        store = cls(database, environments, await LayerStore.open(database, users), users)
        functions, versions = await database.read(load)
        for row in functions + sorted(versions, key=lambda row: row._mapping["version"]):
            store._remember(_from_row(row, environments))
        await store.code_signing_configs.load()
        await store.mappings.load()
        for each in store._belongings:
            await each.load()
        return store

    def get(self, key: FunctionKey) -> Function | None:
        """Find a function's `$LATEST`."""
        return self._functions.get(key)

    def version(self, key: FunctionKey, version: str) -> Function | None:
        """Find a version of a function, `$LATEST` or a published one."""
        if version == LATEST:
            return self._functions.get(key)
        versions = self._versions.get(key)
        return None if versions is None else versions.get(version)

    def versions(self, key: FunctionKey) -> list[Function]:
        """List the versions of a function: `$LATEST`, then the published ones by number."""
        latest = self._functions.get(key)
        return [] if latest is None else [latest, *self._versions.get(key, {}).values()]

    def functions(self, account_id: str, region: str) -> list[Function]:
        """List the functions of an account in a region, by name, each as its `$LATEST`."""
        where = (account_id, region)
        own = [each for key, each in self._functions.items() if key[:2] == where]
        return sorted(own, key=lambda function: function.name)

    def all_versions(self) -> Iterator[Function]:
        """Go through all versions of all functions, of all accounts and regions."""
        yield from self._functions.values()
        for versions in self._versions.values():
            yield from versions.values()

    def code_size(self, account_id: str, region: str) -> int:
        """Add up the packages of an account's functions, versions and layers in a region."""
        functions = self.functions(account_id, region)
        versions = (each for one in functions for each in self.versions(one.key))
        return sum(each.package.size for each in versions) + self.layers.code_size(
            account_id, region
        )

    def runtimes(self) -> set[str]:
        """List what runs all functions and versions, as the pool names it."""
        every = (each for key in self._functions for each in self.versions(key))
        return {each.program for each in every}

    def taking_in(self) -> list[FunctionKey]:
        """List the functions whose image is still to be unpacked."""
        return [key for key, each in self._functions.items() if each.awaited_image]

    async def add(self, function: Function, published: Function | None = None) -> None:
        """Keep a new function, whose name is free and whose packages are known.

        Args:
            function: its `$LATEST`.
            published: its first version, if it has one.
        """
        await self._change(
            insert(tables.functions).values(self._to_row(function)), function, published
        )

    async def replace(self, function: Function, published: Function | None = None) -> None:
        """Keep a function's `$LATEST` in place of the one that there is.

        Args:
            function: the new one.
            published: a version that is published of it at the same time.
        """
        await self._change(
            update(tables.functions)
            .where(has_key(tables.functions, function.key))
            .values(self._to_row(function)),
            function,
            published,
        )

    def snap_started(self) -> list[Function]:
        """List the published versions with SnapStart of all accounts and regions."""
        versions = (each for one in self._versions.values() for each in one.values())
        return [each for each in versions if has_snapshots(each)]

    async def settle(self, version: Function) -> None:
        """Keep the state of `$LATEST` or a published version, which exists."""

        def remember() -> None:
            if version.version == LATEST:
                self._remember(version)
            else:
                self._versions[version.key][version.version] = version

        async def run(connection: AsyncConnection) -> None:
            table, this = _row_of(version)
            await connection.execute(
                update(table).where(this).values({name: getattr(version, name) for name in _STATE})
            )

        await keep(self._database, run, remember)

    async def remove(self, key: FunctionKey) -> None:
        """Forget a function, all its versions and aliases, and all that belongs to them."""

        def forget() -> None:
            self.changes += 1
            for each in self.versions(key):
                self.users.drop(each.uses())
            self._functions.pop(key, None)
            self._versions.pop(key, None)
            for store in self._belongings:
                store.forget(key)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.functions).where(has_key(tables.functions, key)))

        await keep(self._database, run, forget)

    async def remove_version(self, version: Function) -> None:
        """Forget a published version, which exists, and all that belongs to it."""

        def forget() -> None:
            self.users.drop(version.uses())
            del self._versions[version.key][version.version]
            self._forget_qualifier(version.key, version.version)

        async def run(connection: AsyncConnection) -> None:
            this = tables.versions.c.version == version.number
            await connection.execute(
                delete(tables.versions).where(has_key(tables.versions, version.key) & this)
            )
            await self._delete_qualifier(connection, version.key, version.version)

        await keep(self._database, run, forget)

    async def remove_alias(self, alias: Alias) -> None:
        """Forget an alias, which exists, and all that belongs to it."""

        async def run(connection: AsyncConnection) -> None:
            await self._delete_qualifier(connection, alias.key, alias.name)

        def forget() -> None:
            self._forget_qualifier(alias.key, alias.name)

        await keep(self._database, run, forget)

    async def set_policy(
        self, owner: Function | Alias, statements: Statements, head: Mapping[str, str]
    ) -> None:
        """Keep a policy in place of the one that there is, and the new revision of its owner.

        Args:
            owner: what it belongs to, `$LATEST` standing for the function; it has a new
                revision id, and has not changed otherwise.
            statements: the policy's; without any there is no policy.
            head: the other members of its document.
        """
        qualifier = owner.qualifier if isinstance(owner, Alias) else owner.own_qualifier
        policy = Policy(key=owner.key, qualifier=qualifier, statements=statements, head=head)

        async def run(connection: AsyncConnection) -> None:
            if statements:
                await self.policies.write(connection, policy)
            else:
                await self.policies.delete(connection, owner.key, qualifier)
            if isinstance(owner, Alias):
                await self.aliases.write(connection, owner)
                return
            table, this = _row_of(owner)
            await connection.execute(
                update(table).where(this).values(revision_id=owner.revision_id)
            )

        def remember() -> None:
            self.changes += 1
            if statements:
                self.policies.remember(policy)
            else:
                self.policies.forget(owner.key, qualifier)
            if isinstance(owner, Alias):
                self.aliases.remember(owner)
            elif owner.version == LATEST:
                self._functions[owner.key] = owner
            else:
                self._versions[owner.key][owner.version] = owner

        await keep(self._database, run, remember)

    async def add_package(self, package: Package) -> None:
        """Note that a package is about to be stored; does nothing where it is known."""

        async def run(connection: AsyncConnection) -> None:
            known = select(tables.packages).where(tables.packages.c.sha256 == package.sha256)
            if (await connection.execute(known)).first() is None:
                values = {"sha256": package.sha256, "size": package.size}
                await connection.execute(insert(tables.packages).values(values))

        await self._database.write(run)

    async def remove_package(self, sha256: str) -> None:
        """Forget a package that nothing needs."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(tables.packages).where(tables.packages.c.sha256 == sha256)
            )

        await self._database.write(run)

    async def unused_packages(self) -> list[str]:
        """List the digests of known packages that nothing needs."""

        async def run(connection: AsyncConnection) -> list[str]:
            return list(await connection.scalars(select(tables.packages.c.sha256)))

        return [digest for digest in await self._database.read(run) if digest not in self.users]

    async def _change(self, statement: Any, function: Function, published: Function | None) -> None:
        async def run(connection: AsyncConnection) -> None:
            await connection.execute(statement)
            if published is not None:
                await connection.execute(insert(tables.versions).values(self._to_row(published)))

        def remember() -> None:
            self._remember(function)
            if published is not None:
                self._remember(published)

        await keep(self._database, run, remember)

    async def _delete_qualifier(
        self, connection: AsyncConnection, key: FunctionKey, qualifier: str
    ) -> None:
        for each in self._belongings:
            await each.delete(connection, key, qualifier)

    def _forget_qualifier(self, key: FunctionKey, qualifier: str) -> None:
        self.changes += 1
        for each in self._belongings:
            each.forget(key, qualifier)

    def _remember(self, function: Function) -> None:
        self.users.add(function.uses())
        if function.version == LATEST:
            old = self._functions.get(function.key)
            if old is None or old.tags != function.tags:
                self.changes += 1
            if old is not None:
                self.users.drop(old.uses())
            self._functions[function.key] = function
        else:
            self._versions.setdefault(function.key, {})[function.version] = function

    def _to_row(self, function: Function) -> dict[str, Any]:
        row = _to_row(function)
        return row | {"environment": self._environments.seal(row)}


def _row_of(function: Function) -> tuple[Table, ColumnElement[bool]]:
    """Say in which table the row of `$LATEST` or a version is, and which one it is."""
    if function.version == LATEST:
        return tables.functions, has_key(tables.functions, function.key)
    table = tables.versions
    return table, has_key(table, function.key) & (table.c.version == function.number)


def _to_row(function: Function) -> dict[str, Any]:
    row = {name: getattr(function, name) for name in _COMMON}
    row["package_sha256"] = function.package.sha256
    row["layers"] = [
        {"arn": each.arn, "sha256": each.package.sha256, "size": each.package.size}
        for each in function.layers
    ]
    row["file_systems"] = [dataclasses.asdict(each) for each in function.mounts]
    row["vpc"] = None if function.vpc is None else dataclasses.asdict(function.vpc)
    row |= image_rows.to_row(function)
    if function.version == LATEST:
        return row | {name: getattr(function, name) for name in _OF_LATEST}
    return row | {"version": function.number}


def _from_row(row: Row[Any], environments: Environments) -> Function:
    values = row._mapping
    settings = {name: values[name] for name in _COMMON}
    settings["environment"] = environments.open(row._asdict())
    settings["package"] = Package(values["package_sha256"], values["size"])
    settings["layers"] = tuple(
        UsedLayer(each["arn"], Package(each["sha256"], each["size"])) for each in values["layers"]
    )
    settings["mounts"] = tuple(Mount(**each) for each in values["file_systems"])
    settings["vpc"] = None if values["vpc"] is None else _vpc_names(values["vpc"])
    settings |= image_rows.from_row(values)
    if "version" in values:
        return Function(**settings, version=str(values["version"]), tags={}, changed=False)
    return Function(**settings, **{name: values[name] for name in _OF_LATEST})


def _vpc_names(value: Mapping[str, Any]) -> VpcNames:
    return VpcNames(value["vpc_id"], tuple(value["subnets"]), tuple(value["security_groups"]))
