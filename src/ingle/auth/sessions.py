"""Temporary credentials, which nobody has to store.

The session token is a sealed note of whose the credentials are, what their secret is and when they
end: any server that has the data folder's keys can verify what another one gave out. Whether the
role or user is still there is looked up at each use.
"""

import base64
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ingle.auth.directory import Directory
from ingle.auth.grants import SECRET_BYTES, Grant, GrantTooLarge, Note
from ingle.auth.keys import AccessKey, Session, SessionKind
from ingle.auth.root import root_user
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.storage.encryption import KeyRing, SealBroken
from ingle.wire.errors import ServiceError

DURATION_S = 12 * 3600
"""How long the credentials of a function's role are good for. AWS's are for twelve hours: presigned
URLs that functions make end then (https://github.com/boto/boto3/issues/2392), and no role session
may be longer (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)."""

SOURCE_FUNCTION = "lambda:sourcefunctionarn"
"""The condition key that tells which function a call comes from."""

_ROLE = re.compile(r"arn:([^:]*):iam::(\d{12}):role(.+)")
_ROOT = re.compile(r"arn:[^:]*:iam::(\d{12}):root")
_CACHED_SESSIONS = 4096
MAX_TOKEN = 4096
"""How many characters a session token has at most. AWS says that clients should assume no limit;
this is what its MinimumSessionTokenSize goes up to."""
_SEAL_BYTES = 37
# The account's number is in the id, as in AWS's: 40 bits of the first 48, before the last 7.
_ID_BYTES, _ACCOUNT_BYTES, _ACCOUNT_SHIFT = 10, 6, 7
_ACCOUNT_MASK = (1 << 40) - 1


