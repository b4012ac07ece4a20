"""Permissions boundaries of users and roles."""

import dataclasses
from typing import Any

from ingle.services.iam.errors import InvalidInput, NoSuchEntity, PolicyNotAttachable
from ingle.services.iam.managed_arns import is_policy_arn, is_service_policy
from ingle.services.iam.model import Role, User
from ingle.services.iam.operations import Operations
from ingle.services.iam.store import IamStore
from ingle.wire.service import CallContext, ServiceInput


class BoundaryOperations(Operations):
    """The operations on permissions boundaries."""

    async def put_user_permissions_boundary(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Give a user a permissions boundary in place of the one that it has."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            await self._set(user, request["PermissionsBoundary"])

    async def delete_user_permissions_boundary(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Take the permissions boundary from a user."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            if user.boundary is None:
                raise _has_none("user", user.name)
            await self._set(user, None)

    async def put_role_permissions_boundary(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Give a role a permissions boundary in place of the one that it has."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            await self._set(role, request["PermissionsBoundary"])

    async def delete_role_permissions_boundary(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Take the permissions boundary from a role."""
        async with self._locked(context):
            role = self._own_role(context, request["RoleName"])
            if role.boundary is None:
                raise _has_none("role", role.name)
            await self._set(role, None)

    async def _set(self, bearer: User | Role, arn: str | None) -> None:
        boundary = checked_boundary(self._store, bearer.account_id, arn)
        await self._store.change(put=[dataclasses.replace(bearer, boundary=boundary)])


def checked_boundary(store: IamStore, account_id: str, arn: str | None) -> str | None:
    """Return the ARN of a permissions boundary, if it can be one; None where none is given.

    Raises:
        InvalidInput: it is not the ARN of a policy.
        NoSuchEntity: there is no such policy.
        PolicyNotAttachable: it is for service-linked roles only.
    """
    if arn is None:
        return None
    if not is_policy_arn(arn):
        raise InvalidInput(f"ARN {arn} is not valid.")
    policy = store.policy(account_id, arn)
    if policy is None:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    if is_service_policy(policy):
        raise PolicyNotAttachable(f"Policy {arn} cannot be a permissions boundary.")
    return arn


def boundary_answer(arn: str) -> dict[str, Any]:
    """Write a permissions boundary as answers have it."""
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def _has_none(kind: str, name: str) -> NoSuchEntity:
    return NoSuchEntity(f"The {kind} with name {name} has no permissions boundary.")
