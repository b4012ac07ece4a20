"""Who else may use a function, a version or an alias: its resource-based policy.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html,
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html.
"""

import re
import uuid
from dataclasses import replace
from typing import Any

from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    NoSuchResource,
    PreconditionFailed,
    ResourceNotFound,
)
from ingle.services.lambda_.lookup import owner_of
from ingle.services.lambda_.model import Alias, Function, FunctionKey, Policy
from ingle.services.lambda_.names import LATEST, Reference, resolve
from ingle.services.lambda_.policy_documents import (
    NO_POLICY,
    Statements,
    account_arn,
    check_new_sid,
    check_size,
    document,
    text,
    without,
)
from ingle.services.lambda_.principals import Principals, invalid_principal
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_SERVICE = re.compile(r"[a-z0-9.-]+\.amazon(?:aws)?\.com(?:\.cn)?", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_IDENTITY = re.compile(
    r"arn:aws[a-zA-Z-]*:(?:iam::\d{12}:(?:root|(?:user|role)/.+)|sts::\d{12}:assumed-role/.+/.+)",
    re.ASCII,
)
# Members that become a condition: the operator and the condition key. In AWS's order.
_CONDITIONS = {
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
# Members that only go with one action.
_OF_ACTION = {
    "FunctionUrlAuthType": "lambda:InvokeFunctionUrl",
    "InvokedViaFunctionUrl": "lambda:InvokeFunction",
}


class Policies:
    """The policies of functions, versions and aliases, and the operations on them.

    A policy's revision id is that of what it belongs to, as on AWS: each changes with the other.

    Args:
        store: where they are kept.
        changing: the lock of each function.
        principals: knows whom a policy may name.
    """

    def __init__(
        self, store: LambdaStore, changing: KeyedLocks[FunctionKey], principals: Principals
    ) -> None:
        self._store = store
        self._changing = changing
        self._principals = principals

    async def add(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add a statement."""
        reference = _reference(context, request, "lambda:AddPermission")
        check_not_latest(reference)
        async with self._changing(reference.key):
            owner = owner_of(self._store, reference)
            check_revision(owner, request)
            present = policy_of(self._store, reference)
            check_new_sid(present.statements, request["StatementId"])
            statement = _statement(reference.arn, request)
            (kept,) = self._principals.kept((statement,))
            await self._change(owner, present, (*present.statements, kept))
        return {"Statement": text(statement)}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a policy."""
        reference = _reference(context, request, "lambda:GetPolicy")
        return described(self._store, self._principals, reference)

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement; without any left there is no policy."""
        reference = _reference(context, request, "lambda:RemovePermission")
        async with self._changing(reference.key):
            if self._store.get(reference.key) is None:
                function = replace(reference, qualifier=None)
                raise ResourceNotFound(f"No policy found for: {function.arn}")
            owner = owner_of(self._store, reference)
            present = policy_of(self._store, reference)
            if not present.statements:
                raise ResourceNotFound(NO_POLICY)
            left = without(present.statements, request["StatementId"])
            check_revision(owner, request)
            await self._change(owner, present, left)

    async def _change(
        self, owner: Function | Alias, present: Policy, statements: Statements
    ) -> None:
        check_size(self._principals.shown(statements), present.head)
        owner = replace(owner, revision_id=str(uuid.uuid4()))
        await self._store.set_policy(owner, statements, present.head)


def described(store: LambdaStore, principals: Principals, reference: Reference) -> ServiceOutput:
    """Give the policy of a function, a version or an alias, and its revision id.

    Raises:
        NoSuchResource: it has none, or there is no such function, version or alias.
    """
    owner = owner_of(store, reference)
    policy = policy_of(store, reference)
    if not policy.statements:
        raise NoSuchResource
    return {
        "Policy": document(principals.shown(policy.statements), policy.head),
        "RevisionId": owner.revision_id,
    }


def policy_of(store: LambdaStore, reference: Reference) -> Policy:
    """Find the policy of what a reference names; one without statements where there is none."""
    qualifier = "" if reference.qualifier in (None, LATEST) else reference.qualifier
    found = store.policies.get(reference.key, qualifier or "")
    return found or Policy(key=reference.key, qualifier=qualifier or "", statements=())


def check_not_latest(reference: Reference) -> None:
    """Check that a policy can be given to what a reference names.

    Raises:
        InvalidParameterValue: it names `$LATEST`; only the function itself has a policy.
    """
    if reference.qualifier == LATEST:
        raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")


def check_revision(owner: Function | Alias, request: ServiceInput) -> None:
    """Check that the caller knows the latest revision of what it changes, where it says which.

    Raises:
        PreconditionFailed: it knows another one.
    """
    expected = request.get("RevisionId")
    if expected and expected != owner.revision_id:
        raise PreconditionFailed


def _reference(context: CallContext, request: ServiceInput, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request.get("Qualifier"))


def _statement(resource: str, request: ServiceInput) -> dict[str, Any]:
    action = request["Action"]
    for member, only in _OF_ACTION.items():
        if member in request and action != only:
            raise InvalidParameterValue(f"{member} is only supported for {only} action")
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": action,
        "Resource": resource,
    }
    condition: dict[str, dict[str, str]] = {}
    for member, (operator, key) in _CONDITIONS.items():
        value = request.get(member)
        if value is not None:
            condition.setdefault(operator, {})[key] = (
                str(value).lower() if isinstance(value, bool) else value
            )
    if condition:
        statement["Condition"] = condition
    return statement


def _principal(named: str) -> str | dict[str, str]:
    if named == "*":
        return named
    if _ACCOUNT.fullmatch(named):
        return {"AWS": account_arn(named)}
    if _IDENTITY.fullmatch(named):
        return {"AWS": named}
    if _SERVICE.fullmatch(named):
        return {"Service": named}
    raise invalid_principal()
