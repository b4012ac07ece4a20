"""The principals that a statement names, and how it means them.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum

from ingle.iam.principal import Principal, PrincipalKind, canonical_user_id, root_arn

_ACCOUNT = re.compile(r"\d{12}")


class Grade(IntEnum):
    """How directly a statement of a resource's policy means a principal.

    ACCOUNT: it names the account, which says that the account's own policies may decide.
    ROLE: it names the role of a session, as if the role's own policies had the statement.
    DIRECT: it names the user, the session, or everybody; the principal's own policies need not
        allow, and its boundary and session policies do not limit what is granted so.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


class NamedPrincipals:
    """What `Principal` or `NotPrincipal` of a statement says."""

    __slots__ = ("_canonical", "_everybody", "_federated", "_named", "_services")

    def __init__(self, element: str | Mapping[str, Sequence[str]]) -> None:
        """Take what a statement names: `*`, or lists of names by their type."""
        by_type = {"AWS": [element]} if isinstance(element, str) else element
        named = by_type.get("AWS", ())
        self._everybody = "*" in named
        self._named = frozenset(
            root_arn(name) if _ACCOUNT.fullmatch(name) else name for name in named if name != "*"
        )
        self._services = frozenset(by_type.get("Service", ()))
        self._federated = frozenset(by_type.get("Federated", ()))
        self._canonical = frozenset(by_type.get("CanonicalUser", ()))

    def grade(self, principal: Principal) -> Grade:
        """How directly these mean a principal."""
        if self._everybody:
            return Grade.DIRECT
        if principal.kind is PrincipalKind.SERVICE:
            return Grade.DIRECT if principal.arn in self._services else Grade.NONE
        if principal.kind is PrincipalKind.PROVIDER:
            found = principal.arn in self._federated or "*" in self._federated
            return Grade.DIRECT if found else Grade.NONE
        if not principal.account_id:
            return Grade.NONE
        # A user or a role that was deleted stays in policies under its unique id.
        if principal.arn in self._named or principal.unique_id in self._named:
            return Grade.DIRECT
        if principal.role_arn is not None and (
            principal.role_arn in self._named
            or principal.unique_id.partition(":")[0] in self._named
        ):
            return Grade.ROLE
        return Grade.ACCOUNT if self._name_account(principal) else Grade.NONE

    def all_of(self, principal: Principal) -> bool:
        """Whether these name the principal, and the role and the account that it belongs to too.

        A denial with `NotPrincipal` spares only a principal that is named so, because AWS looks
        at the account first, then at the role, and then at the session.
        """
        grade = self.grade(principal)
        if grade is not Grade.DIRECT or self._everybody or not principal.account_id:
            return grade is Grade.DIRECT
        has_role = principal.role_arn is None or principal.role_arn in self._named
        return has_role and self._name_account(principal)

    def _name_account(self, principal: Principal) -> bool:
        account = principal.account_id
        return root_arn(account) in self._named or (
            bool(self._canonical) and canonical_user_id(account) in self._canonical
        )
