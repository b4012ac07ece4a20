"""The AWS accounts of this server, and their root users' keys."""

import asyncio
import re
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Self

from ingle.auth.keys import AccessKey, Identity
from ingle.auth.root import CredentialsUnusable, add_root_key, load_root_keys, root_user
from ingle.clock import Clock
from ingle.services.iam.errors import AccessDenied, EntityAlreadyExists, ValidationError
from ingle.services.iam.making import new_account
from ingle.services.iam.model import Account
from ingle.services.iam.store import IamStore
from ingle.wire.errors import ServiceError

_NUMBER = re.compile(r"\d{12}")
_MAX_NAME = 50
_ALL = "accounts"
"""The lock under which accounts are made."""


class Accounts:
    """Keeps the accounts: who they are in the database, their root keys in the credentials file.

    Args:
        store: where identities are kept.
        clock: tells when an account was made.
        credentials: the file with the root keys.
        own: the account that the server was started with.
        root_keys: those that are accepted, by id; it grows with the accounts.
    """

    def __init__(
        self,
        store: IamStore,
        clock: Clock,
        credentials: Path,
        own: str,
        root_keys: MutableMapping[str, AccessKey],
    ) -> None:
        self._store = store
        self._clock = clock
        self._credentials = credentials
        self._own = own
        self._root_keys = root_keys

    @classmethod
    async def open(
        cls,
        store: IamStore,
        clock: Clock,
        credentials: Path,
        own: str,
        root_keys: MutableMapping[str, AccessKey],
    ) -> Self:
        """Load the keys of all accounts; make the server's own account where it is not there yet.

        Raises:
            CredentialsUnusable: the file is damaged.
        """
        accounts = cls(store, clock, credentials, own, root_keys)
        if store.accounts.get(own, own) is None:
            await accounts._keep(own, "")
        for key in await asyncio.to_thread(load_root_keys, credentials):
            # A key without its account is of one whose making was interrupted.
            if store.accounts.get(key.account_id, key.account_id) is not None:
                root_keys[key.access_key_id] = key
        return accounts

    def list(self) -> list[Mapping[str, Any]]:
        """Describe the accounts, the server's own first."""
        every = sorted(self._store.accounts.all(), key=self._order)
        return [_answer(each) for each in every]

    async def create(self, account_id: str | None, name: str) -> Mapping[str, Any]:
        """Make an account with a root key; describe it.

        Its key is on disk before it is, so that a crash leaves no account without a key.

        Args:
            account_id: twelve digits, or None for any that are free.
            name: what it is called, or "".

        Raises:
            EntityAlreadyExists: there is an account of this number.
            ValidationError: it is not twelve digits, or the name is too long.
            ServiceError: the file with the keys is damaged; the text says what to do.
        """
        if account_id is not None and not _NUMBER.fullmatch(account_id):
            raise ValidationError(f"An account has twelve digits, not {account_id!r}.")
        if len(name) > _MAX_NAME or not name.isprintable():
            raise ValidationError(f"A name has at most {_MAX_NAME} printable characters.")
        async with self._store.locks(_ALL):
            number = account_id or self._free_number()
            if self._store.accounts.get(number, number) is not None:
                raise EntityAlreadyExists(f"There is an account {number} already.")
            try:
                key = await asyncio.to_thread(add_root_key, self._credentials, number)
            except CredentialsUnusable as error:
                raise ServiceError(str(error)) from error
            account = await self._keep(number, name)
            self._root_keys[key.access_key_id] = key
        return _answer(account)

    def check_may_manage(self, identity: Identity) -> None:
        """Refuse all but the root user of the server's own account.

        Raises:
            AccessDenied: it is somebody else.
        """
        if identity.principal_arn != root_user(self._own).arn:
            raise AccessDenied(
                f"{identity.principal_arn} may not manage accounts; only the root user of the "
                f"server's own account, {self._own}, may."
            )

    async def _keep(self, account_id: str, name: str) -> Account:
        account = new_account(account_id, name, int(self._clock.time()) * 1000)
        await self._store.change(put=[account])
        return account

    def _free_number(self) -> str:
        while True:
            number = f"{secrets.randbelow(9 * 10**11) + 10**11}"
            if self._store.accounts.get(number, number) is None:
                return number

    def _order(self, account: Account) -> tuple[bool, str]:
        return account.account_id != self._own, account.account_id


def _answer(account: Account) -> Mapping[str, Any]:
    return {"AccountId": account.account_id, "Name": account.title}
