"""What signatures, sessions and permissions ask about identities, answered from memory.

It implements `ingle.auth.directory.Directory`, whose page says what each answer is. Everything may
be called from threads: it reads, and what it caches it can lose.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

from ingle.auth.directory import OidcProvider, PrincipalPolicies, RoleFacts
from ingle.auth.keys import AccessKey
from ingle.auth.root import root_user
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.services.iam.model import Bearer, MfaDevice, Role, User
from ingle.services.iam.one_time import matching_step
from ingle.services.iam.store import IamStore
from ingle.services.iam.trust import Trust, UnknownPrincipal

T = TypeVar("T")

_CACHED_PRINCIPALS = 4096
_CACHED_DOCUMENTS = 4096

parsed = lru_cache(_CACHED_DOCUMENTS)(Policy.parse)
"""A policy of its document, kind and name; those that have the same one share it."""


class Directory:
    """The identities of all accounts, as they are now.

    Args:
        store: where they are.
        root_keys: finds a root user's key by its id.
    """

    def __init__(self, store: IamStore, root_keys: Callable[[str], AccessKey | None]) -> None:
        self._store = store
        self._root_keys = root_keys
        self._trust = Trust(store)
        self._policies: _Cache[PrincipalPolicies] = _Cache()
        self._roles: _Cache[RoleFacts | None] = _Cache()
        self._keys: _Cache[AccessKey | None] = _Cache()
        # By device; a password is good once, as those are that come before it.
        self._last_steps: dict[str, int] = {}

    @property
    def generation(self) -> int:
        """A number that grows with every change of identities; what is cached compares it."""
        return self._store.generation

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Return a lasting key that is active, a user's or a root user's; None for any other."""
        root_key = self._root_keys(access_key_id)
        if root_key is not None:
            return root_key
        if self._store.access_keys.identified(access_key_id) is None:  # guesses displace nothing
            return None
        return self._keys.get(access_key_id, self.generation, lambda: self._key(access_key_id))

    def key_account(self, access_key_id: str) -> str | None:
        """Return the account of a lasting key, active or not; None where there is no such key."""
        root_key = self._root_keys(access_key_id)
        if root_key is not None:
            return root_key.account_id
        key = self._store.access_keys.identified(access_key_id)
        return None if key is None else key.account_id

    def used(self, access_key_id: str, service: str, region: str, at: float) -> None:
        """Take note that a key signed a request, at a time in seconds since the epoch."""
        if self._store.access_keys.identified(access_key_id) is not None:
            self._store.uses.note(access_key_id, service, region, at)

    def role_used(self, arn: str, service: str, region: str, at: float) -> None:
        """Take note that a session of a role signed a request.

        Args:
            arn: the role's, with its path.
            service: the signature's service, for instance `lambda`.
            region: its region.
            at: in seconds since the epoch.
        """
        role = self._store.role_by_arn(arn)
        if role is not None:
            self._store.uses.note(role.unique_id, service, region, at)

    def account_exists(self, account_id: str) -> bool:
        """Say whether there is an account of this number."""
        return self._store.accounts.get(account_id, account_id) is not None

    def user(self, arn: str) -> Principal | None:
        """Return a user as it is now, by its ARN with its path; None where there is none."""
        user = self._store.user_by_arn(arn)
        return None if user is None else principal_of(user)

    def role(self, arn: str) -> RoleFacts | None:
        """Return a role as it is now, by its ARN with its path; None where there is none."""
        return self._roles.get(arn, self.generation, lambda: self._role(arn))

    def kept_policy(self, document: str) -> str:
        """Return a resource's policy as it is to be stored: users and roles by their unique ids.

        Raises:
            LookupError: it names a user or role that an account of this server has not.
        """
        try:
            return self._trust.kept(document)
        except UnknownPrincipal as error:
            raise LookupError(error.principal) from error

    def shown_policy(self, document: str) -> str:
        """Return a stored policy as callers see it, with the ids only of what was deleted."""
        return self._trust.shown(document)

    def policies(self, principal: Principal) -> PrincipalPolicies:
        """Return the policies of a root user, a user or a role's session, compiled.

        Those of a user or role that is gone, or was made anew since, are none at all.
        """
        unique_id = principal.unique_id.partition(":")[0]
        if principal.kind is PrincipalKind.USER:
            arn = principal.arn
            find: Callable[[str], User | Role | None] = self._store.user_by_arn
        elif principal.kind is PrincipalKind.ROLE_SESSION and principal.role_arn is not None:
            arn, find = principal.role_arn, self._store.role_by_arn
        else:
            return PrincipalPolicies()

        def compiled() -> PrincipalPolicies:
            bearer = find(arn)
            if bearer is None or bearer.unique_id != unique_id:
                return PrincipalPolicies()
            return self._compiled(bearer)

        return self._policies.get(arn + unique_id, self.generation, compiled)

    def verify_mfa(
        self, principal: Principal, serial_number: str, code: str, at: float
    ) -> bool | None:
        """Say whether a one-time password is right; None where it is of no device of theirs."""
        device = self._device(principal, serial_number)
        if device is None:
            return None
        step = matching_step(self._store.secrets.open(device), code, at)
        if step is None or step <= self._last_steps.get(serial_number, -1):
            return False
        self._last_steps[serial_number] = step
        return True

    def managed_policy(self, account_id: str, arn: str) -> Policy | None:
        """Return the default version of a managed policy, an account's or AWS's, compiled."""
        policy = self._store.policy(account_id, arn)
        return None if policy is None else parsed(policy.document, PolicyKind.IDENTITY, policy.arn)

    def oidc_provider(self, account_id: str, issuer: str) -> OidcProvider | None:
        """Return the provider of an account for an issuer, named by host and path."""
        provider = self._store.oidc_providers.get(account_id, issuer)
        if provider is None or provider.name != issuer:
            return None
        return OidcProvider(
            provider.arn, f"https://{provider.name}", provider.client_ids, provider.thumbprints
        )

    def _device(self, principal: Principal, serial_number: str) -> MfaDevice | None:
        if principal.kind is PrincipalKind.ROOT:
            user = ""
        elif principal.kind is PrincipalKind.USER:
            user = principal.arn.rpartition("/")[2].lower()
        else:
            return None
        name = serial_number.partition(":mfa")[2]
        device = self._store.mfa_devices.get(principal.account_id, name)
        if device is None or device.serial_number != serial_number or device.user != user:
            return None
        return device

    def _key(self, access_key_id: str) -> AccessKey | None:
        key = self._store.access_keys.identified(access_key_id)
        if key is None or not key.active:
            return None
        if key.user:
            user = self._store.users.get(key.account_id, key.user)
            if user is None:
                return None
            principal = principal_of(user)
        else:
            principal = root_user(key.account_id)
        return AccessKey(key.name, self._store.secrets.open(key), principal)

    def _role(self, arn: str) -> RoleFacts | None:
        role = self._store.role_by_arn(arn)
        if role is None:
            return None
        return RoleFacts(
            arn=role.arn,
            unique_id=role.unique_id,
            trust=parsed(self._trust.shown(role.trust), PolicyKind.TRUST, role.arn),
            max_session_duration_s=role.max_session_s,
            path=role.path,
            tags=role.tags,
        )

    def _compiled(self, bearer: User | Role) -> PrincipalPolicies:
        bearers: list[Bearer] = [bearer]
        if isinstance(bearer, User):
            groups = (self._store.groups.get(bearer.account_id, each) for each in bearer.groups)
            bearers += [each for each in groups if each is not None]
        identity = [policy for each in bearers for policy in self._policies_of(each)]
        boundary = None
        if bearer.boundary is not None:
            boundary = self.managed_policy(bearer.account_id, bearer.boundary)
        return PrincipalPolicies(tuple(identity), boundary)

    def _policies_of(self, bearer: Bearer) -> list[Policy]:
        inline = [
            parsed(document, PolicyKind.IDENTITY, name) for name, document in bearer.inline.items()
        ]
        managed = (self.managed_policy(bearer.account_id, each) for each in bearer.attached)
        return inline + [each for each in managed if each is not None]


class _Cache(Generic[T]):
    """What was derived from identities, good until the next change of any."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[int, T]] = {}

    def get(self, key: str, generation: int, make: Callable[[], T]) -> T:
        """Return what is cached for a key, or make it."""
        found = self._items.get(key)
        if found is not None and found[0] == generation:
            return found[1]
        if len(self._items) >= _CACHED_PRINCIPALS:
            self._items.clear()
        value = make()
        self._items[key] = generation, value
        return value


def principal_of(user: User) -> Principal:
    """Make the principal that a user is."""
    return Principal(PrincipalKind.USER, user.arn, user.account_id, user.unique_id, tags=user.tags)
