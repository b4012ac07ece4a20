"""Whether somebody may assume a role: what the role's trust policy says, and the caller's own.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Callable, Iterable, Mapping

from ingle.auth.directory import Directory, RoleFacts
from ingle.auth.keys import Identity
from ingle.iam.authorize import Decision, Policies, authorize
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal
from ingle.iam.request import AccessRequest, Values
from ingle.iam.wording import refusal
from ingle.services.sts.bounds import Tags
from ingle.services.sts.errors import AccessDenied
from ingle.wire.service import CallContext, ServiceInput

Facts = Callable[[CallContext, ServiceInput], Mapping[str, Values]]
"""The condition keys that follow from a request itself, such as `aws:SourceIp`."""

TAG_SESSION = "sts:TagSession"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"


class Permissions:
    """Asks the decision.

    Args:
        directory: knows the callers' policies.
        facts: knows requests.
    """

    def __init__(self, directory: Directory, facts: Facts) -> None:
        self._directory = directory
        self._facts = facts

    def check_trust(
        self,
        context: CallContext,
        request: ServiceInput,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> None:
        """Check that a caller may do all these with a role.

        Args:
            context: the call.
            request: its input.
            role: the role.
            actions: `sts:AssumeRole` and what goes with it.
            keys: condition keys of STS's own.

        Raises:
            AccessDenied: it may not; told why if the role is of the caller's account.
        """
        identity: Identity = context.identity
        for action in actions:
            asked, decision = self._decide(
                context, request, identity, action, role.arn, _account(role.arn), keys, role.trust
            )
            if not decision.allowed:
                foreign = identity.account_id != asked.resource_account
                hidden = foreign and decision.kind is PolicyKind.TRUST
                raise not_authorized(identity.principal_arn, action, role.arn) if (
                    hidden
                ) else AccessDenied(refusal(asked, decision))

    def may_assume(
        self,
        context: CallContext,
        request: ServiceInput,
        provider: Principal,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> bool:
        """Say whether somebody for whom a provider vouches may do all these with a role.

        Args:
            context: the call, which nobody signed.
            request: its input.
            provider: who vouches.
            role: the role.
            actions: `sts:AssumeRoleWithWebIdentity` and what goes with it.
            keys: condition keys of STS's own, and what the provider says.
        """
        identity: Identity = context.identity._replace(principal=provider)
        return all(
            self._decide(
                context, request, identity, action, role.arn, _account(role.arn), keys, role.trust
            )[1].allowed
            for action in actions
        )

    def check_own(
        self,
        context: CallContext,
        request: ServiceInput,
        action: str,
        resource: str,
        keys: Mapping[str, Values],
    ) -> None:
        """Check that a caller may do something by its own policies.

        Raises:
            AccessDenied: it may not.
        """
        identity: Identity = context.identity
        asked, decision = self._decide(
            context, request, identity, action, resource, identity.account_id, keys, None
        )
        if not decision.allowed:
            raise AccessDenied(refusal(asked, decision))

    def _decide(
        self,
        context: CallContext,
        request: ServiceInput,
        identity: Identity,
        action: str,
        resource: str,
        account: str,
        keys: Mapping[str, Values],
        trust: Policy | None,
    ) -> tuple[AccessRequest, Decision]:
        own = self._directory.policies(identity.holder)
        session = identity.session
        policies = Policies(
            identity=own.identity,
            boundary=own.boundary,
            session=None if session is None else session.policies,
            account=own.account,
            resource=trust,
        )
        known = {**self._facts(context, request), **keys}
        asked = AccessRequest(identity.principal, action, resource, account, known)
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


def _account(arn: str) -> str:
    return arn.split(":", 5)[4]
