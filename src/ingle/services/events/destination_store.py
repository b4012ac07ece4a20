"""Keeps connections and API destinations in the database, and all in memory as well.

What a connection proves with is encrypted.
"""

from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.events import tables
from ingle.services.events.model import Connection, ConnectionKey, Destination, DestinationKey
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.keeping import keep
from ingle.storage.rows import delete_row, put_row

_SAME = (
    "id",
    "connection",
    "description",
    "endpoint",
    "method",
    "per_second",
    "created_ms",
    "modified_ms",
)


class DestinationStore:
    """All connections and API destinations of all accounts and regions.

    Args:
        database: where they are.
        keys: encrypt secrets.
    """

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._box = keys.box("connections of events")
        self._connections: dict[ConnectionKey, Connection] = {}
        self._destinations: dict[DestinationKey, Destination] = {}

    async def read(self) -> None:
        """Read what is there; what an older key encrypted is encrypted anew.

        Raises:
            SealBroken: a secret cannot be decrypted.
        """

        async def run(connection: AsyncConnection) -> tuple[list[Any], list[Any]]:
            return (
                list(await connection.execute(select(tables.connections))),
                list(await connection.execute(select(tables.destinations))),
            )

        connections, destinations = await self._database.read(run)
        for row in destinations:
            key = DestinationKey(row.account_id, row.region, row.name)
            same = {name: getattr(row, name) for name in _SAME}
            self._destinations[key] = Destination(key, **same)
        for row in connections:
            found = self._opened(row)
            self._connections[found.key] = found
            if not self._box.is_newest(row.secret):
                await self.put_connection(found)

    def connection(self, key: ConnectionKey) -> Connection | None:
        """Find a connection."""
        return self._connections.get(key)

    def connection_of_arn(self, arn: str) -> Connection | None:
        """Find a connection by its ARN."""
        parts = arn.split(":")
        if len(parts) != 6:
            return None
        found = self._connections.get(ConnectionKey(parts[4], parts[3], _name(arn)))
        return found if found is not None and found.arn == arn else None

    def connections(self, account_id: str, region: str) -> list[Connection]:
        """List the connections of an account in a region, by name."""
        here = [each for each in self._connections.values() if each.key[:2] == (account_id, region)]
        return sorted(here, key=lambda each: each.key.name)

    def destination(self, key: DestinationKey) -> Destination | None:
        """Find an API destination."""
        return self._destinations.get(key)

    def destination_of_arn(self, arn: str) -> Destination | None:
        """Find an API destination by its ARN."""
        parts = arn.split(":")
        if len(parts) != 6:
            return None
        found = self._destinations.get(DestinationKey(parts[4], parts[3], _name(arn)))
        return found if found is not None and found.arn == arn else None

    def destinations(self, account_id: str, region: str) -> list[Destination]:
        """List the API destinations of an account in a region, by name."""
        here = [
            each for each in self._destinations.values() if each.key[:2] == (account_id, region)
        ]
        return sorted(here, key=lambda each: each.key.name)

    async def put_connection(self, connection: Connection) -> None:
        """Keep a connection, in place of what was kept of it before."""
        secret = self._box.seal(orjson.dumps(connection.parameters), _bound_to(connection.key))
        values = {
            **connection.key._asdict(),
            "id": connection.id,
            "kind": connection.kind,
            "description": connection.description,
            "secret": secret,
            "created_ms": connection.created_ms,
            "modified_ms": connection.modified_ms,
            "authorized_ms": connection.authorized_ms,
        }

        def remember() -> None:
            self._connections[connection.key] = connection

        await keep(self._database, lambda c: put_row(c, tables.connections, values), remember)

    async def delete_connection(self, key: ConnectionKey) -> None:
        """Keep a connection no more."""
        await keep(
            self._database,
            lambda c: delete_row(c, tables.connections, key._asdict()),
            lambda: self._connections.pop(key, None),
        )

    async def put_destination(self, destination: Destination) -> None:
        """Keep an API destination, in place of what was kept of it before."""
        values = {
            **destination.key._asdict(),
            **{name: getattr(destination, name) for name in _SAME},
        }

        def remember() -> None:
            self._destinations[destination.key] = destination

        await keep(self._database, lambda c: put_row(c, tables.destinations, values), remember)

    async def delete_destination(self, key: DestinationKey) -> None:
        """Keep an API destination no more."""
        await keep(
            self._database,
            lambda c: delete_row(c, tables.destinations, key._asdict()),
            lambda: self._destinations.pop(key, None),
        )

    def _opened(self, row: Any) -> Connection:
        key = ConnectionKey(row.account_id, row.region, row.name)
        return Connection(
            key,
            row.id,
            row.kind,
            row.description,
            orjson.loads(self._box.open(row.secret, _bound_to(key))),
            row.created_ms,
            row.modified_ms,
            row.authorized_ms,
        )


def _name(arn: str) -> str:
    return arn.split("/")[1] if arn.count("/") == 2 else ""


def _bound_to(key: ConnectionKey) -> str:
    return f"secret of the connection {key.name} of {key.account_id} in {key.region}"
