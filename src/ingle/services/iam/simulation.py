"""What policies would allow: IAM's simulations, by the decision that counts in earnest.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ingle.iam.authorize import Decision, Outcome, Policies, authorize
from ingle.iam.explain import missing_context
from ingle.iam.policy import PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest, Values
from ingle.services.iam.errors import InvalidInput, no_such
from ingle.services.iam.listing import page
from ingle.services.iam.model import Bearer, Group, Role, User
from ingle.services.iam.operations import Operations
from ingle.services.iam.simulated import (
    Simulated,
    boundary_of,
    given,
    matched_statement,
    sources_of,
)
from ingle.services.iam.simulation_context import context_values
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ENTITY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(user|group|role)/(.+)")
_USER = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):user/.+")
_OWNER = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_RESOURCE = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_IAM, _OF_RESOURCE = "IAM Policy", "Resource Policy"


class _Unnamed(AccessRequest):
    """A request of nobody in particular: only what was given is known of the caller."""

    __slots__ = ()

    def values(self, key: str) -> Values | None:
        """The values of a condition key, if they were given."""
        return self.keys.get(key)


class SimulationOperations(Operations):
    """The operations that simulate policies, and tell what simulations take."""

    async def simulate_custom_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell what some policies would allow."""
        policies = given("PolicyInputList", request["PolicyInputList"])
        return _simulate(request, context.account_id, None, policies, [])

    async def simulate_principal_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell what the policies of a user, a group or a role would allow, and some besides."""
        bearer = self._entity(context, request["PolicySourceArn"])
        policies = [
            *sources_of(self._store, bearer, request.get("PolicyExclusionList", ())),
            *given("PolicyInputList", request.get("PolicyInputList", ())),
        ]
        boundary = boundary_of(self._store, bearer, request.get("PolicyExclusionList", ()))
        return _simulate(request, context.account_id, _principal(bearer), policies, boundary)

    async def get_context_keys_for_custom_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell which condition keys some policies ask for."""
        return _context_keys(given("PolicyInputList", request["PolicyInputList"]))

    async def get_context_keys_for_principal_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell which condition keys the policies of a user, group or role ask for."""
        bearer = self._entity(context, request["PolicySourceArn"])
        return _context_keys(
            [
                *sources_of(self._store, bearer, ()),
                *boundary_of(self._store, bearer, ()),
                *given("PolicyInputList", request.get("PolicyInputList", ())),
            ]
        )

    def _entity(self, context: CallContext, arn: str) -> Bearer:
        match = _ENTITY.fullmatch(arn)
        if match is None:
            raise InvalidInput(f"Invalid Entity Arn: {arn}")
        account_id, kind, rest = match.groups()
        name = rest.rpartition("/")[2]
        stores: dict[str, Any] = {
            "user": self._store.users,
            "group": self._store.groups,
            "role": self._store.roles,
        }
        found: Bearer | None = stores[kind].get(account_id, name)
        if found is None or account_id != context.account_id or getattr(found, "arn", "") != arn:
            raise no_such(kind, name)
        return found


def _principal(bearer: Bearer) -> Principal | None:
    """Who has the policies; a group is nobody."""
    if isinstance(bearer, User):
        return _user(bearer.arn, bearer.account_id, bearer.unique_id, bearer.tags)
    if isinstance(bearer, Role):
        session = f"arn:aws:sts::{bearer.account_id}:assumed-role/{bearer.name}/simulated"
        return Principal(
            PrincipalKind.ROLE_SESSION,
            session,
            bearer.account_id,
            f"{bearer.unique_id}:simulated",
            bearer.arn,
            bearer.tags,
        )
    assert isinstance(bearer, Group)
    return None


def _user(
    arn: str, account_id: str, unique_id: str = "", tags: Mapping[str, str] | None = None
) -> Principal:
    return Principal(PrincipalKind.USER, arn, account_id, unique_id, None, tags or {})


def _simulate(
    request: ServiceInput,
    account_id: str,
    principal: Principal | None,
    identity: list[Simulated],
    boundary: list[Simulated],
) -> ServiceOutput:
    """Simulate each action on each resource.

    Args:
        request: the operation's input.
        account_id: the account of whoever asks.
        principal: who has the policies; None for nobody in particular.
        identity: the policies.
        boundary: the permissions boundary; those that the request gives count instead.
    """
    caller = _caller(request, principal)
    boundaries = given(
        "PermissionsBoundaryPolicyInputList",
        request.get("PermissionsBoundaryPolicyInputList", ()),
    )
    if len(boundaries) > 1:
        raise InvalidInput("Only one permissions boundary policy can be simulated.")
    resource = (
        given("ResourcePolicy", [request["ResourcePolicy"]], PolicyKind.RESOURCE)
        if ("ResourcePolicy" in request)
        else []
    )
    accounts = _organization(request)
    known = {
        id(each.policy): each
        for each in (
            *identity,
            *boundary,
            *boundaries,
            *resource,
            *(a for b in accounts for a in b),
        )
    }
    policies = Policies(
        identity=tuple(each.policy for each in identity),
        boundary=next((each.policy for each in (*boundaries, *boundary)), None),
        resource=resource[0].policy if resource else None,
    )
    keys = context_values(request.get("ContextEntries", ()))
    owner = _owner(request, caller, account_id)
    resources = request.get("ResourceArns") or ["*"]
    wrong = [each for each in resources if not _RESOURCE.fullmatch(each)]
    if wrong:
        raise InvalidInput(f"ResourceNames are not in a valid ARN format: {', '.join(wrong)}.")
    wrong = [each for each in request["ActionNames"] if not _ACTION.fullmatch(each)]
    if wrong:
        raise InvalidInput(f"ActionNames are not in a valid format: {', '.join(wrong)}.")
    pairs = [(action, arn) for action in request["ActionNames"] for arn in resources]
    numbered = list(enumerate(pairs))
    cut, where = page(numbered, lambda each: f"{each[0]:08}", request)
    results = []
    for _, (action, arn) in cut:
        kind = AccessRequest if caller is not None else _Unnamed
        asked = kind(caller or _user("", account_id), action, arn, _account_of(arn) or owner, keys)
        results.append(_result(asked, policies, accounts, known))
    return {"EvaluationResults": results, **where}


def _result(
    asked: AccessRequest,
    policies: Policies,
    accounts: list[list[Simulated]],
    known: Mapping[int, Simulated],
) -> dict[str, Any]:
    decision = authorize(asked, policies)
    # Every level of the organisation has to allow, the root's first.
    levels = [
        authorize(asked, Policies(identity=tuple(each.policy for each in level)))
        for level in accounts
    ]
    outcome = decision.outcome
    for level in levels:
        if not level.allowed and outcome is not Outcome.EXPLICIT_DENY:
            outcome = level.outcome
    matched = [
        matched_statement(known[id(match.policy)], match.statement.index)
        for match in (*decision.statements, *(m for level in levels for m in level.statements))
        if id(match.policy) in known
    ]
    details = {
        "MatchedStatements": matched,
        "MissingContextValues": list(missing_context(asked, policies)),
        **_boundary_detail(asked, policies),
        **_decision_details(asked, policies),
    }
    result = {
        "EvalActionName": asked.action,
        "EvalResourceName": asked.resource,
        "EvalDecision": outcome.value,
        **details,
    }
    if accounts:
        allowed = all(level.allowed for level in levels)
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
    if asked.resource != "*":
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": asked.resource,
                "EvalResourceDecision": outcome.value,
                **details,
            }
        ]
    return result


def _boundary_detail(asked: AccessRequest, policies: Policies) -> dict[str, Any]:
    if policies.boundary is None:
        return {}
    alone: Decision = authorize(asked, Policies(identity=(policies.boundary,)))
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": alone.allowed}}


def _decision_details(asked: AccessRequest, policies: Policies) -> dict[str, Any]:
    """Between accounts, what each side says."""
    if policies.resource is None or asked.principal.account_id == asked.resource_account:
        return {}
    own = Policies(identity=policies.identity, boundary=policies.boundary)
    inside = AccessRequest(
        asked.principal, asked.action, asked.resource, asked.principal.account_id, asked.keys
    )
    # Whom the resource's policy admits is seen best with an owner who may do everything himself.
    admitted = authorize(asked, Policies(identity=policies.identity, resource=policies.resource))
    lacks = PolicyKind.RESOURCE in admitted.lacking
    denied = admitted.outcome is Outcome.EXPLICIT_DENY and admitted.kind is PolicyKind.RESOURCE
    of_resource = (
        Outcome.EXPLICIT_DENY if denied else Outcome.IMPLICIT_DENY if lacks else Outcome.ALLOWED
    )
    return {
        "EvalDecisionDetails": {
            _IAM: authorize(inside, own).outcome.value,
            _OF_RESOURCE: of_resource.value,
        }
    }


def _caller(request: ServiceInput, principal: Principal | None) -> Principal | None:
    """Who is simulated: CallerArn, or whose the policies are."""
    arn = request.get("CallerArn")
    if arn is not None:
        match = _USER.fullmatch(arn)
        if match is None:
            raise InvalidInput(f"Invalid Entity Arn: {arn}")
        if principal is not None and principal.arn == arn:
            return principal
        return _user(arn, match[1])
    if "ResourcePolicy" in request and (
        principal is None or principal.kind is not PrincipalKind.USER
    ):
        raise InvalidInput("CallerArn is required when ResourcePolicy is given.")
    return principal


def _owner(request: ServiceInput, caller: Principal | None, account_id: str) -> str:
    owner = request.get("ResourceOwner")
    if owner is None:
        return account_id if caller is None else caller.account_id
    match = _OWNER.fullmatch(owner)
    if match is None:
        raise InvalidInput(f"'{owner}' is not a valid as a Resource Owner.")
    return match[1]


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdecimal() else ""


def _organization(request: ServiceInput) -> list[list[Simulated]]:
    levels = request.get("OrderedOrganizationPolicyInputList", ())
    return [
        given(
            f"OrderedOrganizationPolicyInputList.{number}.ServiceControlPolicyInputList",
            level.get("ServiceControlPolicyInputList", ()),
        )
        for number, level in enumerate(levels, 1)
    ]


def _context_keys(policies: Iterable[Simulated]) -> ServiceOutput:
    names: dict[str, str] = {}
    for each in policies:
        for name in each.policy.context_keys:
            names.setdefault(name.lower(), name)
    return {"ContextKeyNames": list(names.values())}
