"""Assuming roles, by those who have signed and by those for whom an identity provider vouches.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import asyncio
import importlib
from typing import TYPE_CHECKING

from ingle.auth.directory import Directory, RoleFacts
from ingle.auth.grants import Grant
from ingle.auth.keys import Identity, SessionKind
from ingle.auth.sessions import assumed_role_arn
from ingle.clock import Clock
from ingle.iam.principal import Principal, PrincipalKind
from ingle.services.sts.bounds import (
    Policies,
    Tags,
    packed_percentage,
    session_policies,
    session_tags,
)
from ingle.services.sts.errors import AccessDenied, ValidationError
from ingle.services.sts.issuing import Issuing, role_account
from ingle.services.sts.later import refuse_later
from ingle.services.sts.limits import LIMITS
from ingle.services.sts.permissions import (
    ASSUME_ROLE,
    SET_SOURCE_IDENTITY,
    WITH_WEB_IDENTITY,
    Permissions,
    accompanying,
    not_authorized,
    not_vouched_for,
    role_keys,
)
from ingle.services.sts.second_factor import SecondFactor
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

if TYPE_CHECKING:
    from ingle.services.sts.web_identity import WebIdentities


class Roles:
    """Lets roles be assumed.

    Args:
        directory: the roles that there are.
        permissions: says who may assume them.
        issuing: gives out the credentials.
        second_factor: verifies one-time passwords.
        clock: says what time it is.
    """

    def __init__(
        self,
        directory: Directory,
        permissions: Permissions,
        issuing: Issuing,
        second_factor: SecondFactor,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._permissions = permissions
        self._issuing = issuing
        self._second_factor = second_factor
        self._clock = clock
        self._web: WebIdentities | None = None

    async def assume(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Do what AssumeRole does."""
        refuse_later(request, "by_callers")
        identity: Identity = context.identity
        session, role_arn, name = identity.session, request["RoleArn"], request["RoleSessionName"]
        if identity.principal.kind is PrincipalKind.ROOT:
            raise AccessDenied("Roles may not be assumed by root accounts.")
        account = role_account(role_arn)
        tags = session_tags(request.get("Tags", ()), request.get("TransitiveTagKeys", ()), session)
        mfa_at = self._second_factor.verify(identity, request)
        role = self._directory.role(role_arn)
        if role is None or identity.principal.kind is PrincipalKind.FEDERATED_USER:
            raise not_authorized(identity.principal_arn, ASSUME_ROLE, role_arn)
        source = self._source_identity(identity, request, role_arn)
        keys = role_keys(role, name, tags, source)
        if "ExternalId" in request:
            keys["sts:externalid"] = (request["ExternalId"],)
        if mfa_at is not None:
            keys["aws:multifactorauthpresent"] = ("true",)
            keys["aws:multifactorauthage"] = ("0",)
        actions = [ASSUME_ROLE, *accompanying(tags, source)]
        self._permissions.check_caller(context, role, actions, keys)
        is_chained = session is not None and session.is_of_a_role
        duration_s = _duration(request, role, is_chained=is_chained)
        policies = session_policies(request, account, self._directory)
        grant = _grant(SessionKind.ROLE, role, name, policies, tags, source, mfa_at=mfa_at)
        return self._answer(grant, request, duration_s, policies, tags)

    async def assume_with_web_identity(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Do what AssumeRoleWithWebIdentity does."""
        refuse_later(request, "by_web_identities")
        role_arn, name = request["RoleArn"], request["RoleSessionName"]
        account = role_account(role_arn)
        if self._web is None:
            self._web = await asyncio.to_thread(_load_web_identities, self._directory, self._clock)
        somebody = await self._web.verify(request["WebIdentityToken"], account)
        tags = session_tags(somebody.tags, somebody.transitive, None)
        source = somebody.source_identity
        # Looked up now, for another might have been made while the issuer was asked.
        role = self._directory.role(role_arn)
        provider = Principal(PrincipalKind.PROVIDER, somebody.provider.arn, "", somebody.subject)
        if role is None:
            raise not_vouched_for()
        keys = {**somebody.keys, **role_keys(role, name, tags, source)}
        actions = [WITH_WEB_IDENTITY, *accompanying(tags, source)]
        self._permissions.check_vouched_for(context, provider, role, actions, keys)
        duration_s = _duration(request, role, is_chained=False)
        policies = session_policies(request, account, self._directory)
        grant = _grant(
            SessionKind.WEB_IDENTITY,
            role,
            name,
            policies,
            tags,
            source,
            federated_provider=somebody.provider.arn,
            context={key: values[0] for key, values in somebody.keys.items()},
        )
        return {
            **self._answer(grant, request, duration_s, policies, tags),
            "SubjectFromWebIdentityToken": somebody.subject,
            "Provider": somebody.provider.arn,
            "Audience": somebody.audience,
        }

    @staticmethod
    def _source_identity(identity: Identity, request: ServiceInput, role_arn: str) -> str | None:
        """The source identity, which once it is set stays the same along a chain of roles."""
        wanted: str | None = request.get("SourceIdentity")
        settled = identity.session.source_identity if identity.session is not None else None
        if settled is not None and wanted not in (None, settled):
            raise not_authorized(identity.principal_arn, SET_SOURCE_IDENTITY, role_arn)
        return settled or wanted

    def _answer(
        self,
        grant: Grant,
        request: ServiceInput,
        duration_s: int,
        policies: Policies,
        tags: Tags,
    ) -> ServiceOutput:
        packed = packed_percentage(policies, tags.all)
        return {
            **self._issuing.issue(grant, request, duration_s),
            "AssumedRoleUser": {
                "AssumedRoleId": f"{grant.holder_id}:{grant.name}",
                "Arn": assumed_role_arn(grant.holder_arn, grant.name),
            },
            "PackedPolicySize": packed,
            "SourceIdentity": grant.source_identity,
        }


def _grant(
    kind: SessionKind,
    role: RoleFacts,
    name: str,
    policies: Policies,
    tags: Tags,
    source_identity: str | None,
    *,
    federated_provider: str | None = None,
    context: dict[str, str] | None = None,
    mfa_at: float | None = None,
) -> Grant:
    return Grant(
        kind,
        role.arn,
        role.unique_id,
        name,
        policies.inline,
        policies.arns,
        tags.all,
        tags.transitive,
        source_identity,
        federated_provider,
        context or {},
        mfa_at,
    )


def _duration(request: ServiceInput, role: RoleFacts, *, is_chained: bool) -> int:
    wanted: int = request.get("DurationSeconds", LIMITS.role_duration)
    if is_chained and wanted > LIMITS.role_chaining_duration:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining."
        )
    if wanted > role.max_session_duration_s:
        raise ValidationError(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return wanted


def _load_web_identities(directory: Directory, clock: Clock) -> "WebIdentities":
    """Import what only tokens of issuers need; it takes some 100 ms."""
    module = importlib.import_module("ingle.services.sts.web_identity")
    made: WebIdentities = module.WebIdentities(directory, clock)
    return made
