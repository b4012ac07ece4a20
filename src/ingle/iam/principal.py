"""Who asks: the principal of a request, as policies name it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_NO_TAGS: Mapping[str, str] = MappingProxyType({})


class PrincipalKind(StrEnum):
    """What sort of principal it is; the values are those of `aws:PrincipalType`."""

    ROOT = "Account"
    USER = "User"
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    # An identity provider that vouches for somebody, in AssumeRoleWithWebIdentity and -WithSAML.
    PROVIDER = "FederatedProvider"
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request.

    Attributes:
        kind: what sort of principal it is.
        arn: `arn:aws:iam::<account>:root`, `arn:aws:iam::<account>:user/<path>/<name>`,
            `arn:aws:sts::<account>:assumed-role/<role>/<session>`,
            `arn:aws:sts::<account>:federated-user/<name>`; the ARN (OIDC, SAML) or the host name
            (`accounts.google.com`) of a provider, the name of a service (`lambda.amazonaws.com`),
            or `*` for nobody in particular.
        account_id: the account that it belongs to; empty for services, providers and nobody.
        unique_id: `aws:userid`: `AIDA…` of a user, `AROA…:<session>` of a role session,
            the account of a root user, `<account>:<name>` of a federated user.
        role_arn: of a role session, the ARN of its role with the role's path; of a federated user,
            the ARN of the user that asked for it; else None.
        tags: `aws:PrincipalTag/…`, those of the session included, under their names.
    """

    kind: PrincipalKind
    arn: str
    account_id: str
    unique_id: str
    role_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: _NO_TAGS, hash=False)

    @property
    def has_identity(self) -> bool:
        """Whether it belongs to an account, and so has policies of its own."""
        return bool(self.account_id)


ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "*", "", "anonymous")


def service_principal(name: str) -> Principal:
    """A service that calls by itself, for instance `s3.amazonaws.com`."""
    return Principal(PrincipalKind.SERVICE, name, "", name)


def root_arn(account_id: str) -> str:
    """The ARN of an account, which is also that of its root user."""
    return f"arn:aws:iam::{account_id}:root"


def canonical_user_id(account_id: str) -> str:
    """The 64 hexadecimal digits by which S3 knows an account.

    AWS draws them at random; here they follow from the account, so that nothing has to keep them.
    """
    return hashlib.sha256(f"canonical user {account_id}".encode()).hexdigest()