class RoleMissing(ServiceError):
    """There is no such role to give a function credentials of.

    AWS's answer to Invoke then, also where the role does not trust Lambda any more.
    """

    code = "AccessDeniedException"
    status = 403

    def __init__(self) -> None:
        super().__init__("The role defined for the function cannot be assumed by Lambda.")


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """What whoever has a session signs requests with.

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


class _Opened:
    """A token that was opened, and whose it was found to be, at which generation."""

    __slots__ = ("found", "note")

    def __init__(self, note: Note) -> None:
        self.note = note
        # One value, since threads may set it at the same time.
        self.found: tuple[int, AccessKey | None] = (-1, None)


class SessionMinter:
    """Gives out temporary credentials, and knows them again.

    Args:
        keys: the data folder's.
        directory: the roles and users that there are.
    """

    def __init__(self, keys: KeyRing, directory: Directory) -> None:
        self._box = keys.box("sessions")
        self._directory = directory
        # What raises is not kept, so that guesses do not displace what is in use.
        self._opened = functools.lru_cache(_CACHED_SESSIONS)(self._open)

    def mint(
        self, grant: Grant, now: float, duration_s: float, least_token: int = 0
    ) -> SessionCredentials:
        """Make credentials; takes some 10 µs.

        Args:
            grant: whose they are.
            now: from when on, in seconds since the epoch.
            duration_s: for how long.
            least_token: how many characters the session token has at least, up to `MAX_TOKEN`.

        Raises:
            GrantTooLarge: the token would have more than `MAX_TOKEN` characters.
        """
        random = os.urandom(_ID_BYTES + SECRET_BYTES)
        access_key_id = _access_key_id(grant.account_id, random[:_ID_BYTES])
        secret = random[_ID_BYTES:]
        expiration = now + duration_s
        least = -(-least_token * 3 // 4) - _SEAL_BYTES
        note = Note(grant, secret, now, expiration).pack(least)
        token = base64.b64encode(self._box.seal(note, access_key_id)).decode("ascii")
        if len(token) > MAX_TOKEN:
            raise GrantTooLarge
        return SessionCredentials(access_key_id, _secret_text(secret), token, expiration)

    def mint_for_function(self, role_arn: str, function_arn: str, now: float) -> SessionCredentials:
        """Make credentials of a function's role, as the role is now.

        Its sessions are called by the function's name, and policies may ask for its ARN:
        https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html

        Args:
            role_arn: the role, for instance `arn:aws:iam::000000000000:role/service-role/r`.
            function_arn: the function's, without a qualifier.
            now: from when on, in seconds since the epoch.

        Raises:
            RoleMissing: there is no such role.
        """
        role = self._directory.role(role_arn)
        if role is None:
            raise RoleMissing
        name = function_arn.rpartition(":")[2]
        context = {SOURCE_FUNCTION: function_arn}
        grant = Grant(SessionKind.ROLE, role.arn, role.unique_id, name, context=context)
        return self.mint(grant, now, DURATION_S)

    def find(self, access_key_id: str, session_token: str) -> AccessKey | None:
        """Return the key that a session token is for, also one that has ended.

        None if it is forged, or if the role or user that it is of is not there any more; one of the
        same name that was made since is another. May be called from any thread.
        """
        try:
            opened = self._opened(access_key_id, session_token)
        except (SealBroken, ValueError):
            return None
        generation = self._directory.generation
        known, key = opened.found
        if known != generation:
            key = self._resolve(access_key_id, session_token, opened.note)
            opened.found = (generation, key)
        return key

    def _open(self, access_key_id: str, session_token: str) -> _Opened:
        sealed = base64.b64decode(session_token, validate=True)
        return _Opened(Note.unpack(self._box.open(sealed, access_key_id)))

    def _resolve(self, access_key_id: str, session_token: str, note: Note) -> AccessKey | None:
        grant = note.grant
        is_role = grant.kind in (SessionKind.ROLE, SessionKind.WEB_IDENTITY)
        holder = self._role(grant) if is_role else self._user(grant)
        if holder is None:
            return None
        is_federated = grant.kind is SessionKind.FEDERATED_USER
        session = Session(
            kind=grant.kind,
            issued_at=note.issued_at,
            expires_at=note.expires_at,
            policies=self._policies(grant),
            tags=grant.tags,
            transitive_tags=grant.transitive_tags,
            source_identity=grant.source_identity,
            issuer=holder if is_federated else None,
            federated_provider=grant.federated_provider,
            context=grant.context,
            mfa_at=grant.mfa_at,
        )
        return AccessKey(
            access_key_id,
            _secret_text(note.secret),
            _federated_user(holder, grant) if is_federated else holder,
            session_token=session_token,
            session=session,
        )

    def _role(self, grant: Grant) -> Principal | None:
        role = self._directory.role(grant.holder_arn)
        if role is None or role.unique_id != grant.holder_id:
            return None
        return Principal(
            PrincipalKind.ROLE_SESSION,
            assumed_role_arn(role.arn, grant.name),
            grant.account_id,
            f"{role.unique_id}:{grant.name}",
            role_arn=role.arn,
            tags=merged_tags(role.tags, grant.tags),
        )

    def _user(self, grant: Grant) -> Principal | None:
        root = _ROOT.fullmatch(grant.holder_arn)
        if root is not None:
            return root_user(root[1]) if self._directory.account_exists(root[1]) else None
        user = self._directory.user(grant.holder_arn)
        return user if user is not None and user.unique_id == grant.holder_id else None

    def _policies(self, grant: Grant) -> tuple[Policy, ...] | None:
        """The session policies; a federated user without any has no permissions."""
        bounded = grant.policy is not None or grant.policy_arns
        if not bounded and grant.kind is not SessionKind.FEDERATED_USER:
            return None
        policies = [
            policy
            for policy in (
                self._directory.managed_policy(grant.account_id, arn) for arn in grant.policy_arns
            )
            if policy is not None
        ]
        if grant.policy is not None:
            policies.append(Policy.parse(grant.policy, PolicyKind.SESSION))
        return tuple(policies)


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


def merged_tags(own: Mapping[str, str], session: Mapping[str, str]) -> Mapping[str, str]:
    """Put tags together; those of a session count, whatever the case of their names."""
    if not own or not session:
        return own or session
    given = {name.lower() for name in session}
    kept = {name: value for name, value in own.items() if name.lower() not in given}
    return MappingProxyType({**kept, **session})


def federated_user_arn(account_id: str, name: str) -> str:
    """Say who a federated user is: `arn:aws:sts::000000000000:federated-user/name`."""
    return f"arn:aws:sts::{account_id}:federated-user/{name}"


def _federated_user(issuer: Principal, grant: Grant) -> Principal:
    account_id = issuer.account_id
    return Principal(
        PrincipalKind.FEDERATED_USER,
        federated_user_arn(account_id, grant.name),
        account_id,
        f"{account_id}:{grant.name}",
        tags=merged_tags(issuer.tags, grant.tags),
    )


def account_of(access_key_id: str) -> str | None:
    """Tell the account that temporary credentials are of by their id; None where it has none."""
    try:
        number = base64.b32decode(access_key_id.removeprefix("ASIA"))
    except ValueError:
        return None
    if not access_key_id.startswith("ASIA") or len(number) != _ID_BYTES:
        return None
    account = (int.from_bytes(number[:_ACCOUNT_BYTES]) >> _ACCOUNT_SHIFT) & _ACCOUNT_MASK
    return f"{account:012}"


def _access_key_id(account_id: str, random: bytes) -> str:
    head = int.from_bytes(random[:_ACCOUNT_BYTES]) & ~(_ACCOUNT_MASK << _ACCOUNT_SHIFT)
    head |= int(account_id) << _ACCOUNT_SHIFT
    number = head.to_bytes(_ACCOUNT_BYTES) + random[_ACCOUNT_BYTES:]
    return "ASIA" + base64.b32encode(number).decode("ascii")


def _secret_text(secret: bytes) -> str:
    return base64.b64encode(secret).decode("ascii")
