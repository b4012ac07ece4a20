"""Users."""

import dataclasses
from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.boundaries import boundary_answer, checked_boundary
from ingle.services.iam.errors import exists, in_use, over_quota
from ingle.services.iam.limits import ACCOUNT
from ingle.services.iam.listing import below, page
from ingle.services.iam.making import new_user
from ingle.services.iam.model import User
from ingle.services.iam.operations import Operations, caller, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class UserOperations(Operations):
    """The operations on users and their tags."""

    async def create_user(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a user."""
        name = request["UserName"]
        async with self._locked(context):
            if self._store.users.get(context.account_id, name) is not None:
                raise exists("User", name)
            if self._store.users.count(context.account_id) >= ACCOUNT.users:
                raise over_quota("UsersPerAccount", ACCOUNT.users)
            user = new_user(
                context.account_id,
                name,
                self._now_ms(),
                path=request.get("Path", "/"),
                boundary=checked_boundary(
                    self._store, context.account_id, request.get("PermissionsBoundary")
                ),
                tags=tags.read(request.get("Tags", ()), any_case=True),
            )
            await self._store.change(put=[user])
        return {"User": user_answer(user, whole=True)}

    async def get_user(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a user; without a name, of the caller."""
        name = request.get("UserName") or caller(context)
        if not name:
            return {"User": self._root_answer(context.account_id)}
        return {"User": user_answer(self._user(context, name), whole=True)}

    async def update_user(self, context: CallContext, request: ServiceInput) -> None:
        """Give a user another name or path; keys, devices and trust stay its own."""
        async with self._locked(context):
            old = self._user(context, request["UserName"])
            name, path = request.get("NewUserName", old.name), request.get("NewPath", old.path)
            holder = self._store.users.get(context.account_id, name)
            if holder is not None and holder != old:
                raise exists("User", name)
            new = dataclasses.replace(old, name=name, path=path)
            keys = self._store.access_keys.of(context.account_id, old.name)
            devices = [
                each
                for each in self._store.mfa_devices.list(context.account_id)
                if each.user == old.name.lower()
            ]
            await self._store.change(
                remove=[old],
                put=[
                    new,
                    *(dataclasses.replace(each, user=name.lower()) for each in keys),
                    *(dataclasses.replace(each, user=name.lower()) for each in devices),
                ],
            )

    async def delete_user(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a user that has nothing left."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            if user.attached:
                raise in_use("detach all policies")
            if user.inline:
                raise in_use("delete policies")
            if user.groups:
                raise in_use("remove users from group")
            if self._store.access_keys.of(context.account_id, user.name):
                raise in_use("delete access keys")
            if user.password is not None:
                raise in_use("delete login profile")
            devices = self._store.mfa_devices.list(context.account_id)
            if any(each.user == user.name.lower() for each in devices):
                raise in_use("delete MFA device")
            await self._store.change(remove=[user])

    async def list_users(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the users, by name."""
        every = below(self._store.users.list(context.account_id), lambda each: each.path, request)
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"Users": [user_answer(each) for each in found], **standing}

    async def tag_user(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a user."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            new = tags.merged(user.tags, request["Tags"], any_case=True)
            await self._store.change(put=[dataclasses.replace(user, tags=new)])

    async def untag_user(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from a user."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            left = tags.without(user.tags, request["TagKeys"], any_case=True)
            await self._store.change(put=[dataclasses.replace(user, tags=left)])

    async def list_user_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a user."""
        return tags.listed(self._user(context, request["UserName"]).tags, request)

    def _root_answer(self, account_id: str) -> dict[str, Any]:
        account = self._store.accounts.get(account_id, account_id)
        return {
            "UserId": account_id,
            "Arn": f"arn:aws:iam::{account_id}:root",
            "CreateDate": seconds(account.created_ms) if account is not None else None,
        }


def user_answer(user: User, whole: bool = False) -> dict[str, Any]:
    """Write a user as answers have it.

    Args:
        user: the user.
        whole: with tags and permissions boundary, which lists leave out.
    """
    answer = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.unique_id,
        "Arn": user.arn,
        "CreateDate": seconds(user.created_ms),
    }
    if whole and user.tags:
        answer["Tags"] = tags.answer(user.tags)
    if whole and user.boundary is not None:
        answer["PermissionsBoundary"] = boundary_answer(user.boundary)
    return answer
