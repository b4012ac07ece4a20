"""Temporary credentials of roles, which nobody has to store.

The session token is a sealed note of whose the credentials are, what their secret is and when they
end: any server that has the data folder's keys can verify what another one gave out.
"""

import base64
import functools
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingle.auth.keys import AccessKey
from ingle.storage.encryption import KeyRing, SealBroken

DURATION_S = 12 * 3600
"""How long the credentials of a function's role are good for. AWS's are for twelve hours: presigned
URLs that functions make end then (https://github.com/boto/boto3/issues/2392), and no role session
may be longer (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)."""

_ROLE = re.compile(r"arn:([^:]*):iam::(\d{12}):role(.+)")
_CACHED_SESSIONS = 4096
_ID_BYTES = 10
_SECRET_BYTES = 30
# The secret, and from when to when, in seconds since the epoch; the principal's ARN follows.
_NOTE = struct.Struct(f"<{_SECRET_BYTES}sdd")


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """What whoever has assumed a role signs requests with.

    Attributes:
        access_key_id: `ASIA` and 16 characters.
        secret_access_key: 40 characters.
        session_token: goes with each request, in X-Amz-Security-Token.
        expiration: until when they are good, in seconds since the epoch.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: float

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables in which AWS's SDKs look for them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


class SessionMinter:
    """Gives out temporary credentials, and knows them again.

    Args:
        keys: the data folder's.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._box = keys.box("session tokens")
        # What raises is not kept, so that guesses do not displace what is in use.
        self._opened = functools.lru_cache(_CACHED_SESSIONS)(self._open)

    def mint(
        self, role_arn: str, session_name: str, now: float, duration_s: float = DURATION_S
    ) -> SessionCredentials:
        """Make credentials of a role; takes some 10 µs.

        Args:
            role_arn: the role, for instance `arn:aws:iam::000000000000:role/service-role/r`.
            session_name: who assumes it; for a function's own role, the function's name.
            now: from when on, in seconds since the epoch.
            duration_s: for how long.

        Raises:
            ValueError: `role_arn` is not the ARN of a role.
        """
        principal = assumed_role_arn(role_arn, session_name)
        random = os.urandom(_ID_BYTES + _SECRET_BYTES)
        access_key_id = "ASIA" + base64.b32encode(random[:_ID_BYTES]).decode("ascii")
        secret = random[_ID_BYTES:]
        expiration = now + duration_s
        note = _NOTE.pack(secret, now, expiration) + principal.encode()
        token = base64.b64encode(self._box.seal(note, access_key_id)).decode("ascii")
        return SessionCredentials(access_key_id, _secret_text(secret), token, expiration)

    def find(self, access_key_id: str, session_token: str) -> AccessKey | None:
        """Return the key that a session token is for, also one that has ended; None if forged.

        May be called from any thread.
        """
        try:
            return self._opened(access_key_id, session_token)
        except (SealBroken, ValueError):
            return None

    def _open(self, access_key_id: str, session_token: str) -> AccessKey:
        note = self._box.open(base64.b64decode(session_token, validate=True), access_key_id)
        secret, _, expiration = _NOTE.unpack_from(note)
        principal = note[_NOTE.size :].decode()
        return AccessKey(
            access_key_id,
            _secret_text(secret),
            principal.split(":")[4],
            principal,
            session_token=session_token,
            expires_at=expiration,
        )


def assumed_role_arn(role_arn: str, session_name: str) -> str:
    """Say who has assumed a role: `arn:aws:sts::000000000000:assumed-role/role/session`.

    A role's path is not part of it. Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html

    Raises:
        ValueError: `role_arn` is not the ARN of a role.
    """
    match = _ROLE.fullmatch(role_arn)
    if match is None:
        raise ValueError(f"{role_arn!r} is not the ARN of a role")
    partition, account_id, rest = match.groups()
    name = rest.strip("/").rpartition("/")[2]
    return f"arn:{partition or 'aws'}:sts::{account_id}:assumed-role/{name}/{session_name}"


def _secret_text(secret: bytes) -> str:
    return base64.b64encode(secret).decode("ascii")
