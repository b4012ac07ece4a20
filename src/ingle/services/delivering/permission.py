"""Who brings events: the service itself, or the role that its target names.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.auth.sessions import assumed_role_arn
from ingle.iam.authorize import Policies, authorize
from ingle.iam.principal import Principal, PrincipalKind, service_principal
from ingle.iam.request import AccessRequest, Values
from ingle.iam.wording import refusal
from ingle.services.delivering.model import Delivery, DeliveryFailed

NO_PERMISSIONS = "NO_PERMISSIONS"


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
        facts = self._directory.role(role)
        keys = condition_keys(delivery)
        if facts is not None:
            owner = facts.arn.split(":")[4]
            request = AccessRequest(service, "sts:AssumeRole", facts.arn, owner, keys)
            if authorize(request, Policies(resource=facts.trust)).allowed:
                name = delivery.source_arn.rpartition("/")[2][:64]
                return Principal(
                    PrincipalKind.ROLE_SESSION,
                    assumed_role_arn(facts.arn, name),
                    owner,
                    f"{facts.unique_id}:{name}",
                    facts.arn,
                    facts.tags,
                )
        fault = f"{delivery.service} cannot assume the role {role}."
        if facts is None or not self._authorizer.forgives(fault):
            raise DeliveryFailed(NO_PERMISSIONS, fault)
        return service

    def check(self, principal: Principal, action: str, delivery: Delivery) -> None:
        """Check that somebody may do something with the target of a delivery.

        Raises:
            DeliveryFailed: they may not.
        """
        ruling = self._authorizer.rule(principal, action, delivery.arn, condition_keys(delivery))
        if ruling.decision.allowed:
            return
        text = refusal(ruling.request, ruling.decision)
        if not self._authorizer.forgives(text):
            raise DeliveryFailed(NO_PERMISSIONS, text)


def condition_keys(delivery: Delivery) -> dict[str, Values]:
    """Make the condition keys that a delivery is decided with."""
    return {
        "aws:sourcearn": (delivery.source_arn,),
        "aws:sourceaccount": (delivery.account_id,),
    }
