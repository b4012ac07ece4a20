"""The nouns of IAM: what each is, and what it is called.

Every noun is a row of the table of its name in `tables.py`; fields and columns have the same names.
Times are in milliseconds since the epoch. Names are told apart without regard to case, as AWS
does, so `key` has them in lower case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

Key = tuple[str, str]
"""The account, and the name in lower case."""


def arn(account_id: str, kind: str, path: str, name: str) -> str:
    """Write an ARN of IAM, for instance `arn:aws:iam::000000000000:role/service-role/r`."""
    return f"arn:aws:iam::{account_id}:{kind}{path}{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """What all nouns have.

    Attributes:
        account_id: the account, twelve digits.
        name: its name, or what else it is told apart by in its account.
    """

    account_id: str
    name: str

    @property
    def key(self) -> Key:
        """What identifies it among all others of its kind."""
        return self.account_id, self.name.lower()

    @classmethod
    def from_row(cls, values: dict[str, Any]) -> Self:
        """Make it of its row; what JSON made a list of is a tuple again."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Noun):
    """An AWS account that this server has; `name` is its id.

    Attributes:
        title: what it is called, or "".
        created_ms: since when it is there.
        alias: its alias for sign-in, if it has one.
        password_policy: the members of AWS's `PasswordPolicy`, or None for AWS's default.
    """

    title: str
    created_ms: int
    alias: str | None = None
    password_policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer(Noun):
    """What policies can be attached to: a user, a group or a role.

    Attributes:
        unique_id: never given to another one.
        path: begins and ends with a slash.
        created_ms: when it was made.
        inline: its own policies: documents by name.
        attached: the ARNs of the managed policies, in the order in which they were attached.
    """

    unique_id: str
    path: str
    created_ms: int
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Bearer):
    """A user.

    Attributes:
        groups: the names of its groups in lower case.
        boundary: the ARN of the policy that is its permission boundary, if there is one.
        tags: its tags.
        password: the hash of its password, where it has a login profile.
        password_created_ms: when the login profile was made.
        password_reset: the password has to be changed when it is used.
    """

    groups: tuple[str, ...] = ()
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)
    password_created_ms: int | None = None
    password_reset: bool = False

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "user", self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Bearer):
    """A group of users; which ones, the users tell."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "group", self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Bearer):
    """A role.

    Attributes:
        trust: the policy that says who may assume it, as it is stored: principals that have a
            unique id are named by it.
        description: free text, or None where none was given.
        max_session_s: how long a session may last at most, in seconds.
        boundary: the ARN of the policy that is its permission boundary, if there is one.
        tags: its tags.
    """

    trust: str
    description: str | None = None
    max_session_s: int = 3600
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "role", self.path, self.name)

    @property
    def is_service_linked(self) -> bool:
        """Whether it belongs to a service, which alone may change it."""
        return self.path.startswith("/aws-service-role/")


class PolicyVersion(NamedTuple):
    """One version of a managed policy.

    Attributes:
        number: 1 for `v1`.
        document: as it was given.
        created_ms: when it was made.
    """

    number: int
    document: str
    created_ms: int

    @property
    def version_id(self) -> str:
        """AWS's name of it, for instance `v1`."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy(Noun):
    """A managed policy, the customer's or AWS's own.

    Attributes:
        unique_id: never given to another one.
        path: begins and ends with a slash.
        description: free text, or None where none was given.
        default: the number of the version that counts.
        last: the highest number that a version has had.
        versions: its versions, the oldest first.
        created_ms: when it was made.
        updated_ms: when it got its newest version.
        tags: its tags.
    """

    unique_id: str
    path: str
    description: str | None
    default: int
    last: int
    versions: tuple[PolicyVersion, ...]
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "policy", self.path, self.name)

    @property
    def document(self) -> str:
        """The version that counts."""
        return next(each.document for each in self.versions if each.number == self.default)

    def version(self, version_id: str) -> PolicyVersion | None:
        """Find a version by its id."""
        return next((each for each in self.versions if each.version_id == version_id), None)

    @classmethod
    def from_row(cls, values: dict[str, Any]) -> Self:
        """Make it of its row."""
        versions = tuple(PolicyVersion(*each) for each in values["versions"])
        return cls(**values | {"versions": versions})


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKey(Noun):
    """An access key of a user; `name` is its id.

    Attributes:
        user: the user's name in lower case; "" for the account's root user.
        secret: the secret half, as it is stored: sealed.
        active: whether it may be used.
        created_ms: when it was made.
    """

    user: str
    secret: str = field(repr=False)
    active: bool
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProfile(Noun):
    """What hands a role to a machine.

    Attributes:
        unique_id: never given to another one.
        path: begins and ends with a slash.
        created_ms: when it was made.
        role: the name of its role in lower case, if it has one.
        tags: its tags.
    """

    unique_id: str
    path: str
    created_ms: int
    role: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "instance-profile", self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate(Noun):
    """A certificate for HTTPS.

    Attributes:
        unique_id: never given to another one.
        path: begins and ends with a slash.
        uploaded_ms: when it came.
        expires_ms: until when it is good.
        body: the certificate, in PEM.
        chain: those that vouch for it, in PEM, or None.
        private_key: as it is stored: sealed.
        tags: its tags.
    """

    unique_id: str
    path: str
    uploaded_ms: int
    expires_ms: int
    body: str
    chain: str | None
    private_key: str = field(repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "server-certificate", self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider(Noun):
    """An issuer of web identities; `name` is its URL without the scheme.

    Attributes:
        client_ids: the audiences that are accepted.
        thumbprints: sha1 of the certificates at the top of its chain, in hex.
        created_ms: when it was made.
        tags: its tags.
    """

    client_ids: tuple[str, ...]
    thumbprints: tuple[str, ...]
    created_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(self.account_id, "oidc-provider", "/", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class MfaDevice(Noun):
    """A virtual device that makes one-time passwords; `name` is path and name, `/path/name`.

    Attributes:
        seed: what it makes them of, as it is stored: sealed.
        created_ms: when it was made.
        user: the name of its user in lower case, "" for the root user; None where it has none.
        enabled_ms: when that user got it.
        tags: its tags.
    """

    seed: str = field(repr=False)
    created_ms: int
    user: str | None = None
    enabled_ms: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def serial_number(self) -> str:
        """Its ARN, which is its serial number."""
        return arn(self.account_id, "mfa", "", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionTask(Noun):
    """The deletion of a service-linked role; `name` is the task's id.

    Attributes:
        created_ms: when it was asked for.
    """

    created_ms: int
