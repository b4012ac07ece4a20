"""Policy documents: checked when they come, measured, and written as answers have them."""

from collections.abc import Iterable
from urllib.parse import quote

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.services.iam.errors import LimitExceeded, MalformedPolicyDocument, over_quota
from ingle.services.iam.limits import SIZE
from ingle.services.iam.trust import Trust, UnknownPrincipal


def check_identity(document: str) -> None:
    """Refuse what is no policy for a user, a group or a role.

    Raises:
        MalformedPolicyDocument: in AWS's words.
    """
    _check(document, PolicyKind.IDENTITY)


def check_managed(document: str) -> None:
    """Refuse what cannot be a managed policy.

    Raises:
        MalformedPolicyDocument: in AWS's words.
        LimitExceeded: it is too long.
    """
    _check(document, PolicyKind.IDENTITY, managed=True)
    if size(document) > SIZE.policy:
        raise over_quota("PolicySize", SIZE.policy)


def kept_trust(document: str, trust: Trust) -> str:
    """Return a trust policy as it is to be stored.

    Raises:
        MalformedPolicyDocument: it is none, or names somebody who is not there.
        LimitExceeded: it is too long.
    """
    _check(document, PolicyKind.TRUST)
    if size(document) > SIZE.trust:
        raise over_quota("ACLSizePerRole", SIZE.trust)
    try:
        return trust.kept(document)
    except UnknownPrincipal as error:
        raise MalformedPolicyDocument(
            f'Invalid principal in policy: "{error.kind}":"{error.principal}"'
        ) from error


def check_inline_size(documents: Iterable[str], limit: int, kind: str, name: str) -> None:
    """Refuse inline policies that are too long together.

    Args:
        documents: all of one bearer.
        limit: how many characters they may have.
        kind: what it is, for instance `user`.
        name: its name.

    Raises:
        LimitExceeded: they are.
    """
    if sum(map(size, documents)) > limit:
        raise LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {kind} {name}")


def size(document: str) -> int:
    """Count the characters of a document as AWS does: without white space."""
    return sum(map(len, document.split()))


def shown(document: str) -> str:
    """Write a document as answers have it: percent-encoded."""
    return quote(document, safe="")


def _check(document: str, kind: PolicyKind, *, managed: bool = False) -> None:
    try:
        Policy.parse(document, kind, managed=managed)
    except MalformedPolicy as error:
        raise MalformedPolicyDocument(str(error)) from error
