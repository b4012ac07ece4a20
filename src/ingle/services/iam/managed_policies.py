"""Managed policies and their versions."""

import dataclasses
from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.attachments import Usage, bearers, checked_arn, policy_key
from ingle.services.iam.documents import check_managed, shown
from ingle.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    NoSuchEntity,
    denied,
    no_such_policy,
    over_quota,
)
from ingle.services.iam.limits import ACCOUNT, EACH
from ingle.services.iam.listing import below, page
from ingle.services.iam.making import new_policy
from ingle.services.iam.model import Group, ManagedPolicy, PolicyVersion, Role, User
from ingle.services.iam.operations import Operations, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_AWS = "aws"
_NEWEST_FIRST = 10**9


class ManagedPolicyOperations(Operations):
    """The operations on managed policies, their versions and their tags."""

    async def create_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a managed policy."""
        name = request["PolicyName"]
        async with self._locked(context):
            check_managed(request["PolicyDocument"])
            if self._store.policies.get(context.account_id, name) is not None:
                raise EntityAlreadyExists(
                    f"A policy called {name} already exists. Duplicate names are not allowed."
                )
            if self._store.policies.count(context.account_id) >= ACCOUNT.policies:
                raise over_quota("PoliciesPerAccount", ACCOUNT.policies)
            policy = new_policy(
                context.account_id,
                name,
                request["PolicyDocument"],
                self._now_ms(),
                path=request.get("Path", "/"),
                description=request.get("Description"),
                tags=tags.read(request.get("Tags", ())),
            )
            await self._store.change(put=[policy])
        answer = policy_answer(policy, Usage(self._store, context.account_id))
        if policy.tags:
            answer["Tags"] = tags.answer(policy.tags)
        return {"Policy": answer}

    async def get_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a managed policy."""
        policy = self._policy(context, request)
        answer = policy_answer(policy, Usage(self._store, context.account_id))
        return {
            "Policy": {
                **answer,
                "Description": policy.description,
                "Tags": tags.answer(policy.tags),
            }
        }

    async def delete_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a managed policy that nobody has, and that has one version."""
        async with self._locked(context):
            policy = self._own_policy(context, request, "DeletePolicy")
            usage = Usage(self._store, context.account_id)
            if usage.attached[policy.arn] or usage.boundaries[policy.arn]:
                raise DeleteConflict("Cannot delete a policy attached to entities.")
            if len(policy.versions) > 1:
                raise DeleteConflict(
                    "This policy has more than one version. Before you delete a policy, you must "
                    "delete the policy's versions. The default version is deleted with the policy."
                )
            await self._store.change(remove=[policy])

    async def list_policies(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the managed policies, the account's, AWS's or both, by name."""
        scope = request.get("Scope", "All")
        every: list[ManagedPolicy] = []
        if scope != "AWS":
            every += self._store.policies.list(context.account_id)
        if scope != "Local":
            every += self._store.aws_managed
        usage = Usage(self._store, context.account_id)
        if request.get("OnlyAttached", False):
            every = [each for each in every if usage.attached[each.arn]]
        wanted = request.get("PolicyUsageFilter")
        if wanted is not None:
            used = usage.attached if wanted == "PermissionsPolicy" else usage.boundaries
            every = [each for each in every if used[each.arn]]
        every.sort(key=policy_key)
        found, standing = page(below(every, lambda each: each.path, request), policy_key, request)
        return {"Policies": [policy_answer(each, usage) for each in found], **standing}

    async def create_policy_version(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Add a version to a managed policy, which counts from now on if the request says so."""
        async with self._locked(context):
            policy = self._own_policy(context, request, "CreatePolicyVersion")
            check_managed(request["PolicyDocument"])
            if len(policy.versions) >= EACH.versions_per_policy:
                raise LimitExceeded(
                    f"A managed policy can have up to {EACH.versions_per_policy} versions. Before "
                    "you create a new version, you must delete an existing version."
                )
            version = PolicyVersion(policy.last + 1, request["PolicyDocument"], self._now_ms())
            counts = request.get("SetAsDefault", False)
            policy = dataclasses.replace(
                policy,
                versions=(*policy.versions, version),
                last=version.number,
                default=version.number if counts else policy.default,
                updated_ms=version.created_ms,
            )
            await self._store.change(put=[policy])
        return {"PolicyVersion": _version_answer(policy, version)}

    async def get_policy_version(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell a version of a managed policy, with its document."""
        policy, version = self._version(context, request)
        answer = {**_version_answer(policy, version), "Document": shown(version.document)}
        return {"PolicyVersion": answer}

    async def delete_policy_version(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a version of a managed policy that does not count."""
        async with self._locked(context):
            self._check_own(context, request, "DeletePolicyVersion")
            policy, version = self._version(context, request)
            if version.number == policy.default:
                raise DeleteConflict("Cannot delete the default version of a policy.")
            left = tuple(each for each in policy.versions if each != version)
            await self._store.change(put=[dataclasses.replace(policy, versions=left)])

    async def set_default_policy_version(self, context: CallContext, request: ServiceInput) -> None:
        """Let another version of a managed policy count."""
        async with self._locked(context):
            self._check_own(context, request, "SetDefaultPolicyVersion")
            policy, version = self._version(context, request)
            await self._store.change(put=[dataclasses.replace(policy, default=version.number)])

    async def list_policy_versions(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the versions of a managed policy, the newest first."""
        policy = self._policy(context, request)
        found, standing = page(
            policy.versions[::-1], lambda each: str(_NEWEST_FIRST - each.number), request
        )
        return {"Versions": [_version_answer(policy, each) for each in found], **standing}

    async def list_entities_for_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the users, groups and roles that a managed policy is attached to, or bounds."""
        policy = self._policy(context, request)
        kind, usage = request.get("EntityFilter"), request.get("PolicyUsageFilter")
        every = []
        for bearer in bearers(self._store, context.account_id):
            boundary = bearer.boundary if isinstance(bearer, (User, Role)) else None
            attached = policy.arn in bearer.attached and usage != "PermissionsBoundary"
            bounds = policy.arn == boundary and usage != "PermissionsPolicy"
            if (attached or bounds) and kind in (None, type(bearer).__name__):
                every.append(bearer)
        found, standing = page(
            sorted(below(every, lambda each: each.path, request), key=lambda each: each.unique_id),
            lambda each: each.unique_id,
            request,
        )
        return {
            "PolicyGroups": [
                {"GroupName": each.name, "GroupId": each.unique_id}
                for each in found
                if isinstance(each, Group)
            ],
            "PolicyUsers": [
                {"UserName": each.name, "UserId": each.unique_id}
                for each in found
                if isinstance(each, User)
            ],
            "PolicyRoles": [
                {"RoleName": each.name, "RoleId": each.unique_id}
                for each in found
                if isinstance(each, Role)
            ],
            **standing,
        }

    async def tag_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a managed policy."""
        async with self._locked(context):
            policy = self._own_policy(context, request, "TagPolicy")
            new = tags.merged(policy.tags, request["Tags"])
            await self._store.change(put=[dataclasses.replace(policy, tags=new)])

    async def untag_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from a managed policy."""
        async with self._locked(context):
            policy = self._own_policy(context, request, "UntagPolicy")
            left = tags.without(policy.tags, request["TagKeys"])
            await self._store.change(put=[dataclasses.replace(policy, tags=left)])

    async def list_policy_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a managed policy."""
        return tags.listed(self._policy(context, request).tags, request)

    def _policy(self, context: CallContext, request: ServiceInput) -> ManagedPolicy:
        arn = checked_arn(request["PolicyArn"])
        policy = self._store.policy(context.account_id, arn)
        if policy is None:
            raise no_such_policy(arn)
        return policy

    def _own_policy(
        self, context: CallContext, request: ServiceInput, operation: str
    ) -> ManagedPolicy:
        self._check_own(context, request, operation)
        return self._policy(context, request)

    def _check_own(self, context: CallContext, request: ServiceInput, operation: str) -> None:
        """Refuse to change what is another account's, or AWS's."""
        arn = checked_arn(request["PolicyArn"])
        if arn.split(":")[4] != context.account_id:
            raise denied(context.principal_arn, operation, f"policy {arn}")

    def _version(
        self, context: CallContext, request: ServiceInput
    ) -> tuple[ManagedPolicy, PolicyVersion]:
        arn, version_id = checked_arn(request["PolicyArn"]), request["VersionId"]
        policy = self._store.policy(context.account_id, arn)
        version = None if policy is None else policy.version(version_id)
        if policy is None or version is None:
            raise NoSuchEntity(
                f"Policy {arn} version {version_id} does not exist or is not attachable."
            )
        return policy, version


def policy_answer(policy: ManagedPolicy, usage: Usage) -> dict[str, Any]:
    """Write a managed policy as answers have it.

    Args:
        policy: the policy.
        usage: how often it is used in the account of the caller.
    """
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.unique_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default}",
        "AttachmentCount": usage.attached[policy.arn],
        "PermissionsBoundaryUsageCount": usage.boundaries[policy.arn],
        "IsAttachable": True,
        "CreateDate": seconds(policy.created_ms),
        "UpdateDate": seconds(policy.updated_ms),
    }


def _version_answer(policy: ManagedPolicy, version: PolicyVersion) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "IsDefaultVersion": version.number == policy.default,
        "CreateDate": seconds(version.created_ms),
    }
