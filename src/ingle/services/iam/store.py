"""All identities: kept in the database through its one writer, and in memory, from where they are
read."""

import asyncio
from collections.abc import Iterable
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.iam import tables
from ingle.services.iam.aws_managed import AwsManaged
from ingle.services.iam.model import (
    Account,
    DeletionTask,
    Group,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    Noun,
    OidcProvider,
    Role,
    ServerCertificate,
    User,
    UserKey,
)
from ingle.services.iam.nouns import Nouns
from ingle.services.iam.secrets import Secrets
from ingle.services.iam.uses import Uses
from ingle.services.locks import KeyedLocks
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.tasks import finish


class AccessKeys(Nouns[UserKey]):
    """The access keys, which are found by their id alone, and by their user."""

    def __init__(self) -> None:
        super().__init__(tables.access_keys, UserKey)

    def of(self, account_id: str, user: str) -> list[UserKey]:
        """List the keys of a user, or with "" of the root user, the oldest first."""
        every = self._items.get(account_id, {}).values()
        own = [each for each in every if each.user == user.lower()]
        return sorted(own, key=lambda each: (each.created_ms, each.name))


class IamStore:
    """The identities of all accounts.

    Reading is from memory; a write is in memory once it is committed. Whoever changes something
    of an account holds the account's lock from before it looks until after it has written.

    Attributes:
        generation: grows with every change; what is derived from identities compares it.
        locks: the locks, by account.
        secrets: seals and opens the secrets of nouns.
        uses: when keys and roles were used last.
        aws_managed: AWS's own managed policies, which all accounts have.
    """

    def __init__(self, database: Database, secrets: Secrets, aws_managed: AwsManaged) -> None:
        self.generation = 0
        self.locks: KeyedLocks[str] = KeyedLocks()
        self.secrets = secrets
        self.uses = Uses(database)
        self.aws_managed = aws_managed
        self.accounts = Nouns(tables.accounts, Account)
        self.users = Nouns(tables.users, User)
        self.groups = Nouns(tables.groups, Group)
        self.roles = Nouns(tables.roles, Role)
        self.policies = Nouns(tables.policies, ManagedPolicy)
        self.access_keys = AccessKeys()
        self.instance_profiles = Nouns(tables.instance_profiles, InstanceProfile)
        self.server_certificates = Nouns(tables.server_certificates, ServerCertificate)
        self.oidc_providers = Nouns(tables.oidc_providers, OidcProvider)
        self.mfa_devices = Nouns(tables.mfa_devices, MfaDevice)
        self.deletion_tasks = Nouns(tables.deletion_tasks, DeletionTask)
        self._database = database
        self._nouns: dict[type[Noun], Nouns[Any]] = {
            Account: self.accounts,
            User: self.users,
            Group: self.groups,
            Role: self.roles,
            ManagedPolicy: self.policies,
            UserKey: self.access_keys,
            InstanceProfile: self.instance_profiles,
            ServerCertificate: self.server_certificates,
            OidcProvider: self.oidc_providers,
            MfaDevice: self.mfa_devices,
            DeletionTask: self.deletion_tasks,
        }

    @classmethod
    async def open(cls, database: Database, keys: KeyRing) -> Self:
        """Load everything.

        Args:
            database: where it is; nobody else may use it yet.
            keys: encrypt the secrets.

        Raises:
            StorageError: secrets cannot be decrypted; its text says what to do.
        """
        secrets = Secrets(keys)
        await secrets.renew(database)
        store = cls(database, secrets, await asyncio.to_thread(AwsManaged.load))
        for each in store._nouns.values():
            await each.load(database)
        await store.uses.load()
        return store

    async def change(self, *, put: Iterable[Noun] = (), remove: Iterable[Noun] = ()) -> None:
        """Write all of this in one transaction, then change what is in memory.

        The caller holds the lock of the account. A caller that goes away does not leave a commit
        that memory does not know of.

        Args:
            put: kept in place of those of the same names, if there are any.
            remove: removed, before the others are put.
        """
        new, old = tuple(put), tuple(remove)
        used = [each for one in old if (each := _used_id(one)) is not None]

        async def write(connection: AsyncConnection) -> None:
            for each in old:
                await self._nouns[type(each)].delete(connection, each)
            if used:
                await self.uses.delete(connection, used)
            for each in new:
                await self._nouns[type(each)].write(connection, each)

        async def run() -> None:
            await self._database.write(write)
            for each in old:
                self._nouns[type(each)].forget(each)
            for each in new:
                self._nouns[type(each)].remember(each)
            kept = {_used_id(each) for each in new}
            self.uses.forget(each for each in used if each not in kept)
            self.generation += 1

        await finish(run())

    def policy(self, account_id: str, arn: str) -> ManagedPolicy | None:
        """Find a managed policy that an account can attach: its own, or AWS's."""
        owner, kind, name = _parts(arn)
        if kind != "policy":
            return None
        if owner == "aws":
            return self.aws_managed.get(arn)
        if owner != account_id:
            return None
        policy = self.policies.get(account_id, name)
        return policy if policy is not None and policy.arn == arn else None

    def user_by_arn(self, arn: str) -> User | None:
        """Find a user of any account by its ARN."""
        account_id, kind, name = _parts(arn)
        user = self.users.get(account_id, name) if kind == "user" else None
        return user if user is not None and user.arn == arn else None

    def role_by_arn(self, arn: str) -> Role | None:
        """Find a role of any account by its ARN."""
        account_id, kind, name = _parts(arn)
        role = self.roles.get(account_id, name) if kind == "role" else None
        return role if role is not None and role.arn == arn else None


def _parts(arn: str) -> tuple[str, str, str]:
    """Take the account, the kind and the name out of an ARN of IAM; "" where it is none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[:4] != ["arn", "aws", "iam", ""]:
        return "", "", ""
    kind, _, rest = parts[5].partition("/")
    return parts[4], kind, rest.rpartition("/")[2]


def _used_id(noun: Noun) -> str | None:
    """The id under which the last use of a noun is kept."""
    if isinstance(noun, UserKey):
        return noun.name
    return noun.unique_id if isinstance(noun, Role) else None
