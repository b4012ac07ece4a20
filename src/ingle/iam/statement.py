"""One statement of a policy, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingle.iam.actions import Actions
from ingle.iam.conditions import Condition
from ingle.iam.named import Grade, NamedPrincipals
from ingle.iam.patterns import Patterns
from ingle.iam.principal import Principal
from ingle.iam.request import AccessRequest


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement.

    Attributes:
        index: its place in the policy, from 0.
        sid: its `Sid`; empty if it has none.
        allows: whether its effect is `Allow`; otherwise it is `Deny`.
        actions: those that it names.
        not_action: whether it is about all actions but these.
        resources: those that it names; None in trust policies, which are about their role.
        not_resource: whether it is about all resources but these.
        principals: those that it names; None in policies of identities.
        not_principal: whether it is about all principals but these.
        conditions: what must hold, all of them.
        source: the statement as written.
    """

    index: int
    sid: str
    allows: bool
    actions: Actions
    not_action: bool
    resources: Patterns | None
    not_resource: bool
    principals: NamedPrincipals | None
    not_principal: bool
    conditions: tuple[Condition, ...]
    source: Mapping[str, Any]

    def applies(self, request: AccessRequest, action: str) -> bool:
        """Whether a request is what it is about, principals aside.

        Args:
            request: the request.
            action: its action in lower case.
        """
        if self.actions.match(action) is self.not_action:
            return False
        if not self.covers(request):
            return False
        for condition in self.conditions:  # noqa: SIM110  # twice as fast as all()
            if not condition.holds(request):
                return False
        return True

    def grade(self, principal: Principal, has_boundary: bool) -> Grade:
        """How directly it means a principal; NONE if it does not.

        Args:
            principal: who asks.
            has_boundary: whether it has a permissions boundary; a denial with `NotPrincipal` spares
                none that has.
                https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if self.principals is None:
            return Grade.DIRECT
        if not self.not_principal:
            return self.principals.grade(principal)
        if self.allows:
            spared = self.principals.grade(principal) is not Grade.NONE
        else:
            spared = not has_boundary and self.principals.all_of(principal)
        return Grade.NONE if spared else Grade.DIRECT

    def covers(self, request: AccessRequest) -> bool:
        """Whether a request's resource is one that it is about."""
        if self.resources is None:
            return True
        if self.resources.match(request.resource, request.values):
            return not self.not_resource
        if not self.not_resource:
            return False
        # What is spared is not known where a variable has no value: deny it, and do not allow it.
        return not self.allows or self.resources.resolvable(request.values)
