"""Identities in memory, which tests change at will."""

from dataclasses import dataclass, field

from ingle.auth.directory import OidcProvider, PrincipalPolicies, RoleFacts
from ingle.auth.keys import AccessKey
from ingle.auth.root import root_user
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind

TRUST = Policy.parse(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    },
    PolicyKind.TRUST,
)


@dataclass
class People:
    """Roles and users by their ARNs, accounts by their numbers, policies by their ARNs."""

    accounts: set[str] = field(default_factory=set)
    roles: dict[str, RoleFacts] = field(default_factory=dict)
    users: dict[str, Principal] = field(default_factory=dict)
    managed: dict[str, Policy] = field(default_factory=dict)
    keys: dict[str, AccessKey] = field(default_factory=dict)
    generation: int = 0
    uses: list[tuple[str, str, str, float]] = field(default_factory=list)

    def have_role(self, arn: str, unique_id: str = "AROAEXAMPLE", **tags: str) -> None:
        self.roles[arn] = RoleFacts(arn, unique_id, TRUST, tags=tags)
        self.generation += 1

    def have_user(self, arn: str, unique_id: str = "AIDAEXAMPLE", **tags: str) -> Principal:
        account_id = arn.split(":")[4]
        user = Principal(PrincipalKind.USER, arn, account_id, unique_id, tags=tags)
        self.users[arn] = user
        self.generation += 1
        return user

    def lose(self, name: str) -> None:
        self.roles.pop(name, None)
        self.users.pop(name, None)
        self.managed.pop(name, None)
        self.accounts.discard(name)
        self.generation += 1

    def access_key(self, access_key_id: str) -> AccessKey | None:
        return self.keys.get(access_key_id)

    def key_account(self, access_key_id: str) -> str | None:
        key = self.keys.get(access_key_id)
        return None if key is None else key.account_id

    def used(self, access_key_id: str, service: str, region: str, at: float) -> None:
        self.uses.append((access_key_id, service, region, at))

    def role_used(self, arn: str, service: str, region: str, at: float) -> None:
        self.uses.append((arn, service, region, at))

    def account_exists(self, account_id: str) -> bool:
        return account_id in self.accounts

    def user(self, arn: str) -> Principal | None:
        return self.users.get(arn)

    def role(self, arn: str) -> RoleFacts | None:
        return self.roles.get(arn)

    def policies(self, _principal: Principal) -> PrincipalPolicies:
        return PrincipalPolicies()

    def verify_mfa(self, _who: Principal, _serial: str, _code: str, _at: float) -> bool | None:
        return None

    def managed_policy(self, _account_id: str, arn: str) -> Policy | None:
        return self.managed.get(arn)

    def oidc_provider(self, _account_id: str, _issuer: str) -> OidcProvider | None:
        return None


ROOT = root_user("111122223333")
