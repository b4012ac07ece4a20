"""IAM's quotas, read from `limits.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """How many an account may have."""

    users: int
    groups: int
    roles: int
    policies: int
    policy_versions: int
    instance_profiles: int
    server_certificates: int
    oidc_providers: int


@dataclass(frozen=True, slots=True)
class EachLimits:
    """How many one of them may have."""

    groups_per_user: int
    access_keys_per_user: int
    signing_certificates_per_user: int
    mfa_devices_per_user: int
    attached_per_user: int
    attached_per_group: int
    attached_per_role: int
    versions_per_policy: int
    roles_per_instance_profile: int
    client_ids_per_provider: int
    thumbprints_per_provider: int
    tags: int


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How many characters documents may have, white space not counted."""

    user_inline: int
    group_inline: int
    role_inline: int
    policy: int
    trust: int


@dataclass(frozen=True, slots=True)
class ListingLimits:
    """How many items a page of a list has where the caller does not say."""

    page: int


@dataclass(frozen=True, slots=True)
class PasswordLimits:
    """What a password must have where the account has no policy of its own.

    Attributes:
        length: the fewest characters.
        kinds: of how many kinds (upper case, lower case, digits, others) they must be.
    """

    length: int
    kinds: int


_TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

ACCOUNT = AccountLimits(**_TABLES["account"])
EACH = EachLimits(**_TABLES["each"])
SIZE = SizeLimits(**_TABLES["size"])
LISTING = ListingLimits(**_TABLES["listing"])
PASSWORD = PasswordLimits(**_TABLES["password"])
