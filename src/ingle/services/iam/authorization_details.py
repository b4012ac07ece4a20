"""All identities and policies of an account in one list."""

from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.attachments import (
    Usage,
    attached_answer,
    attached_policies,
    bearers,
)
from ingle.services.iam.boundaries import boundary_answer
from ingle.services.iam.documents import shown
from ingle.services.iam.groups import group_answer
from ingle.services.iam.listing import page
from ingle.services.iam.managed_policies import policy_answer
from ingle.services.iam.model import Bearer, Group, ManagedPolicy, Role, User
from ingle.services.iam.operations import Operations, seconds
from ingle.services.iam.users import user_answer
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_LISTS = {User: "UserDetailList", Group: "GroupDetailList", Role: "RoleDetailList"}


class AuthorizationDetailOperations(Operations):
    """The operation that tells everything about who may do what."""

    async def get_account_authorization_details(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List users, groups, roles, the account's policies, and those of AWS's that are used."""
        store, account_id = self._store, context.account_id
        usage = Usage(store, account_id)
        wanted = request.get("Filter")
        every: list[tuple[str, Bearer | ManagedPolicy]] = []
        for bearer in bearers(store, account_id):
            kind = type(bearer).__name__
            if not wanted or kind in wanted:
                every.append((f"{_ORDER.index(kind)} {bearer.name.lower()}", bearer))
        if not wanted or "LocalManagedPolicy" in wanted:
            every += [(f"3 {each.arn}", each) for each in store.policies.list(account_id)]
        if not wanted or "AWSManagedPolicy" in wanted:
            used = usage.attached | usage.boundaries
            found = (store.aws_managed.get(each) for each in used)
            every += [(f"4 {each.arn}", each) for each in found if each is not None]
        every.sort(key=lambda item: item[0])
        told, standing = page(every, lambda item: item[0], request)
        answer: ServiceOutput = {name: [] for name in (*_LISTS.values(), "Policies")}
        for _, noun in told:
            if isinstance(noun, ManagedPolicy):
                answer["Policies"].append(_policy_detail(noun, usage))
            else:
                answer[_LISTS[type(noun)]].append(self._detail(noun))
        return {**answer, **standing}

    def _detail(self, bearer: Bearer) -> dict[str, Any]:
        inline = [
            {"PolicyName": name, "PolicyDocument": shown(bearer.inline[name])}
            for name in sorted(bearer.inline)
        ]
        managed = [attached_answer(each) for each in attached_policies(self._store, bearer)]
        if isinstance(bearer, User):
            return {
                **user_answer(bearer),
                "GroupList": self._group_names(bearer),
                "UserPolicyList": inline,
                "AttachedManagedPolicies": managed,
                **_boundary_and_tags(bearer),
            }
        if isinstance(bearer, Role):
            return {
                **self._role_answer(bearer),
                "InstanceProfileList": [
                    self._profile_answer(each)
                    for each in self._store.instance_profiles.list(bearer.account_id)
                    if each.role == bearer.name.lower()
                ],
                "RolePolicyList": inline,
                "AttachedManagedPolicies": managed,
                "RoleLastUsed": self._last_used(bearer),
                **_boundary_and_tags(bearer),
            }
        assert isinstance(bearer, Group)
        return {
            **group_answer(bearer),
            "GroupPolicyList": inline,
            "AttachedManagedPolicies": managed,
        }

    def _group_names(self, user: User) -> list[str]:
        groups = (self._store.groups.get(user.account_id, each) for each in sorted(user.groups))
        return [each.name for each in groups if each is not None]


_ORDER = ("User", "Group", "Role")


def _boundary_and_tags(bearer: User | Role) -> dict[str, Any]:
    boundary = None if bearer.boundary is None else boundary_answer(bearer.boundary)
    return {"PermissionsBoundary": boundary, "Tags": tags.answer(bearer.tags)}


def _policy_detail(policy: ManagedPolicy, usage: Usage) -> dict[str, Any]:
    return {
        **policy_answer(policy, usage),
        "Description": policy.description,
        "PolicyVersionList": [
            {
                "VersionId": each.version_id,
                "IsDefaultVersion": each.number == policy.default,
                "CreateDate": seconds(each.created_ms),
                "Document": shown(each.document),
            }
            for each in policy.versions[::-1]
        ],
    }
