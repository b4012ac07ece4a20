"""The decision: whether policies let a request pass, and which of them say so.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ingle.iam.named import Grade
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest
from ingle.iam.statement import Statement

_SERVICE_LINKED = "aws-service-role/"


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """The policies that a request is subject to.

    Attributes:
        identity: those of the principal: inline, attached, and of its groups.
        boundary: the principal's permissions boundary; None if it has none.
        session: those that its session was made with; None if there are none.
        account: the boundary of the principal's account, as an organisation's service control
            policies are; None if it has none. One without policies lets nothing pass.
        resource: the policy of the resource: where a role is assumed, its trust policy; None if
            it has none.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    account: tuple[Policy, ...] | None = None
    resource: Policy | None = None

    def __iter__(self) -> Iterator[Policy]:
        yield from self.account or ()
        if self.resource is not None:
            yield self.resource
        yield from self.identity
        if self.boundary is not None:
            yield self.boundary
        yield from self.session or ()


class Outcome(StrEnum):
    """What was decided; the values are those of `EvalDecision` in IAM's simulations."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A statement that applies to a request.

    Attributes:
        kind: the part that its policy has in this decision.
        policy: the policy that it is of.
        statement: the statement.
    """

    kind: PolicyKind
    policy: Policy
    statement: Statement


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided, and why.

    Attributes:
        outcome: allowed, denied by a statement, or not allowed by any.
        kind: the kind of policy that decided: that denies, or does not allow, or allows. None
            where a root user is allowed because it is one.
        statements: those that decided: the ones that deny, or else all that allow.
        lacking: if the outcome is IMPLICIT_DENY, the kinds of policies that would have to allow,
            and do not; `kind` is the first of them.
    """

    outcome: Outcome
    kind: PolicyKind | None
    statements: tuple[Match, ...]
    lacking: tuple[PolicyKind, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the request may pass."""
        return self.outcome is Outcome.ALLOWED


class _Found:
    """The statements of one kind of policies that apply."""

    __slots__ = ("allows", "denies", "grade")

    def __init__(
        self,
        kind: PolicyKind,
        policies: Iterable[Policy],
        request: AccessRequest,
        has_boundary: bool,
    ) -> None:
        self.allows: list[Match] = []
        self.denies: list[Match] = []
        self.grade = Grade.NONE
        action = request.action.lower()
        for policy in policies:
            for statement in policy.statements:
                if not statement.applies(request, action):
                    continue
                grade = statement.grade(request.principal, has_boundary)
                if grade is Grade.NONE:
                    continue
                match = Match(kind, policy, statement)
                if statement.allows:
                    self.grade = max(self.grade, grade)
                    self.allows.append(match)
                else:
                    self.denies.append(match)


def authorize(request: AccessRequest, policies: Policies) -> Decision:
    """Decide whether a request may pass.

    Args:
        request: who asks for what.
        policies: all that it is subject to. Those of the principal's account and of its session do
            not count for principals that belong to no account.
    """
    found = _find(request, policies)
    for kind, each in found.items():
        if each.denies:
            return Decision(Outcome.EXPLICIT_DENY, kind, tuple(each.denies))
    lacking = tuple(_lacking(request, found))
    allows = tuple(match for each in found.values() for match in each.allows)
    if lacking:
        return Decision(Outcome.IMPLICIT_DENY, lacking[0], allows, lacking)
    return Decision(Outcome.ALLOWED, _allower(found), allows)


def _find(request: AccessRequest, policies: Policies) -> dict[PolicyKind, _Found]:
    """What applies, by kind; kinds of which there is no policy are missing."""
    parts: dict[PolicyKind, Iterable[Policy]] = {}
    principal = request.principal
    if policies.account is not None and _is_bounded(principal):
        parts[PolicyKind.ACCOUNT] = policies.account
    if policies.resource is not None:
        is_trust = policies.resource.kind is PolicyKind.TRUST
        parts[PolicyKind.TRUST if is_trust else PolicyKind.RESOURCE] = (policies.resource,)
    if principal.has_identity and principal.kind is not PrincipalKind.ROOT:
        parts[PolicyKind.IDENTITY] = policies.identity
        if policies.boundary is not None:
            parts[PolicyKind.BOUNDARY] = (policies.boundary,)
        if policies.session is not None:
            parts[PolicyKind.SESSION] = policies.session
        elif principal.kind is PrincipalKind.FEDERATED_USER:
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html:
            # without a session policy such a user has no permissions.
            parts[PolicyKind.SESSION] = ()
    has_boundary = policies.boundary is not None
    return {kind: _Found(kind, each, request, has_boundary) for kind, each in parts.items()}


def _is_bounded(principal: Principal) -> bool:
    """Whether the boundary of its account is about a principal.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html:
    it is about root users too, but not about roles that are linked to a service.
    """
    role = principal.role_arn or ""
    return principal.has_identity and not role.partition(":role/")[2].startswith(_SERVICE_LINKED)


def _lacking(request: AccessRequest, found: dict[PolicyKind, _Found]) -> Iterator[PolicyKind]:
    """The kinds of policies that would have to allow, and do not; first the principal's own."""
    own = request.principal.account_id
    if PolicyKind.ACCOUNT in found and not found[PolicyKind.ACCOUNT].allows:
        yield PolicyKind.ACCOUNT
    trust = found.get(PolicyKind.TRUST)
    resource = trust or found.get(PolicyKind.RESOURCE)
    granted = resource.grade if resource is not None else Grade.NONE
    is_foreign = not own or own != request.resource_account
    if is_foreign or granted is not Grade.DIRECT:
        has_grant = granted is Grade.ROLE and not is_foreign
        for kind in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION):
            covered = has_grant and kind is PolicyKind.IDENTITY
            if kind in found and not found[kind].allows and not covered:
                yield kind
    if granted is Grade.NONE and (is_foreign or trust is not None):
        yield PolicyKind.RESOURCE if trust is None else PolicyKind.TRUST


def _allower(found: dict[PolicyKind, _Found]) -> PolicyKind | None:
    """The kind of policies that allows: the identity's own, where nothing limits them."""
    limits = (PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION)
    if PolicyKind.IDENTITY in found and all(found[k].allows for k in limits if k in found):
        return PolicyKind.IDENTITY
    for kind in (PolicyKind.RESOURCE, PolicyKind.TRUST):
        if kind in found and found[kind].allows:
            return kind
    return None
