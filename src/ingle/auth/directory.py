"""What signatures, sessions and permissions need to know of identities.

The service that keeps identities implements it (`services/iam/directory.py`). Everything here is
answered from memory, without a lock and at once, for it is asked on the way of every request, and
from threads too. An answer is true now: what was changed a moment ago is seen by the next call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from ingle.auth.keys import AccessKey
from ingle.iam.policy import Policy
from ingle.iam.principal import Principal

_NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PrincipalPolicies:
    """The policies that belong to whoever calls.

    Attributes:
        identity: inline and attached, of a user's groups too.
        boundary: the permissions boundary, or None.
        account: the account's own boundary, as a service control policy is; None where there is
            none.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    account: tuple[Policy, ...] | None = None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What assuming a role takes to know of it.

    Attributes:
        arn: with its path, for instance `arn:aws:iam::000000000000:role/service-role/r`.
        unique_id: `AROA…`; another one when a role of that name is made anew.
        trust: who may assume it.
        max_session_duration_s: the longest session that AssumeRole gives, in seconds.
        path: `/` or `/…/`.
        tags: the role's own.
    """

    arn: str
    unique_id: str
    trust: Policy
    max_session_duration_s: int = 3600
    path: str = "/"
    tags: Mapping[str, str] = field(default_factory=lambda: _NO_TAGS)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OpenID Connect provider that an account trusts.

    Attributes:
        arn: `arn:aws:iam::000000000000:oidc-provider/issuer.example.com/path`.
        url: the issuer as it was registered, for instance `https://issuer.example.com/path`.
        client_ids: the audiences that tokens may be for.
        thumbprints: SHA-1 of certificates, 40 hexadecimal digits each.
    """

    arn: str
    url: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()


class Directory(Protocol):
    """The identities of all accounts, as they are now."""

    @property
    def generation(self) -> int:
        """A number that grows after every change of identities; what is cached compares it.

        Whoever caches reads it before it looks.
        """
        ...

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Return a lasting key that is active, a user's or a root user's; None for any other."""
        ...

    def key_account(self, access_key_id: str) -> str | None:
        """Return the account of a lasting key, active or not; None where there is no such key."""
        ...

    def used(self, access_key_id: str, service: str, region: str, at: float) -> None:
        """Take note that a key signed a request.

        Called for every verified request, so it only changes memory; ids of no lasting key are
        passed over.

        Args:
            access_key_id: the key.
            service: the signature's service, for instance `lambda`.
            region: its region.
            at: in seconds since the epoch.
        """
        ...

    def role_used(self, arn: str, service: str, region: str, at: float) -> None:
        """Take note that a session of a role signed a request.

        Args:
            arn: the role's, with its path.
            service: as in `used`.
            region: as in `used`.
            at: in seconds since the epoch.
        """
        ...

    def account_exists(self, account_id: str) -> bool:
        """Say whether there is an account of this number."""
        ...

    def user(self, arn: str) -> Principal | None:
        """Return a user as it is now, by its ARN with its path; None where there is none."""
        ...

    def role(self, arn: str) -> RoleFacts | None:
        """Return a role as it is now, by its ARN with its path; None where there is none."""
        ...

    def kept_policy(self, document: str) -> str:
        """Return a resource's policy as it is to be stored: users and roles by their unique ids.

        One that is deleted and made anew is then another one, as on AWS.

        Args:
            document: a policy with principals, which is well formed.

        Raises:
            LookupError: it names a user or role that an account of this server has not.
        """
        ...

    def shown_policy(self, document: str) -> str:
        """Return a stored policy as callers see it, with the ids only of what was deleted."""
        ...

    def policies(self, principal: Principal) -> PrincipalPolicies:
        """Return the policies of a root user, a user or a role's session, compiled.

        Those of a root user have `identity` empty; it needs none. A federated user has those of
        whom it comes from: see `Identity.holder`.
        """
        ...

    def verify_mfa(
        self, principal: Principal, serial_number: str, code: str, at: float
    ) -> bool | None:
        """Say whether a one-time password is right.

        Args:
            principal: a user or root user, whose device it has to be.
            serial_number: of the device, its ARN for a virtual one.
            code: six digits.
            at: when it was entered, in seconds since the epoch.

        Returns:
            None where the principal has no such device.
        """
        ...

    def managed_policy(self, account_id: str, arn: str) -> Policy | None:
        """Return the default version of a managed policy, compiled.

        Args:
            account_id: whose policies may be named, besides AWS's own.
            arn: for instance `arn:aws:iam::aws:policy/ReadOnlyAccess`.
        """
        ...

    def oidc_provider(self, account_id: str, issuer: str) -> OidcProvider | None:
        """Return the provider for an issuer.

        Args:
            account_id: whose it is.
            issuer: host and path, as in the provider's ARN, for instance `issuer.example.com/p`.
        """
        ...


def note_use(directory: Directory) -> Callable[[AccessKey, str, str, float], None]:
    """Make what takes note of each request that was verified.

    Returns:
        Takes the key that signed, the service and region of its signature, and the time in seconds
        since the epoch.
    """

    def note(key: AccessKey, service: str, region: str, at: float) -> None:
        if key.session is None:
            directory.used(key.access_key_id, service, region, at)
        elif key.principal.role_arn is not None:
            directory.role_used(key.principal.role_arn, service, region, at)

    return note
