"""Inline policies of users, groups and roles."""

import dataclasses

from ingle.services.iam.documents import check_identity, check_inline_size, shown
from ingle.services.iam.errors import no_such
from ingle.services.iam.limits import SIZE
from ingle.services.iam.listing import page
from ingle.services.iam.operations import Operations
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_LIMITS = {"user": SIZE.user_inline, "group": SIZE.group_inline, "role": SIZE.role_inline}
_NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName"}


class InlinePolicyOperations(Operations):
    """The operations on inline policies."""

    async def put_user_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Give a user a policy in place of the one of that name, if there is one."""
        await self._put_policy(context, "user", request)

    async def put_group_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Give a group a policy in place of the one of that name, if there is one."""
        await self._put_policy(context, "group", request)

    async def put_role_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Give a role a policy in place of the one of that name, if there is one."""
        await self._put_policy(context, "role", request)

    async def get_user_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a policy of a user."""
        return self._get_policy(context, "user", request)

    async def get_group_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a policy of a group."""
        return self._get_policy(context, "group", request)

    async def get_role_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a policy of a role."""
        return self._get_policy(context, "role", request)

    async def delete_user_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a policy of a user."""
        await self._delete_policy(context, "user", request)

    async def delete_group_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a policy of a group."""
        await self._delete_policy(context, "group", request)

    async def delete_role_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a policy of a role."""
        await self._delete_policy(context, "role", request)

    async def list_user_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the policies of a user, by name."""
        return self._list_policies(context, "user", request)

    async def list_group_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the policies of a group, by name."""
        return self._list_policies(context, "group", request)

    async def list_role_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the policies of a role, by name."""
        return self._list_policies(context, "role", request)

    async def _put_policy(self, context: CallContext, kind: str, request: ServiceInput) -> None:
        document = request["PolicyDocument"]
        async with self._locked(context):
            bearer = self._own_bearer(context, kind, request)
            check_identity(document)
            inline = {**bearer.inline, request["PolicyName"]: document}
            check_inline_size(inline.values(), _LIMITS[kind], kind, bearer.name)
            await self._store.change(put=[dataclasses.replace(bearer, inline=inline)])

    def _get_policy(self, context: CallContext, kind: str, request: ServiceInput) -> ServiceOutput:
        bearer, name = self._bearer(context, kind, request), request["PolicyName"]
        document = bearer.inline.get(name)
        if document is None:
            raise no_such(f"{kind} policy", name)
        return {_NAMES[kind]: bearer.name, "PolicyName": name, "PolicyDocument": shown(document)}

    async def _delete_policy(self, context: CallContext, kind: str, request: ServiceInput) -> None:
        async with self._locked(context):
            bearer, name = self._own_bearer(context, kind, request), request["PolicyName"]
            if name not in bearer.inline:
                raise no_such(f"{kind} policy", name)
            left = {key: value for key, value in bearer.inline.items() if key != name}
            await self._store.change(put=[dataclasses.replace(bearer, inline=left)])

    def _list_policies(
        self, context: CallContext, kind: str, request: ServiceInput
    ) -> ServiceOutput:
        names = sorted(self._bearer(context, kind, request).inline)
        found, standing = page(names, lambda name: name, request)
        return {"PolicyNames": found, **standing}
