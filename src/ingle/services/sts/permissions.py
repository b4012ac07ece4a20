"""Whether somebody may assume a role: what the role's trust policy says, and the caller's own.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterable, Mapping

from ingle.auth.directory import Directory, RoleFacts
from ingle.auth.keys import Identity
from ingle.clock import Clock
from ingle.iam.authorize import Decision, Policies, authorize
from ingle.iam.policy import PolicyKind
from ingle.iam.principal import Principal
from ingle.iam.request import AccessRequest, Values
from ingle.iam.wording import refusal
from ingle.services.sts.bounds import Tags
from ingle.services.sts.errors import AccessDenied
from ingle.services.sts.facts import request_keys
from ingle.wire.service import CallContext

TAG_SESSION = "sts:TagSession"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"


class Permissions:
    """Asks the decision.

    Args:
        directory: knows the callers' policies.
        clock: says what time it is.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def check_trust(
        self,
        context: CallContext,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> None:
        """Check that a caller may do all these with a role.

        Args:
            context: the call.
            role: the role.
            actions: `sts:AssumeRole` and what goes with it.
            keys: condition keys of STS's own.

        Raises:
            AccessDenied: it may not; told why if the role is of the caller's account.
        """
        identity: Identity = context.identity
        for action in actions:
            asked, decision = self._decide(context, identity, action, role, keys)
            if not decision.allowed:
                foreign = identity.account_id != asked.resource_account
                hidden = foreign and decision.kind is PolicyKind.TRUST
                raise (
                    not_authorized(identity.principal_arn, action, role.arn)
                    if (hidden)
                    else AccessDenied(refusal(asked, decision))
                )

    def may_assume(
        self,
        context: CallContext,
        provider: Principal,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> bool:
        """Say whether somebody for whom a provider vouches may do all these with a role.

        Args:
            context: the call, which nobody signed.
            provider: who vouches.
            role: the role.
            actions: `sts:AssumeRoleWithWebIdentity` and what goes with it.
            keys: condition keys of STS's own, and what the provider says.
        """
        identity: Identity = context.identity._replace(principal=provider)
        return all(
            self._decide(context, identity, action, role, keys)[1].allowed for action in actions
        )

    def check_own(
        self, context: CallContext, action: str, resource: str, keys: Mapping[str, Values]
    ) -> None:
        """Check that a caller may do something by its own policies.

        Raises:
            AccessDenied: it may not.
        """
        asked, decision = self._decide(context, context.identity, action, resource, keys)
        if not decision.allowed:
            raise AccessDenied(refusal(asked, decision))

    def _decide(
        self,
        context: CallContext,
        identity: Identity,
        action: str,
        resource: RoleFacts | str,
        keys: Mapping[str, Values],
    ) -> tuple[AccessRequest, Decision]:
        own, session = self._directory.policies(identity.holder), identity.session
        role = resource if isinstance(resource, RoleFacts) else None
        policies = Policies(
            identity=own.identity,
            boundary=own.boundary,
            session=None if session is None else session.policies,
            account=own.account,
            resource=None if role is None else role.trust,
        )
        arn = resource if isinstance(resource, str) else resource.arn
        known = {**request_keys(context, self._clock), **keys}
        asked = AccessRequest(identity.principal, action, arn, arn.split(":", 5)[4], known)
        return asked, authorize(asked, policies)


def not_authorized(principal_arn: str, action: str, resource: str) -> AccessDenied:
    """Make the refusal that does not tell why, nor whether there is such a role."""
    return AccessDenied(
        f"User: {principal_arn} is not authorized to perform: {action} on resource: {resource}"
    )


def role_keys(
    role: RoleFacts, session_name: str, tags: Tags, source_identity: str | None
) -> dict[str, Values]:
    """The condition keys of assuming a role, in whichever way."""
    keys: dict[str, Values] = {
        "sts:rolesessionname": (session_name,),
        **tags.keys(),
        **{f"aws:resourcetag/{key.lower()}": (value,) for key, value in role.tags.items()},
        **{f"iam:resourcetag/{key.lower()}": (value,) for key, value in role.tags.items()},
    }
    if source_identity is not None:
        keys["sts:sourceidentity"] = (source_identity,)
    return keys


def accompanying(tags: Tags, source_identity: str | None) -> list[str]:
    """The further permissions that session tags and a source identity take."""
    return [TAG_SESSION] * bool(tags.all) + [SET_SOURCE_IDENTITY] * (source_identity is not None)
