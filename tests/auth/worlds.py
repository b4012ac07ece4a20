"""Identities in a real database, and an authorizer that decides about them."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.iam.directory import Directory
from ingle.services.iam.making import new_account, new_user
from ingle.services.iam.resources import IamResources
from ingle.services.iam.store import IamStore
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request
from ingle.wire.protocol import Operation, ServiceProtocol

from .signing import StillClock

ACCOUNT = "111122223333"
OTHER = "999999999999"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
INVOKE = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
PLAIN = Request("POST", "/", client="10.0.0.1")


def operation(service: str, name: str) -> Operation:
    return ServiceProtocol.load(service).operation(name)


class Functions(Resources):
    """Functions with a policy and tags that a test sets."""

    def __init__(self) -> None:
        self.count = 0
        self.statement: dict[str, Any] | None = None
        self.tags: dict[str, Values] = {}

    @property
    def changes(self) -> int:
        return self.count

    def policy(self, action: str, arn: str) -> Policy | None:
        if self.statement is None:
            return None
        document = {"Version": "2012-10-17", "Statement": {"Resource": "*", **self.statement}}
        return Policy.parse(document, PolicyKind.RESOURCE, arn)

    def keys(self, arn: str) -> Mapping[str, Values]:
        return self.tags


class World:
    """Identities in a real database, and an authorizer."""

    def __init__(self, store: IamStore) -> None:
        self.store = store
        self.directory = Directory(store, {}.get)
        self.clock = StillClock()
        self.functions = Functions()
        self.authorizer = self.new()

    def new(self, **settings: Any) -> Authorizer:
        """An authorizer that has decided nothing yet."""
        resources = {"iam": IamResources(self.store), "lambda": self.functions}
        return Authorizer(self.directory, self.clock, resources=resources, **settings)

    async def user(self, *statements: dict[str, Any], name: str = "u", **more: Any) -> Identity:
        """Have a user with these statements; return who it is, as a signature tells."""
        inline = {}
        if statements:
            inline["p"] = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        old = self.store.users.get(ACCOUNT, name)
        user = old or new_user(ACCOUNT, name, 0, **more)
        await self.store.change(put=[replace(user, inline=inline)])
        return self.identity(f"arn:aws:iam::{ACCOUNT}:user/{name}")

    def identity(self, arn: str, service: str = "lambda") -> Identity:
        principal = self.directory.user(arn)
        assert principal is not None
        return Identity(f"AKIA{arn}", principal, "eu-west-1", service)

    def may(self, identity: Identity, name: str, request: Request = PLAIN, **params: Any) -> bool:
        try:
            self.authorizer.check(identity, request, operation("lambda", name), params)
        except ServiceError as error:
            if error.error_code != "AccessDeniedException":
                raise
            return False
        return True


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = await Database.open(tmp_path)
    store = await IamStore.open(database, KeyRing([bytes(32)], Path("secret.key")))
    await store.change(put=[new_account(ACCOUNT, "", 0), new_account(OTHER, "", 0)])
    yield World(store)
    await database.close()
