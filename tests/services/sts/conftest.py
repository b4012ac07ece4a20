"""STS with identities of its own, in a real database."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import AccessKey, Identity
from ingle.auth.root import root_user
from ingle.auth.sessions import SessionMinter
from ingle.services.iam.directory import Directory
from ingle.services.iam.making import new_access_key, new_account, new_policy, new_role, new_user
from ingle.services.iam.model import Noun, Role, User
from ingle.services.iam.store import IamStore
from ingle.services.iam.trust import Trust
from ingle.services.sts.api import StsService
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.service import CallContext
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, OTHER_ACCOUNT, REGION

ALLOW = "Allow"
PROTOCOL = ServiceProtocol.load("sts")


def policy(*statements: dict[str, Any]) -> str:
    """Write a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement for an identity."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """Write a statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


@dataclass
class World:
    """The service, and what is around it."""

    service: StsService
    store: IamStore
    directory: Directory
    sessions: SessionMinter
    clock: ManualClock

    async def have(self, *nouns: Noun) -> None:
        """Keep nouns in place of those of their names."""
        await self.store.change(put=nouns)

    async def lose(self, *nouns: Noun) -> None:
        """Remove nouns."""
        await self.store.change(remove=nouns)

    async def user(
        self, name: str, *statements: dict[str, Any], account_id: str = ACCOUNT, **more: Any
    ) -> Identity:
        """Make a user with permissions, and return what it signs as."""
        inline = {"own": policy(*statements)} if statements else {}
        user = replace(new_user(account_id, name, 0, **more), inline=inline)
        key = new_access_key(account_id, name, 0)
        await self.have(user, self.store.secrets.seal(key))
        return self.identity(key.name)

    async def role(
        self,
        name: str,
        *statements: dict[str, Any],
        account_id: str = ACCOUNT,
        inline: dict[str, str] | None = None,
        **more: Any,
    ) -> Role:
        """Make a role with a trust policy."""
        document = Trust(self.store).kept(policy(*statements))
        role = replace(new_role(account_id, name, document, 0, **more), inline=inline or {})
        await self.have(role)
        return role

    async def managed(self, name: str, document: str) -> str:
        """Make a managed policy, and return its ARN."""
        made = new_policy(ACCOUNT, name, document, 0)
        await self.have(made)
        return made.arn

    def identity(self, access_key_id: str) -> Identity:
        """Return what a lasting key signs as."""
        key = self.directory.access_key(access_key_id)
        assert key is not None
        return Identity(key.access_key_id, key.principal, REGION, "sts", key.session)

    def root(self, account_id: str = ACCOUNT) -> Identity:
        """Return what a root user signs as."""
        return self.identity(f"AKIAROOT{account_id}")

    def found(self, answer: dict[str, Any]) -> AccessKey | None:
        """Return what the credentials in an answer are known as."""
        given = answer["Credentials"]
        return self.sessions.find(given["AccessKeyId"], given["SessionToken"])

    def signed_with(self, answer: dict[str, Any]) -> Identity:
        """Return what the credentials in an answer sign as."""
        key = self.found(answer)
        assert key is not None
        return Identity(key.access_key_id, key.principal, REGION, "sts", key.session)

    async def call(self, identity: Identity, operation: str, **members: Any) -> Any:
        """Call an operation as somebody, with its input checked and its answer serialised."""
        bound = PROTOCOL.operation(operation)
        bound.validate(members)
        context = CallContext(
            request_id="3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a",
            account_id=identity.account_id,
            region=REGION,
            principal_arn=identity.principal_arn,
            request=Request("POST", "/", client="127.0.0.1"),
            endpoint="http://127.0.0.1:4566",
            identity=identity,
        )
        answer = await getattr(self.service, bound.method)(context, members)
        bound.serialize(answer, context.request_id)
        return answer

    async def assume(self, identity: Identity, role: Role | str, **members: Any) -> Any:
        """Call AssumeRole."""
        arn = role if isinstance(role, str) else role.arn
        members = {"RoleArn": arn, "RoleSessionName": "session", **members}
        return await self.call(identity, "AssumeRole", **members)

    async def refused(self, identity: Identity, operation: str, **members: Any) -> tuple[str, str]:
        """Call what is refused, and return the error's code and text."""
        with pytest.raises(ServiceError) as caught:
            await self.call(identity, operation, **members)
        return caught.value.error_code, caught.value.message

    async def not_assumed(
        self, identity: Identity, role: Role | str, **members: Any
    ) -> tuple[str, str]:
        """Call AssumeRole where it is refused, and return the error's code and text."""
        arn = role if isinstance(role, str) else role.arn
        members = {"RoleArn": arn, "RoleSessionName": "session", **members}
        return await self.refused(identity, "AssumeRole", **members)


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    store = await IamStore.open(database, KEYS)
    await store.change(put=[new_account(each, "", 0) for each in (ACCOUNT, OTHER_ACCOUNT)])
    root_keys = {
        f"AKIAROOT{each}": AccessKey(f"AKIAROOT{each}", "secret", root_user(each))
        for each in (ACCOUNT, OTHER_ACCOUNT)
    }
    directory = Directory(store, root_keys.get)
    sessions = SessionMinter(KEYS, directory)
    authorizer = Authorizer(directory, clock)
    service = StsService(directory, authorizer, sessions, clock)
    return World(service, store, directory, sessions, clock)


def denied(identity: Identity, action: str, resource: str, why: str = "") -> tuple[str, str]:
    """Say how AWS refuses."""
    text = f"User: {identity.principal_arn} is not authorized to perform: {action} on resource: "
    return "AccessDenied", f"{text}{resource}{why}"


def user_of(world: World, identity: Identity) -> User:
    """Find the noun of a user."""
    user = world.store.user_by_arn(identity.principal_arn)
    assert user is not None
    return user
