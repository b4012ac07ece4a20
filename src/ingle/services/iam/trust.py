"""Trust policies: the principals in them, and how they are kept when those are deleted.

A user or role that a trust policy names is kept by its unique id, which AWS shows once it is
deleted: one of the same name that is made anew is not trusted.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
import re
from collections.abc import Callable
from typing import Any

from ingle.services.iam.ids import Prefix
from ingle.services.iam.model import Role, User
from ingle.services.iam.store import IamStore

_ACCOUNT = re.compile(r"\d{12}")
_ARN = re.compile(r"arn:aws:(?:iam|sts)::(\d{12}):(.+)")
_ID = re.compile(rf"(?:{Prefix.USER}|{Prefix.ROLE})[A-Z2-7]{{17}}")
_SESSION = re.compile(r"(?:assumed-role|federated-user)/.+")
# Services are many and new ones come; what is none of AWS's can be told by the end.
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com)")


class UnknownPrincipal(Exception):
    """A policy names somebody who is not there.

    Attributes:
        kind: `AWS` or `SERVICE`.
        principal: as the policy has it.
    """

    def __init__(self, kind: str, principal: str) -> None:
        super().__init__(principal)
        self.kind = kind
        self.principal = principal


class Trust:
    """Translates the principals of trust policies.

    Args:
        store: knows which there are.
    """

    def __init__(self, store: IamStore) -> None:
        self._store = store

    def kept(self, document: str) -> str:
        """Return a valid trust policy as it is stored.

        Raises:
            UnknownPrincipal: it names a user or role that an account of this server has not, or
                what is no service.
        """
        return _translated(document, self._kept, _checked_service)

    def shown(self, document: str) -> str:
        """Return a stored trust policy as callers see it: ids only of what was deleted."""
        return _translated(document, self._shown) if _ID.search(document) else document

    def _kept(self, principal: str) -> str:
        if _ACCOUNT.fullmatch(principal):
            return f"arn:aws:iam::{principal}:root"
        match = _ARN.fullmatch(principal)
        if match is None:
            if principal == "*" or self._by_id(principal) is not None:
                return principal
            raise UnknownPrincipal("AWS", principal)
        account_id, rest = match.groups()
        if rest == "root" or _SESSION.fullmatch(rest):
            return principal
        found = self._store.user_by_arn(principal) or self._store.role_by_arn(principal)
        if found is not None:
            return found.unique_id
        # What accounts elsewhere have, nobody here can know.
        if self._store.accounts.get(account_id, account_id) is None:
            return principal
        raise UnknownPrincipal("AWS", principal)

    def _shown(self, principal: str) -> str:
        return self._by_id(principal) or principal

    def _by_id(self, unique_id: str) -> str | None:
        """Find the ARN of the user or role with an id."""
        if not _ID.fullmatch(unique_id):
            return None
        nouns = self._store.users if unique_id.startswith(Prefix.USER) else self._store.roles
        found: User | Role | None = nouns.identified(unique_id)
        return None if found is None else found.arn


def _checked_service(principal: str) -> str:
    if not _SERVICE.fullmatch(principal):
        raise UnknownPrincipal("SERVICE", principal)
    return principal


def _unchanged(principal: str) -> str:
    return principal


def _translated(
    document: str,
    identity: Callable[[str], str],
    service: Callable[[str], str] = _unchanged,
) -> str:
    policy: dict[str, Any] = json.loads(document)
    statements = policy["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            principals = statement.get(element)
            for kind, translate in (("AWS", identity), ("Service", service)):
                if isinstance(principals, dict) and kind in principals:
                    own = principals[kind]
                    principals[kind] = (
                        [translate(each) for each in own]
                        if isinstance(own, list)
                        else translate(own)
                    )
    return json.dumps(policy, ensure_ascii=False, separators=(",", ":"))
