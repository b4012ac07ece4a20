"""Who brings events: the service itself, or the role that its target names.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

import re

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.auth.sessions import assumed_role_arn
from ingle.iam.authorize import Policies, authorize
from ingle.iam.principal import Principal, PrincipalKind, service_principal
from ingle.iam.request import AccessRequest, Values
from ingle.services.delivering.model import Delivery, DeliveryFailed

NO_PERMISSIONS = "NO_PERMISSIONS"
_NOT_IN_NAMES = re.compile(r"[^\w+=,.@-]", re.ASCII)


class Bringers:
    """Finds who brings an event, and checks what they may.

    Args:
        directory: knows the roles.
        authorizer: decides.
    """

    def __init__(self, directory: Directory, authorizer: Authorizer) -> None:
        self._directory = directory
        self._authorizer = authorizer

    def of(self, delivery: Delivery) -> Principal:
        """Find who brings an event.

        Raises:
            DeliveryFailed: there is no such role, or the service may not assume it.
        """
        service = service_principal(delivery.service)
        role = delivery.target.get("RoleArn")
        if not role:
            return service
        if not self.may_assume(delivery.service, role, delivery.source_arn, delivery.account_id):
            raise DeliveryFailed(NO_PERMISSIONS, _not_assumed(delivery.service, role))
        facts = self._directory.role(role)
        if facts is None:
            return service
        name = _NOT_IN_NAMES.sub("", delivery.source_arn.rpartition("/")[2])[:64]
        return Principal(
            PrincipalKind.ROLE_SESSION,
            assumed_role_arn(facts.arn, name),
            facts.arn.split(":")[4],
            f"{facts.unique_id}:{name}",
            facts.arn,
            facts.tags,
        )

    def may_assume(self, service: str, role: str, source_arn: str, account_id: str) -> bool:
        """Say whether there is such a role, and a service may assume it for a rule or a schedule.

        The role may trust the service by its name of the region, too. Where nobody is refused
        anything, it may.
        """
        facts = self._directory.role(role)
        if facts is not None:
            for name in (service, _regional(service, source_arn)):
                request = AccessRequest(
                    service_principal(name),
                    "sts:AssumeRole",
                    facts.arn,
                    facts.arn.split(":")[4],
                    _keys(source_arn, account_id),
                )
                if authorize(request, Policies(resource=facts.trust)).allowed:
                    return True
        return self._authorizer.forgives(_not_assumed(service, role))

    def check(self, principal: Principal, action: str, delivery: Delivery) -> None:
        """Check that somebody may do something with the target of a delivery.

        Raises:
            DeliveryFailed: they may not.
        """
        ruling = self._authorizer.rule(principal, action, delivery.arn, condition_keys(delivery))
        fault = self._authorizer.fault_of(ruling)
        if fault:
            raise DeliveryFailed(NO_PERMISSIONS, fault)


def condition_keys(delivery: Delivery) -> dict[str, Values]:
    """Make the condition keys that a delivery is decided with."""
    return _keys(delivery.source_arn, delivery.account_id)


def _keys(source_arn: str, account_id: str) -> dict[str, Values]:
    return {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (account_id,)}


def _regional(service: str, source_arn: str) -> str:
    """`logs.eu-west-1.amazonaws.com`, as AWS's examples have it, for `logs.amazonaws.com`."""
    name, _, domain = service.partition(".")
    return f"{name}.{source_arn.split(':')[3]}.{domain}"


def _not_assumed(service: str, role: str) -> str:
    return f"{service} cannot assume the role {role}."
