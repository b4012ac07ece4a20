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
from ingle.services.lambda_.model import Alias, Function, FunctionKey
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
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey]) -> None:
        self._store = store
        self._changing = changing

    def statements(self, key: FunctionKey, qualifier: str = "") -> Statements:
        """Give the statements of a policy, in AWS's form; none where there is no policy.

        Args:
            key: the function's.
            qualifier: a version's number or an alias's name; "" or `$LATEST` for the function.
        """
        policy = self._store.policies.get(key, "" if qualifier == LATEST else qualifier)
        return () if policy is None else policy.statements

    async def add(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add a statement."""
        reference = _reference(context, request, "lambda:AddPermission")
        if reference.qualifier == LATEST:
            raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
        async with self._changing(reference.key):
            owner = owner_of(self._store, reference)
            _check_revision(owner, request)
            present = self.statements(reference.key, reference.qualifier or "")
            check_new_sid(present, request["StatementId"])
            statement = _statement(reference.arn, request)
            await self._change(owner, (*present, statement))
        return {"Statement": text(statement)}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a policy."""
        reference = _reference(context, request, "lambda:GetPolicy")
        owner = owner_of(self._store, reference)
        statements = self.statements(reference.key, reference.qualifier or "")
        if not statements:
            raise NoSuchResource
        return {"Policy": document(statements), "RevisionId": owner.revision_id}

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement; without any left there is no policy."""
        reference = _reference(context, request, "lambda:RemovePermission")
        async with self._changing(reference.key):
            if self._store.get(reference.key) is None:
                function = replace(reference, qualifier=None)
                raise ResourceNotFound(f"No policy found for: {function.arn}")
            owner = owner_of(self._store, reference)
            present = self.statements(reference.key, reference.qualifier or "")
            if not present:
                raise ResourceNotFound(NO_POLICY)
            left = without(present, request["StatementId"])
            _check_revision(owner, request)
            await self._change(owner, left)

    async def _change(self, owner: Function | Alias, statements: Statements) -> None:
        check_size(statements)
        await self._store.set_policy(replace(owner, revision_id=str(uuid.uuid4())), statements)


def _reference(context: CallContext, request: ServiceInput, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request.get("Qualifier"))


def _check_revision(owner: Function | Alias, request: ServiceInput) -> None:
    expected = request.get("RevisionId")
    if expected and expected != owner.revision_id:
        raise PreconditionFailed


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
    raise InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again."
    )
