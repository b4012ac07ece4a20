"""Why a request was allowed or denied, and what would allow it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ingle.iam.authorize import Decision, Match, Policies
from ingle.iam.conditions import Condition
from ingle.iam.named import Grade
from ingle.iam.policy import PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest

# What a service says of itself when it calls, and a policy should ask for:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
_OF_SOURCE = (("ArnLike", "aws:SourceArn"), ("StringEquals", "aws:SourceAccount"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A statement that would allow a request.

    Attributes:
        kind: the kind of policy that it would have to be in.
        statement: the statement, as in a policy's JSON.
    """

    kind: PolicyKind
    statement: dict[str, Any]


def suggest(request: AccessRequest, decision: Decision) -> tuple[Suggestion, ...]:
    """The smallest statements that would allow a request, all of them together.

    There are none where it is allowed, or where a statement denies it, which no other can mend.
    """
    return tuple(Suggestion(kind, _statement(request, kind)) for kind in decision.lacking)


def _statement(request: AccessRequest, kind: PolicyKind) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow"}
    is_of_resource = kind in (PolicyKind.RESOURCE, PolicyKind.TRUST)
    if is_of_resource:
        statement["Principal"] = _principal(request.principal)
    statement["Action"] = request.action
    if kind is not PolicyKind.TRUST:
        statement["Resource"] = request.resource.replace("${", "${$}{")
    if is_of_resource and request.principal.kind is PrincipalKind.SERVICE:
        condition = {
            operator: {key: values[0]}
            for operator, key in _OF_SOURCE
            if (values := request.values(key.lower()))
        }
        if condition:
            statement["Condition"] = condition
    return statement


def _principal(principal: Principal) -> dict[str, str]:
    match principal.kind:
        case PrincipalKind.SERVICE:
            return {"Service": principal.arn}
        case PrincipalKind.PROVIDER:
            return {"Federated": principal.arn}
        case PrincipalKind.ROLE_SESSION:
            return {"AWS": principal.role_arn or principal.arn}
        case _:
            return {"AWS": principal.arn}


class Mismatch(StrEnum):
    """Why a statement that names an action does not apply."""

    RESOURCE = "resource"
    CONDITION = "condition"
    PRINCIPAL = "principal"


@dataclass(frozen=True, slots=True, eq=False)
class NearMiss:
    """A statement that names the action and yet does not apply.

    Attributes:
        match: the statement, and where it is.
        mismatch: what does not match, the first of it.
        condition: the condition that does not hold; None where something else does not match.
    """

    match: Match
    mismatch: Mismatch
    condition: Condition | None = None


def near_misses(request: AccessRequest, policies: Policies) -> tuple[NearMiss, ...]:
    """The statements that name the action and do not apply, with the reason."""
    action = request.action.lower()
    has_boundary = policies.boundary is not None
    return tuple(
        miss
        for match in _all_statements(policies)
        if match.statement.actions.match(action) is not match.statement.not_action
        and (miss := _miss(match, request, has_boundary))
    )


def _miss(match: Match, request: AccessRequest, has_boundary: bool) -> NearMiss | None:
    statement = match.statement
    if not statement.covers(request):
        return NearMiss(match, Mismatch.RESOURCE)
    if statement.grade(request.principal, has_boundary) is Grade.NONE:
        return NearMiss(match, Mismatch.PRINCIPAL)
    for condition in statement.conditions:
        if not condition.holds(request):
            return NearMiss(match, Mismatch.CONDITION, condition)
    return None


def missing_context(request: AccessRequest, policies: Policies) -> tuple[str, ...]:
    """The condition keys, as written, that policies ask for and a request does not have.

    They are what IAM's simulations call `MissingContextValues`.
    """
    names = dict.fromkeys(name for policy in policies for name in policy.context_keys)
    return tuple(name for name in names if request.values(name.lower()) is None)


def _all_statements(policies: Policies) -> Iterator[Match]:
    """Every statement that a request is subject to."""
    parts = (
        (PolicyKind.ACCOUNT, policies.account or ()),
        (PolicyKind.RESOURCE, () if policies.resource is None else (policies.resource,)),
        (PolicyKind.IDENTITY, policies.identity),
        (PolicyKind.BOUNDARY, () if policies.boundary is None else (policies.boundary,)),
        (PolicyKind.SESSION, policies.session or ()),
    )
    for kind, group in parts:
        for policy in group:
            part = PolicyKind.TRUST if policy.kind is PolicyKind.TRUST else kind
            for statement in policy.statements:
                yield Match(part, policy, statement)
