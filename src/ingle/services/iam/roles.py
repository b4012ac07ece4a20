"""Roles."""

import dataclasses
from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.boundaries import boundary_answer, checked_boundary
from ingle.services.iam.documents import kept_trust
from ingle.services.iam.errors import InvalidInput, exists, in_use, over_quota
from ingle.services.iam.limits import ACCOUNT
from ingle.services.iam.listing import below, page
from ingle.services.iam.making import new_role
from ingle.services.iam.model import Role
from ingle.services.iam.operations import Operations
from ingle.services.iam.service_linked import PATH as SERVICE_LINKED_PATH
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class RoleOperations(Operations):
    """The operations on roles and their tags."""

    async def create_role(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a role."""
        name, path = request["RoleName"], request.get("Path", "/")
        if path.startswith(SERVICE_LINKED_PATH):
            raise InvalidInput(
                f"The path {SERVICE_LINKED_PATH} is for service-linked roles only; "
                "CreateServiceLinkedRole makes them."
            )
        async with self._locked(context):
            if self._store.roles.get(context.account_id, name) is not None:
                raise exists("Role", name)
            if self._store.roles.count(context.account_id) >= ACCOUNT.roles:
                raise over_quota("RolesPerAccount", ACCOUNT.roles)
            role = new_role(
                context.account_id,
                name,
                kept_trust(request["AssumeRolePolicyDocument"], self._trust),
                self._now_ms(),
                path=path,
                description=request.get("Description"),
                max_session_s=request.get("MaxSessionDuration", 3600),
                boundary=checked_boundary(
                    self._store, context.account_id, request.get("PermissionsBoundary")
                ),
                tags=tags.read(request.get("Tags", ()), any_case=True),
            )
            await self._store.change(put=[role])
        answer = self._role_answer(role)
        if role.tags:
            answer["Tags"] = tags.answer(role.tags)
        if role.boundary is not None:
            answer["PermissionsBoundary"] = boundary_answer(role.boundary)
        return {"Role": answer}

    async def get_role(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a role."""
        return {"Role": self._whole_answer(self._role(context, request["RoleName"]))}

    async def update_role(self, context: CallContext, request: ServiceInput) -> None:
        """Change the description of a role, or how long its sessions may last."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            new = dataclasses.replace(
                role,
                description=request.get("Description", role.description),
                max_session_s=request.get("MaxSessionDuration", role.max_session_s),
            )
            await self._store.change(put=[new])

    async def update_role_description(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change the description of a role."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            role = dataclasses.replace(role, description=request["Description"])
            await self._store.change(put=[role])
        return {"Role": {**self._role_answer(role), "Description": role.description}}

    async def update_assume_role_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Change who may assume a role."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            trust = kept_trust(request["PolicyDocument"], self._trust)
            await self._store.change(put=[dataclasses.replace(role, trust=trust)])

    async def delete_role(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a role that nothing is attached to."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            profiles = self._store.instance_profiles.list(context.account_id)
            if any(each.role == role.name.lower() for each in profiles):
                raise in_use("remove roles from instance profile")
            if role.attached:
                raise in_use("detach all policies")
            if role.inline:
                raise in_use("delete policies")
            await self._store.change(remove=[role])

    async def list_roles(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the roles, by name."""
        every = below(self._store.roles.list(context.account_id), lambda each: each.path, request)
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"Roles": [self._listed_answer(each) for each in found], **standing}

    async def tag_role(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a role."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            new = tags.merged(role.tags, request["Tags"], any_case=True)
            await self._store.change(put=[dataclasses.replace(role, tags=new)])

    async def untag_role(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from a role."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            left = tags.without(role.tags, request["TagKeys"], any_case=True)
            await self._store.change(put=[dataclasses.replace(role, tags=left)])

    async def list_role_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a role."""
        return tags.listed(self._role(context, request["RoleName"]).tags, request)

    def _listed_answer(self, role: Role) -> dict[str, Any]:
        return {
            **self._role_answer(role),
            "Description": role.description,
            "MaxSessionDuration": role.max_session_s,
        }

    def _whole_answer(self, role: Role) -> dict[str, Any]:
        answer = {**self._listed_answer(role), "RoleLastUsed": self._last_used(role)}
        if role.tags:
            answer["Tags"] = tags.answer(role.tags)
        if role.boundary is not None:
            answer["PermissionsBoundary"] = boundary_answer(role.boundary)
        return answer
