"""The operations of STS.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
"""

from typing import ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.auth.keys import Identity
from ingle.auth.sessions import SessionMinter, account_of
from ingle.clock import Clock
from ingle.services.sts.errors import ValidationError
from ingle.services.sts.issuing import Issuing
from ingle.services.sts.permissions import Permissions
from ingle.services.sts.roles import Roles
from ingle.services.sts.second_factor import SecondFactor
from ingle.services.sts.users import Users
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class StsService(Service):
    """Gives out temporary credentials, and tells whose credentials are.

    Args:
        directory: the identities that there are.
        authorizer: decides who may assume roles.
        sessions: makes the credentials.
        clock: says what time it is.
    """

    name = "sts"
    # The first takes the role's consent too. The others take no permission: whoever has
    # credentials may have shorter ones, and know whose they are.
    decides: ClassVar[frozenset[str]] = frozenset(
        {"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity", "GetSessionToken"}
    )

    def __init__(
        self,
        directory: Directory,
        authorizer: Authorizer,
        sessions: SessionMinter,
        clock: Clock,
    ) -> None:
        self._directory = directory
        permissions = Permissions(authorizer)
        issuing = Issuing(sessions, clock)
        second_factor = SecondFactor(directory, clock)
        self._roles = Roles(directory, permissions, issuing, second_factor, clock)
        self._users = Users(directory, issuing, second_factor)

    async def assume_role(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give out credentials of a role to whom it trusts."""
        return await self._roles.assume(context, request)

    async def assume_role_with_web_identity(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give out credentials of a role to those for whom an OpenID Connect issuer vouches."""
        return await self._roles.assume_with_web_identity(context, request)

    async def get_session_token(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give out temporary credentials of the caller itself."""
        return await self._users.session_token(context, request)

    async def get_federation_token(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give out credentials with a part of the caller's permissions."""
        return await self._users.federation_token(context, request)

    async def get_caller_identity(
        self, context: CallContext, _request: ServiceInput
    ) -> ServiceOutput:
        """Say who the caller is."""
        identity: Identity = context.identity
        return {
            "UserId": identity.principal.unique_id,
            "Account": identity.account_id,
            "Arn": identity.principal_arn,
        }

    async def get_access_key_info(
        self, _context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say which account an access key is of."""
        access_key_id: str = request["AccessKeyId"]
        account = self._directory.key_account(access_key_id)
        if account is None:
            account = account_of(access_key_id)
            if account is None or not self._directory.account_exists(account):
                raise ValidationError(f"The access key {access_key_id} does not exist.")
        return {"Account": account}
