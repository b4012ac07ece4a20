"""Whom the policies of functions and layers may name: users and roles that exist.

What accounts elsewhere have nobody here can know, so whatever is named of them is taken, as in
trust policies.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ingle.auth.directory import Directory
from ingle.services.lambda_.errors import InvalidParameterValue

_ACCOUNT = re.compile(r"\d{12}|arn:aws[a-zA-Z-]*:iam::\d{12}:root", re.ASCII)
_IDENTITY = re.compile(r"arn:aws[a-zA-Z-]*:iam::(\d{12}):(user|role)/.+", re.ASCII)
_SESSION = re.compile(
    r"arn:aws[a-zA-Z-]*:sts::\d{12}:(?:assumed-role/.+/.+|federated-user/.+)", re.ASCII
)


class Principals:
    """Checks the principals of a policy.

    Args:
        directory: knows who there is.
        forgiving: asked with the text of each fault; where it says True, the fault is let pass.
    """

    def __init__(self, directory: Directory, forgiving: Callable[[str], bool]) -> None:
        self._directory = directory
        self._forgiving = forgiving

    def check(self, principal: Any) -> None:
        """Check a statement's `Principal` or `NotPrincipal`, in AWS's form.

        Raises:
            InvalidParameterValue: an account of this server has no such user or role, or it is
                no principal at all.
        """
        for named in _named(principal):
            if not self._exists(named) and not self._forgiving(f"There is no principal {named}."):
                raise invalid_principal()

    def _exists(self, named: str) -> bool:
        if named == "*" or _ACCOUNT.fullmatch(named) or _SESSION.fullmatch(named):
            return True
        identity = _IDENTITY.fullmatch(named)
        if identity is None:
            return False
        account_id, kind = identity.groups()
        if not self._directory.account_exists(account_id):
            return True
        find = self._directory.user if kind == "user" else self._directory.role
        return find(named) is not None


def invalid_principal() -> InvalidParameterValue:
    """Make the error for a principal that is none."""
    return InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again."
    )


def _named(principal: Any) -> Iterator[str]:
    """The accounts and identities; services and providers are no identities of an account."""
    if not isinstance(principal, Mapping):
        return
    named = principal.get("AWS", ())
    yield from [named] if isinstance(named, str) else named
