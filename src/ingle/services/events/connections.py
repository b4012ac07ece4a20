"""The operations on connections.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services.events.buses import paged
from ingle.services.events.destination_store import DestinationStore
from ingle.services.events.errors import (
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceNotFound,
    Validation,
)
from ingle.services.events.later import LATER
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Connection, ConnectionKey
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

OAUTH = "OAUTH_CLIENT_CREDENTIALS"
MEMBERS: Mapping[str, str] = {
    "BASIC": "BasicAuthParameters",
    OAUTH: "OAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
}
"""Which member of AuthParameters a kind of authorization has."""
_SECRETS = frozenset(("Password", "ClientSecret", "ApiKeyValue"))


class Connections:
    """The operations on connections.

    Args:
        store: where they are kept.
        clock: tells when one was made.
    """

    def __init__(self, store: DestinationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._changing: KeyedLocks[ConnectionKey] = KeyedLocks()

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a connection."""
        _refuse(request)
        key = _key(context, request)
        kind, parameters = request["AuthorizationType"], request["AuthParameters"]
        _check(kind, parameters)
        async with self._changing(key):
            if self._store.connection(key) is not None:
                raise ResourceAlreadyExists(f"Connection {key.name} already exists.")
            if len(self._store.connections(*key[:2])) >= LIMITS.connections:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            now = self._now_ms()
            description = request.get("Description") or ""
            made = Connection(key, str(uuid.uuid4()), kind, description, parameters, now, now, now)
            await self._store.put_connection(made)
        return _changed(made)

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change a connection; what is not said stays."""
        _refuse(request)
        key = _key(context, request)
        async with self._changing(key):
            old = self._existing(key)
            kind = request.get("AuthorizationType") or old.kind
            given = request.get("AuthParameters") or {}
            kept = old.parameters if kind == old.kind else {}
            parameters = _merged(kept, given)
            if given or kind != old.kind:
                _check(kind, parameters)
            now = self._now_ms()
            changed = replace(
                old,
                kind=kind,
                parameters=parameters,
                description=request.get("Description", old.description),
                modified_ms=now,
                authorized_ms=now if given else old.authorized_ms,
            )
            await self._store.put_connection(changed)
        return {**_changed(changed), "LastAuthorizedTime": changed.authorized_ms / 1000}

    async def deauthorize(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Forget what a connection proves with."""
        key = _key(context, request)
        async with self._changing(key):
            changed = replace(self._existing(key), parameters={}, modified_ms=self._now_ms())
            await self._store.put_connection(changed)
        return _ended(changed, "DEAUTHORIZING")

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a connection; API destinations that have it are of no use any more."""
        key = _key(context, request)
        async with self._changing(key):
            old = self._existing(key)
            await self._store.delete_connection(key)
        return _ended(old, "DELETING")

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a connection, without its secrets."""
        found = self._existing(_key(context, request))
        answer = _summary(found) | {"AuthParameters": _without_secrets(found.parameters)}
        if found.description:
            answer["Description"] = found.description
        return answer

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List connections by name."""
        prefix, state = request.get("NamePrefix") or "", request.get("ConnectionState")
        found = [
            each
            for each in self._store.connections(context.account_id, context.region)
            if each.key.name.startswith(prefix) and state in (None, each.state)
        ]
        page, token = paged(found, lambda each: each.key.name, request)
        return {"Connections": [_summary(each) for each in page], **token}

    def _existing(self, key: ConnectionKey) -> Connection:
        found = self._store.connection(key)
        if found is None:
            raise ResourceNotFound(
                f"Failed to describe the connection(s). Connection '{key.name}' does not exist."
            )
        return found

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _refuse(request: ServiceInput) -> None:
    LATER.refuse(request, "connection")
    LATER.refuse(request.get("AuthParameters") or {}, "auth", "AuthParameters.")


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    wanted = MEMBERS[kind]
    members = [each for each in MEMBERS.values() if parameters.get(each)]
    if members != [wanted]:
        raise Validation(
            f"Parameter AuthParameters is not valid. Reason: {wanted}, and none of the others, "
            f"must be specified for the authorization type {kind}."
        )


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = value.get("IsValueSecret") is True
        return {
            name: _without_secrets(each)
            for name, each in value.items()
            if name not in _SECRETS and not (hidden and name == "Value")
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_secrets(each) for each in value]
    return value


def _key(context: CallContext, request: ServiceInput) -> ConnectionKey:
    return ConnectionKey(context.account_id, context.region, request["Name"])


def _changed(connection: Connection) -> ServiceOutput:
    return {
        "ConnectionArn": connection.arn,
        "ConnectionState": connection.state,
        "CreationTime": connection.created_ms / 1000,
        "LastModifiedTime": connection.modified_ms / 1000,
    }


def _ended(connection: Connection, state: str) -> ServiceOutput:
    return {
        **_changed(connection),
        "ConnectionState": state,
        "LastAuthorizedTime": connection.authorized_ms / 1000,
    }


def _summary(connection: Connection) -> ServiceOutput:
    return {
        **_changed(connection),
        "Name": connection.key.name,
        "AuthorizationType": connection.kind,
        "LastAuthorizedTime": connection.authorized_ms / 1000,
    }
