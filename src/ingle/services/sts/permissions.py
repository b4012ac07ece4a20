"""Whether somebody may assume a role: what the role's trust policy says, and the caller's own.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from collections.abc import Iterable, Mapping

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import RoleFacts
from ingle.auth.keys import Identity
from ingle.iam.principal import Principal
from ingle.iam.request import Values
from ingle.services.sts.bounds import Tags
from ingle.services.sts.errors import AccessDenied
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

ASSUME_ROLE = "sts:AssumeRole"
WITH_WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
TAG_SESSION = "sts:TagSession"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"


class Permissions:
    """Has trust policies decide.

    Args:
        authorizer: decides.
    """

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def check_caller(
        self,
        context: CallContext,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> None:
        """Check that a caller may assume a role.

        Args:
            context: the call.
            role: the role.
            actions: `sts:AssumeRole`, and what goes with it.
            keys: condition keys of STS's own.

        Raises:
            AccessDenied: it may not. Why, is told only to those of the role's own account.
        """
        identity: Identity = context.identity
        for action in actions:
            try:
                self._authorizer.require(context, action, role.arn, keys, role.trust)
            except ServiceError as error:
                if identity.account_id == role.arn.split(":", 5)[4]:
                    raise
                raise not_authorized(identity.principal_arn, action, role.arn) from error

    def check_vouched_for(
        self,
        context: CallContext,
        provider: Principal,
        role: RoleFacts,
        actions: Iterable[str],
        keys: Mapping[str, Values],
    ) -> None:
        """Check that somebody for whom a provider vouches may assume a role.

        Args:
            context: the call, which nobody signed.
            provider: who vouches.
            role: the role.
            actions: `sts:AssumeRoleWithWebIdentity`, and what goes with it.
            keys: condition keys of STS's own, and what the provider says.

        Raises:
            AccessDenied: they may not.
        """
        identity: Identity = context.identity._replace(principal=provider)
        for action in actions:
            try:
                self._authorizer.require_of(
                    identity,
                    context.request,
                    action,
                    role.arn,
                    keys,
                    role.trust,
                    context.request_id,
                )
            except ServiceError as error:
                raise not_vouched_for() from error


def not_authorized(principal_arn: str, action: str, resource: str) -> AccessDenied:
    """Make the refusal that does not tell why, nor whether there is such a role."""
    return AccessDenied(
        f"User: {principal_arn} is not authorized to perform: {action} on resource: {resource}"
    )


def not_vouched_for() -> AccessDenied:
    """Make the refusal of those for whom a provider vouches."""
    return AccessDenied(f"Not authorized to perform {WITH_WEB_IDENTITY}")


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
