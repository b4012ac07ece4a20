"""Login profiles: the passwords of users.

Nothing of Ingle asks for a password. They are kept because tools that set up accounts make them.
"""

import asyncio
import dataclasses
from typing import Any

from ingle.services.iam import passwords
from ingle.services.iam.errors import EntityAlreadyExists, NoSuchEntity, ValidationError
from ingle.services.iam.model import User
from ingle.services.iam.operations import Operations, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class LoginProfileOperations(Operations):
    """The operations on login profiles. Without `UserName` they are about the caller's own."""

    async def create_login_profile(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give a user a password."""
        user = self._profile_user(context, request)
        password = request.get("Password")
        if password is None:
            raise ValidationError("Password is missing.")
        if user.password is not None:
            raise _exists(user)
        hashed = await self._hashed(context, password)
        async with self._locked(context):
            user = self._user(context, user.name)
            if user.password is not None:
                raise _exists(user)
            user = dataclasses.replace(
                user,
                password=hashed,
                password_created_ms=self._now_ms(),
                password_reset=request.get("PasswordResetRequired", False),
            )
            await self._store.change(put=[user])
        return {"LoginProfile": _answer(user)}

    async def get_login_profile(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a user's login profile."""
        user = self._profile_user(context, request)
        if user.password is None:
            raise _no_profile(user)
        return {"LoginProfile": _answer(user)}

    async def update_login_profile(self, context: CallContext, request: ServiceInput) -> None:
        """Change a user's password, or whether it has to be changed at its next use."""
        user = self._profile_user(context, request)
        password = request.get("Password")
        hashed = None if password is None else await self._hashed(context, password)
        async with self._locked(context):
            user = self._user(context, user.name)
            if user.password is None:
                raise _no_profile(user)
            user = dataclasses.replace(
                user,
                password=hashed or user.password,
                password_reset=request.get("PasswordResetRequired", user.password_reset),
            )
            await self._store.change(put=[user])

    async def delete_login_profile(self, context: CallContext, request: ServiceInput) -> None:
        """Take the password from a user."""
        async with self._locked(context):
            user = self._profile_user(context, request)
            if user.password is None:
                raise _no_profile(user)
            user = dataclasses.replace(
                user, password=None, password_created_ms=None, password_reset=False
            )
            await self._store.change(put=[user])

    def _profile_user(self, context: CallContext, request: ServiceInput) -> User:
        name = self._named_or_caller(context, request)
        if not name:
            raise ValidationError("The root user has no login profile; name a user.")
        return self._user(context, name)

    async def _hashed(self, context: CallContext, password: str) -> str:
        account = self._store.accounts.get(context.account_id, context.account_id)
        passwords.check(password, None if account is None else account.password_policy)
        return await asyncio.to_thread(passwords.hashed, password)


def _answer(user: User) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": seconds(user.password_created_ms or user.created_ms),
        "PasswordResetRequired": user.password_reset,
    }


def _exists(user: User) -> EntityAlreadyExists:
    return EntityAlreadyExists(f"Login Profile for user {user.name} already exists.")


def _no_profile(user: User) -> NoSuchEntity:
    return NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
