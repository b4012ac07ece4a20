"""Groups, and who is in them."""

import dataclasses
from typing import Any

from ingle.services.iam.errors import exists, in_use, over_quota
from ingle.services.iam.limits import ACCOUNT, EACH
from ingle.services.iam.listing import below, page
from ingle.services.iam.making import new_group
from ingle.services.iam.model import Group, User
from ingle.services.iam.operations import Operations, seconds
from ingle.services.iam.users import user_answer
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class GroupOperations(Operations):
    """The operations on groups and their members."""

    async def create_group(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a group."""
        name = request["GroupName"]
        async with self._locked(context):
            if self._store.groups.get(context.account_id, name) is not None:
                raise exists("Group", name)
            if self._store.groups.count(context.account_id) >= ACCOUNT.groups:
                raise over_quota("GroupsPerAccount", ACCOUNT.groups)
            group = new_group(
                context.account_id, name, self._now_ms(), path=request.get("Path", "/")
            )
            await self._store.change(put=[group])
        return {"Group": group_answer(group)}

    async def get_group(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a group, and list its members by name."""
        group = self._group(context, request["GroupName"])
        found, standing = page(self._members(group), lambda each: each.name.lower(), request)
        return {
            "Group": group_answer(group),
            "Users": [user_answer(each) for each in found],
            **standing,
        }

    async def update_group(self, context: CallContext, request: ServiceInput) -> None:
        """Give a group another name or path; its members stay."""
        async with self._locked(context):
            old = self._group(context, request["GroupName"])
            name, path = request.get("NewGroupName", old.name), request.get("NewPath", old.path)
            holder = self._store.groups.get(context.account_id, name)
            if holder is not None and holder != old:
                raise exists("Group", name)
            moved = [
                dataclasses.replace(each, groups=(*_without(each.groups, old.name), name.lower()))
                for each in self._members(old)
            ]
            new = dataclasses.replace(old, name=name, path=path)
            await self._store.change(remove=[old], put=[new, *moved])

    async def delete_group(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a group that has neither members nor policies."""
        async with self._locked(context):
            group = self._group(context, request["GroupName"])
            if self._members(group):
                raise in_use("remove users from group")
            if group.attached:
                raise in_use("detach all policies")
            if group.inline:
                raise in_use("delete policies")
            await self._store.change(remove=[group])

    async def list_groups(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the groups, by name."""
        every = below(self._store.groups.list(context.account_id), lambda each: each.path, request)
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"Groups": [group_answer(each) for each in found], **standing}

    async def add_user_to_group(self, context: CallContext, request: ServiceInput) -> None:
        """Put a user into a group; does nothing where it is in it."""
        async with self._locked(context):
            group = self._group(context, request["GroupName"])
            user = self._user(context, request["UserName"])
            if group.name.lower() in user.groups:
                return
            if len(user.groups) >= EACH.groups_per_user:
                raise over_quota("GroupsPerUser", EACH.groups_per_user)
            groups = (*user.groups, group.name.lower())
            await self._store.change(put=[dataclasses.replace(user, groups=groups)])

    async def remove_user_from_group(self, context: CallContext, request: ServiceInput) -> None:
        """Take a user out of a group; does nothing where it is not in it."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            group = self._group(context, request["GroupName"])
            if group.name.lower() in user.groups:
                groups = _without(user.groups, group.name)
                await self._store.change(put=[dataclasses.replace(user, groups=groups)])

    async def list_groups_for_user(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the groups of a user, by name."""
        user = self._user(context, request["UserName"])
        every = [self._group(context, each) for each in sorted(user.groups)]
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"Groups": [group_answer(each) for each in found], **standing}

    def _members(self, group: Group) -> list[User]:
        users = self._store.users.list(group.account_id)
        return [each for each in users if group.name.lower() in each.groups]


def group_answer(group: Group) -> dict[str, Any]:
    """Write a group as answers have it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.unique_id,
        "Arn": group.arn,
        "CreateDate": seconds(group.created_ms),
    }


def _without(groups: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in groups if each != name.lower())
