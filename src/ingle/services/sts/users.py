"""Sessions of users and root users, and of the users whom they federate.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from ingle.auth.directory import Directory
from ingle.auth.grants import Grant
from ingle.auth.keys import Identity, SessionKind
from ingle.auth.sessions import federated_user_arn
from ingle.iam.principal import PrincipalKind
from ingle.services.sts.bounds import packed_percentage, session_policies, session_tags
from ingle.services.sts.errors import AccessDenied
from ingle.services.sts.issuing import Issuing
from ingle.services.sts.limits import LIMITS
from ingle.services.sts.second_factor import SecondFactor
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Users:
    """Gives out credentials of users.

    Args:
        directory: the policies that there are.
        issuing: gives out the credentials.
        second_factor: verifies one-time passwords.
    """

    def __init__(self, directory: Directory, issuing: Issuing, second_factor: SecondFactor) -> None:
        self._directory = directory
        self._issuing = issuing
        self._second_factor = second_factor

    async def session_token(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Do what GetSessionToken does."""
        identity = _lasting(context, "GetSessionToken")
        principal = identity.principal
        mfa_at = self._second_factor.verify(identity, request)
        grant = Grant(SessionKind.USER, principal.arn, principal.unique_id, mfa_at=mfa_at)
        return self._issuing.issue(grant, request, _duration(identity, request))

    async def federation_token(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Do what GetFederationToken does."""
        identity = _lasting(context, "GetFederationToken")
        principal, name = identity.principal, request["Name"]
        tags = session_tags(request.get("Tags", ()), (), None)
        arn = federated_user_arn(principal.account_id, name)
        policies = session_policies(request, principal.account_id, self._directory)
        packed = packed_percentage(policies, tags.all)
        grant = Grant(
            SessionKind.FEDERATED_USER,
            principal.arn,
            principal.unique_id,
            name,
            policies.inline,
            policies.arns,
            tags.all,
        )
        return {
            **self._issuing.issue(grant, request, _duration(identity, request)),
            "FederatedUser": {
                "FederatedUserId": f"{principal.account_id}:{name}",
                "Arn": arn,
            },
            "PackedPolicySize": packed,
        }


def _lasting(context: CallContext, operation: str) -> Identity:
    identity: Identity = context.identity
    if identity.session is not None:
        raise AccessDenied(f"Cannot call {operation} with session credentials")
    return identity


def _duration(identity: Identity, request: ServiceInput) -> int:
    """A root user gets an hour at most, whatever it asks for."""
    wanted: int = request.get("DurationSeconds", LIMITS.user_duration)
    is_root = identity.principal.kind is PrincipalKind.ROOT
    return min(wanted, LIMITS.root_duration) if is_root else wanted
