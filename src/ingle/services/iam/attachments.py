"""Which managed policies are attached to whom."""

import dataclasses
from collections import Counter
from collections.abc import Iterator

from ingle.services.iam.errors import (
    PolicyNotAttachable,
    ValidationError,
    no_such_policy,
    not_attachable,
    over_quota,
)
from ingle.services.iam.limits import EACH
from ingle.services.iam.listing import below, page
from ingle.services.iam.managed_arns import is_policy_arn, is_service_policy
from ingle.services.iam.model import Bearer, ManagedPolicy, Role, User
from ingle.services.iam.operations import Operations
from ingle.services.iam.store import IamStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_LIMITS = {
    "user": ("PoliciesPerUser", EACH.attached_per_user),
    "group": ("PoliciesPerGroup", EACH.attached_per_group),
    "role": ("PoliciesPerRole", EACH.attached_per_role),
}


class AttachmentOperations(Operations):
    """The operations that attach managed policies, detach and list them."""

    async def attach_user_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Attach a managed policy to a user."""
        await self._attach(context, "user", request)

    async def attach_group_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Attach a managed policy to a group."""
        await self._attach(context, "group", request)

    async def attach_role_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Attach a managed policy to a role."""
        await self._attach(context, "role", request)

    async def detach_user_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Detach a managed policy from a user."""
        await self._detach(context, "user", request)

    async def detach_group_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Detach a managed policy from a group."""
        await self._detach(context, "group", request)

    async def detach_role_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Detach a managed policy from a role."""
        await self._detach(context, "role", request)

    async def list_attached_user_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the managed policies of a user, by name."""
        return self._list_attached(context, "user", request)

    async def list_attached_group_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the managed policies of a group, by name."""
        return self._list_attached(context, "group", request)

    async def list_attached_role_policies(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the managed policies of a role, by name."""
        return self._list_attached(context, "role", request)

    async def _attach(self, context: CallContext, kind: str, request: ServiceInput) -> None:
        arn = checked_arn(request["PolicyArn"])
        async with self._locked(context):
            bearer = self._own_bearer(context, kind, request)
            policy = self._store.policy(context.account_id, arn)
            if policy is None:
                raise not_attachable(arn)
            if is_service_policy(policy):
                raise PolicyNotAttachable(
                    f"Cannot attach a Service Role Policy to a Customer {kind.capitalize()}."
                )
            if arn in bearer.attached:
                return
            quota, limit = _LIMITS[kind]
            if len(bearer.attached) >= limit:
                raise over_quota(quota, limit)
            attached = (*bearer.attached, arn)
            await self._store.change(put=[dataclasses.replace(bearer, attached=attached)])

    async def _detach(self, context: CallContext, kind: str, request: ServiceInput) -> None:
        arn = checked_arn(request["PolicyArn"])
        async with self._locked(context):
            bearer = self._own_bearer(context, kind, request)
            if arn not in bearer.attached:
                raise no_such_policy(arn)
            attached = tuple(each for each in bearer.attached if each != arn)
            await self._store.change(put=[dataclasses.replace(bearer, attached=attached)])

    def _list_attached(
        self, context: CallContext, kind: str, request: ServiceInput
    ) -> ServiceOutput:
        every = attached_policies(self._store, self._bearer(context, kind, request))
        found, standing = page(below(every, lambda each: each.path, request), policy_key, request)
        return {"AttachedPolicies": [attached_answer(each) for each in found], **standing}


class Usage:
    """How often each managed policy is used in an account, counted once.

    Attributes:
        attached: to how many users, groups and roles, by ARN.
        boundaries: of how many users and roles it is the permissions boundary, by ARN.
    """

    def __init__(self, store: IamStore, account_id: str) -> None:
        self.attached: Counter[str] = Counter()
        self.boundaries: Counter[str] = Counter()
        for bearer in bearers(store, account_id):
            self.attached.update(bearer.attached)
            if isinstance(bearer, (User, Role)) and bearer.boundary is not None:
                self.boundaries[bearer.boundary] += 1


def bearers(store: IamStore, account_id: str) -> Iterator[Bearer]:
    """Go through all users, groups and roles of an account, each kind by name."""
    yield from store.users.list(account_id)
    yield from store.groups.list(account_id)
    yield from store.roles.list(account_id)


def attached_policies(store: IamStore, bearer: Bearer) -> list[ManagedPolicy]:
    """List the managed policies that a user, a group or a role has, by name."""
    found = (store.policy(bearer.account_id, arn) for arn in bearer.attached)
    return sorted((each for each in found if each is not None), key=policy_key)


def attached_answer(policy: ManagedPolicy) -> dict[str, str]:
    """Write an attached policy as answers have it."""
    return {"PolicyName": policy.name, "PolicyArn": policy.arn}


def policy_key(policy: ManagedPolicy) -> str:
    """Give that by which managed policies are listed: one of AWS's may have the same name."""
    return f"{policy.name.lower()} {policy.arn}"


def checked_arn(arn: str) -> str:
    """Return the ARN of a managed policy.

    Raises:
        ValidationError: it is not one.
    """
    if not is_policy_arn(arn):
        raise ValidationError(f"ARN {arn} is not valid.")
    return arn
