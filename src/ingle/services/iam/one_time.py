"""One-time passwords of virtual MFA devices.

Source: https://datatracker.ietf.org/doc/html/rfc6238, with AWS's choices: SHA-1, 30 s, six digits.
"""

import base64
import hmac

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
_DIGITS = 6
# A device's clock may be off by a step.
_NEAR = (0, -1, 1)


def matching_step(seed: str, code: str, at: float) -> int | None:
    """Find the step of time in which a device shows a password; None where it is wrong.

    Args:
        seed: the device's, in Base32.
        code: six digits.
        at: when the password was entered, in seconds since the epoch.
    """
    # RFC 4226 asks for 128 bits; a seed may have been imported that has fewer.
    totp = TOTP(
        base64.b32decode(seed),
        _DIGITS,
        SHA1(),  # noqa: S303
        STEP_S,
        enforce_key_length=False,
    )
    now = int(at) // STEP_S
    for step in (now + each for each in _NEAR):
        if hmac.compare_digest(totp.generate(step * STEP_S), code.encode()):
            return step
    return None
