"""What STS's operations have in common when they give out credentials."""

import re
from typing import Any

from ingle.auth.grants import Grant, GrantTooLarge
from ingle.auth.sessions import MAX_TOKEN, SessionCredentials, SessionMinter
from ingle.clock import Clock
from ingle.services.sts.errors import PackedPolicyTooLarge, ValidationError
from ingle.wire.service import ServiceInput, ServiceOutput

_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/.+")


class Issuing:
    """Gives out credentials.

    Args:
        sessions: makes them.
        clock: says from when on they are good.
    """

    def __init__(self, sessions: SessionMinter, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def issue(self, grant: Grant, request: ServiceInput, duration_s: int) -> ServiceOutput:
        """Make credentials, and the members of the answer that tell them.

        Args:
            grant: whose they are.
            request: the operation's input, for `MinimumSessionTokenSize`.
            duration_s: for how long they are good.

        Raises:
            PackedPolicyTooLarge: the session token would be too long.
        """
        least = request.get("MinimumSessionTokenSize")
        try:
            made = self._sessions.mint(grant, int(self._clock.time()), duration_s, least or 0)
        except GrantTooLarge as error:
            raise PackedPolicyTooLarge("Serialized token too large for session") from error
        answer: ServiceOutput = {"Credentials": _credentials(made)}
        if least is not None:
            size = len(made.session_token)
            answer["SessionTokenSize"] = size
            answer["SessionTokenUtilization"] = -(-size * 100 // MAX_TOKEN)
        return answer


def role_account(role_arn: str) -> str:
    """Take the account out of the ARN of a role.

    Raises:
        ValidationError: it is not one.
    """
    if _ROLE_ARN.fullmatch(role_arn) is None:
        raise ValidationError(f"{role_arn} is invalid")
    return role_arn.split(":", 5)[4]


def _credentials(made: SessionCredentials) -> dict[str, Any]:
    return {
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "SessionToken": made.session_token,
        "Expiration": made.expiration,
    }
