"""The second factor of users: one-time passwords of their MFA devices.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from ingle.auth.directory import Directory
from ingle.auth.keys import Identity
from ingle.clock import Clock
from ingle.services.sts.errors import AccessDenied, ValidationError
from ingle.wire.service import ServiceInput

_UNKNOWN = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial "
    "number is valid and associated with this user."
)
_WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


class SecondFactor:
    """Verifies one-time passwords.

    Args:
        directory: knows the devices.
        clock: says what time it is.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def verify(self, identity: Identity, request: ServiceInput) -> float | None:
        """Verify the one-time password in a request.

        Returns:
            When it was verified, in seconds since the epoch: now, or when the caller's session was
            made with one; None if there is none.

        Raises:
            AccessDenied: it is wrong, or the device is not the caller's.
            ValidationError: the device or the password is missing.
        """
        serial, code = request.get("SerialNumber"), request.get("TokenCode")
        if serial is None and code is None:
            session = identity.session
            return session.mfa_at if session is not None and not session.is_of_a_role else None
        if serial is None or code is None:
            raise ValidationError("SerialNumber and TokenCode must be given together.")
        now = self._clock.time()
        verified = self._directory.verify_mfa(identity.principal, serial, code, now)
        if verified is None:
            raise AccessDenied(_UNKNOWN)
        if not verified:
            raise AccessDenied(_WRONG)
        return now
