"""The smallest change of policies that would let a request pass."""

from dataclasses import dataclass
from typing import Any

from ingle.iam.authorize import Decision, Outcome
from ingle.iam.policy import PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change.

    Attributes:
        kind: the kind of policy that it is of.
        policy: the name of the policy that has the statement, where it is to be removed.
        removes: whether the statement is to be removed; otherwise it is to be added.
        statement: the statement.
    """

    kind: PolicyKind
    policy: str
    removes: bool
    statement: dict[str, Any]


def suggest(request: AccessRequest, decision: Decision) -> list[Suggestion]:
    """Say what would have to change for a request to pass; nothing where it passes already.

    After a statement that denies is gone, a permission may still be lacking; the next decision
    tells.

    Args:
        request: what was asked.
        decision: what was decided.
    """
    if decision.outcome is Outcome.EXPLICIT_DENY:
        return [
            Suggestion(match.kind, match.policy.name, True, dict(match.statement.source))
            for match in decision.statements
        ]
    return [Suggestion(kind, "", False, _statement(kind, request)) for kind in decision.lacking]


def _statement(kind: PolicyKind, request: AccessRequest) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow"}
    if kind in (PolicyKind.RESOURCE, PolicyKind.TRUST):
        statement["Principal"] = _principal(request.principal)
    statement["Action"] = request.action
    if kind is not PolicyKind.TRUST:
        statement["Resource"] = request.resource
    return statement


def _principal(principal: Principal) -> Any:
    if principal.kind is PrincipalKind.ANONYMOUS:
        return "*"
    if principal.kind is PrincipalKind.SERVICE:
        return {"Service": principal.arn}
    if principal.kind is PrincipalKind.PROVIDER:
        return {"Federated": principal.arn}
    return {"AWS": principal.role_arn or principal.arn}
