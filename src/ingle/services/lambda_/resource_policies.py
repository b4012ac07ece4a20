"""Whole policy documents of functions, versions and aliases, in place of single statements.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html,
https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.services.lambda_.errors import InvalidParameterValue, NoSuchResource
from ingle.services.lambda_.lookup import owner_of
from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import Reference, resolve
from ingle.services.lambda_.policies import check_not_latest, check_revision, described, policy_of
from ingle.services.lambda_.policy_documents import HEAD, Statements, check_size, document
from ingle.services.lambda_.principals import Principals
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class ResourcePolicies:
    """PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy.

    They work on the policies that AddPermission adds statements to. No account blocks public
    access, so a policy may let everybody in, as AddPermission may.

    Args:
        store: where policies are kept.
        changing: the lock of each function.
        principals: knows whom a policy may name.
    """

    def __init__(
        self, store: LambdaStore, changing: KeyedLocks[FunctionKey], principals: Principals
    ) -> None:
        self._store = store
        self._changing = changing
        self._principals = principals

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set a policy in place of the one that there is."""
        reference = _reference(context, request, "lambda:PutResourcePolicy")
        check_not_latest(reference)
        head, statements = self._checked(request["Policy"], reference)
        check_size(self._principals.shown(statements), head)
        async with self._changing(reference.key):
            owner = owner_of(self._store, reference)
            check_revision(owner, request)
            owner = replace(owner, revision_id=str(uuid.uuid4()))
            await self._store.set_policy(owner, statements, head)
        told = document(self._principals.shown(statements), head)
        return {"Policy": told, "RevisionId": owner.revision_id}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a policy."""
        reference = _reference(context, request, "lambda:GetResourcePolicy")
        return described(self._store, self._principals, reference)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a policy with all its statements."""
        reference = _reference(context, request, "lambda:DeleteResourcePolicy")
        async with self._changing(reference.key):
            owner = owner_of(self._store, reference)
            if not policy_of(self._store, reference).statements:
                raise NoSuchResource
            check_revision(owner, request)
            await self._store.set_policy(replace(owner, revision_id=str(uuid.uuid4())), (), HEAD)

    def _checked(self, text: str, reference: Reference) -> tuple[Mapping[str, str], Statements]:
        """Read a document; return its statements as they are kept, and its other members."""
        try:
            Policy.parse(text, PolicyKind.RESOURCE)
        except MalformedPolicy as error:
            raise InvalidParameterValue(str(error)) from error
        members = json.loads(text)
        found = members.pop("Statement")
        statements = (found,) if isinstance(found, Mapping) else tuple(found)
        if not statements:
            raise InvalidParameterValue("The policy has no statements.")
        for each in statements:
            for resource in _listed(each.get("Resource", ())):
                _check_resource(resource, reference)
        return members, self._principals.kept(statements)


def _reference(context: CallContext, request: ServiceInput, action: str) -> Reference:
    arn = request["ResourceArn"]
    if ":runtime/" in arn:
        raise InvalidParameterValue(f"{arn} is a runtime. Only functions have policies.")
    return resolve(arn, context, action)


def _check_resource(resource: str, reference: Reference) -> None:
    """A policy is about what it belongs to; that of a function also about what is qualified."""
    own = [reference.arn, f"{reference.arn}:*"] if reference.qualifier is None else [reference.arn]
    function = f"{reference.arn}:"
    within = reference.qualifier is None and resource.startswith(function)
    if resource != "*" and resource not in own and not within:
        raise InvalidParameterValue(
            f"The policy has a statement about {resource}. Its statements must be about "
            f"{' or '.join(own)}."
        )


def _listed(value: str | Sequence[str]) -> Sequence[Any]:
    return [value] if isinstance(value, str) else value
