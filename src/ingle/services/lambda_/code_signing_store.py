"""Keeps code signing configurations in the database, and all of them in memory as well."""

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.lambda_ import tables
from ingle.services.lambda_.model import FunctionKey
from ingle.storage.database import Database
from ingle.storage.keeping import keep

ConfigKey = tuple[str, str, str]
"""Account, region and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSigningConfig:
    """Whose signatures the packages of some functions must have.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        config_id: `csc-` and 17 lower-case letters and digits.
        description: free text, or None where none was given.
        publishers: ARNs of versions of signing profiles.
        policy: `Warn` or `Enforce`: what becomes of a package that nobody of these has signed.
        last_modified_ms: when it was changed last, in milliseconds since the epoch.
        tags: its tags.
    """

    account_id: str
    region: str
    config_id: str
    description: str | None
    publishers: tuple[str, ...]
    policy: str
    last_modified_ms: int
    tags: dict[str, str]

    @property
    def key(self) -> ConfigKey:
        """What identifies it among all others."""
        return self.account_id, self.region, self.config_id

    @property
    def arn(self) -> str:
        """Its ARN."""
        return (
            f"arn:aws:lambda:{self.region}:{self.account_id}:code-signing-config:{self.config_id}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSigning:
    """Which code signing configuration a function has.

    Attributes:
        key: the function's.
        qualifier: "", for it holds for the function as a whole.
        config_id: the configuration's.
    """

    key: FunctionKey
    qualifier: str = ""
    config_id: str

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.code_signing` besides key and qualifier."""
        return {"config_id": self.config_id}

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(key=key, qualifier=qualifier, config_id=row.config_id)


class CodeSigningStore:
    """All code signing configurations of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._configs: dict[ConfigKey, CodeSigningConfig] = {}

    async def load(self) -> None:
        """Read them all; to be called once, before anything else."""

        async def run(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(select(tables.code_signing_configs)))

        for row in await self._database.read(run):
            values = dict(row._mapping)
            config = CodeSigningConfig(**values | {"publishers": tuple(values["publishers"])})
            self._configs[config.key] = config

    def get(self, key: ConfigKey) -> CodeSigningConfig | None:
        """Find one."""
        return self._configs.get(key)

    def list(self, account_id: str, region: str) -> list[CodeSigningConfig]:
        """List those of an account in a region, by id."""
        where = (account_id, region)
        return [self._configs[key] for key in sorted(self._configs) if key[:2] == where]

    async def put(self, config: CodeSigningConfig) -> None:
        """Keep one in place of the one with its id, if there is one."""
        is_new = config.key not in self._configs
        table = tables.code_signing_configs

        async def run(connection: AsyncConnection) -> None:
            row = _to_row(config)
            statement = insert(table) if is_new else update(table).where(_is(config.key))
            await connection.execute(statement.values(row))

        def remember() -> None:
            self._configs[config.key] = config

        await keep(self._database, run, remember)

    async def remove(self, config: CodeSigningConfig) -> None:
        """Forget one, which no function has."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(delete(tables.code_signing_configs).where(_is(config.key)))

        def forget() -> None:
            del self._configs[config.key]

        await keep(self._database, run, forget)


def _is(key: ConfigKey) -> Any:
    columns = tables.code_signing_configs.c
    account_id, region, config_id = key
    own = (columns.account_id == account_id) & (columns.region == region)
    return own & (columns.config_id == config_id)


def _to_row(config: CodeSigningConfig) -> dict[str, Any]:
    return {
        "account_id": config.account_id,
        "region": config.region,
        "config_id": config.config_id,
        "description": config.description,
        "publishers": list(config.publishers),
        "policy": config.policy,
        "last_modified_ms": config.last_modified_ms,
        "tags": config.tags,
    }
