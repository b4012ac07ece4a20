"""What the operations of all nouns have in common."""

import asyncio
from typing import Any

from ingle.clock import Clock
from ingle.services.iam.documents import shown
from ingle.services.iam.errors import need_user_name, no_such, protected
from ingle.services.iam.model import Bearer, Group, InstanceProfile, Role, User
from ingle.services.iam.store import IamStore
from ingle.services.iam.trust import Trust
from ingle.wire.service import CallContext, ServiceInput

_USER_ARN = ":user/"


class Operations:
    """The base of the classes that have the operations, one for each noun.

    Args:
        store: where identities are kept.
        clock: tells when something was made.
    """

    def __init__(self, store: IamStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._trust = Trust(store)

    def _locked(self, context: CallContext) -> asyncio.Lock:
        """Return the lock under which the caller's account is changed."""
        return self._store.locks(context.account_id)

    def _now_ms(self) -> int:
        """Say what time it is; AWS knows it to the second."""
        return int(self._clock.time()) * 1000

    def _user(self, context: CallContext, name: str) -> User:
        user = self._store.users.get(context.account_id, name)
        if user is None:
            raise no_such("user", name)
        return user

    def _group(self, context: CallContext, name: str) -> Group:
        group = self._store.groups.get(context.account_id, name)
        if group is None:
            raise no_such("group", name)
        return group

    def _role(self, context: CallContext, name: str) -> Role:
        role = self._store.roles.get(context.account_id, name)
        if role is None:
            raise no_such("role", name)
        return role

    def _own_role(self, context: CallContext, name: str) -> Role:
        """Find a role that the account itself may change."""
        role = self._role(context, name)
        if role.is_service_linked:
            raise protected(role.name)
        return role

    def _bearer(self, context: CallContext, kind: str, request: ServiceInput) -> Bearer:
        """Find what a request is about that has policies.

        Args:
            context: of the call.
            kind: `user`, `group` or `role`.
            request: the operation's input.
        """
        if kind == "user":
            return self._user(context, request["UserName"])
        if kind == "group":
            return self._group(context, request["GroupName"])
        return self._role(context, request["RoleName"])

    def _own_bearer(self, context: CallContext, kind: str, request: ServiceInput) -> Bearer:
        """Find what a request is about that has policies which the account may change."""
        if kind == "role":
            return self._own_role(context, request["RoleName"])
        return self._bearer(context, kind, request)

    def _named_or_caller(self, context: CallContext, request: ServiceInput) -> str:
        """Return the user that a request names, or who calls: in lower case, "" for root.

        Raises:
            NoSuchEntity: there is no such user.
            ValidationError: it names none, and the caller is neither user nor root user.
        """
        name = request.get("UserName")
        if name is None:
            name = caller(context)
        return self._user(context, name).name.lower() if name else ""

    def _role_answer(self, role: Role) -> dict[str, Any]:
        """Write a role as most answers have it."""
        return {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": role.unique_id,
            "Arn": role.arn,
            "CreateDate": seconds(role.created_ms),
            "AssumeRolePolicyDocument": shown(self._trust.shown(role.trust)),
        }

    def _last_used(self, role: Role) -> dict[str, Any]:
        """Write when a role was used last as answers have it."""
        use = self._store.uses.get(role.unique_id)
        return {} if use is None else {"LastUsedDate": seconds(use.at_ms), "Region": use.region}

    def _profile_answer(self, profile: InstanceProfile) -> dict[str, Any]:
        """Write an instance profile as most answers have it."""
        role = self._store.roles.get(profile.account_id, profile.role or "")
        return {
            "Path": profile.path,
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.unique_id,
            "Arn": profile.arn,
            "CreateDate": seconds(profile.created_ms),
            "Roles": [] if role is None else [self._role_answer(role)],
        }


def caller(context: CallContext) -> str:
    """Return the name of the user who calls; "" for the account's root user.

    Raises:
        ValidationError: the caller is neither.
    """
    if context.principal_arn == f"arn:aws:iam::{context.account_id}:root":
        return ""
    if _USER_ARN in context.principal_arn:
        return context.principal_arn.rpartition("/")[2]
    raise need_user_name()


def seconds(time_ms: int) -> float:
    """Write a time as answers have it, in seconds since the epoch."""
    return time_ms / 1000
