"""Access keys, what sessions they are of, and the signing keys that are derived from them."""

import functools
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from ingle.iam.policy import Policy
from ingle.iam.principal import Principal

_NOTHING: Mapping[str, str] = MappingProxyType({})


class SessionKind(StrEnum):
    """How temporary credentials were got."""

    ROLE = "AssumeRole"
    WEB_IDENTITY = "AssumeRoleWithWebIdentity"
    USER = "GetSessionToken"
    FEDERATED_USER = "GetFederationToken"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What temporary credentials bring along, besides whose they are.

    The same object stands for the same credentials until identities change, so that it may be the
    key of what is cached; the ids of access keys are not secret, and not unique beyond doubt.

    Attributes:
        kind: the operation that gave them out; a function has its role's as AssumeRole's.
        issued_at: in seconds since the epoch; `aws:TokenIssueTime`.
        expires_at: until when they are good, likewise.
        policies: the session policies; None where there are none, and the session may do what its
            role or user may.
        tags: the session tags, which are among the principal's tags too.
        transitive_tags: the names of those that stay when the next role is assumed.
        source_identity: `aws:SourceIdentity`, or None.
        issuer: for a federated user, the user or root user whose permissions it has a part of.
        federated_provider: `aws:FederatedProvider`: the ARN of the OIDC provider that vouched, or
            None.
        context: further condition keys of the session, in lower case, such as
            `issuer.example.com:sub`.
        mfa_at: when the user proved a second factor, in seconds since the epoch; None if not.
    """

    kind: SessionKind
    issued_at: float
    expires_at: float
    policies: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    transitive_tags: frozenset[str] = frozenset()
    source_identity: str | None = None
    issuer: Principal | None = None
    federated_provider: str | None = None
    context: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    mfa_at: float | None = None

    @property
    def is_of_a_role(self) -> bool:
        """Whether a role was assumed, in whichever way."""
        return self.kind in (SessionKind.ROLE, SessionKind.WEB_IDENTITY)

    @property
    def may_call_iam(self) -> bool:
        """Whether IAM takes such credentials: not those of users, unless with a second factor.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
        """
        return self.is_of_a_role or (self.kind is SessionKind.USER and self.mfa_at is not None)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key pair and whose it is.

    Attributes:
        access_key_id: the public half, without slashes or white space.
        secret_access_key: the secret half; never shown by `repr`.
        principal: whose it is.
        loopback_only: accept it only from this machine, and not for pages of other origins.
        session_token: the token that temporary credentials come with; None for lasting ones.
        session: what temporary credentials bring along; None for lasting ones.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    principal: Principal
    loopback_only: bool = False
    session_token: str | None = field(default=None, repr=False)
    session: Session | None = None

    @property
    def account_id(self) -> str:
        """The account it acts in, twelve digits."""
        return self.principal.account_id

    @property
    def principal_arn(self) -> str:
        """Whose it is, for instance `arn:aws:iam::000000000000:root`."""
        return self.principal.arn


class Identity(NamedTuple):
    """Who signed a request, and for where.

    Attributes:
        access_key_id: the key that signed; a session has one of its own.
        principal: the caller, as it is now.
        region: the region of the signature's scope.
        service: the signing name of the signature's scope, for instance `lambda`.
        session: what temporary credentials brought along; None where the key is a lasting one.
    """

    access_key_id: str
    principal: Principal
    region: str
    service: str
    session: Session | None = None

    @property
    def account_id(self) -> str:
        """The account of the caller, twelve digits."""
        return self.principal.account_id

    @property
    def principal_arn(self) -> str:
        """The caller, for instance `arn:aws:iam::000000000000:root`."""
        return self.principal.arn

    @property
    def holder(self) -> Principal:
        """Whose identity policies count: the caller's, or those of a federated user's issuer."""
        session = self.session
        return self.principal if session is None else session.issuer or self.principal


# A key is good for one day, region and service; a busy server sees a few hundred of them.
@functools.lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Derive the key that signs requests of one day (YYYYMMDD), region and service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
