"""Policy documents: read, checked and compiled once, into statements that match fast.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ingle.iam.actions import Actions
from ingle.iam.conditions import Condition
from ingle.iam.grammar import MalformedPolicy, conditions, listed, statements
from ingle.iam.identity_grammar import check_identity_document
from ingle.iam.named import NamedPrincipals
from ingle.iam.patterns import Patterns, Style
from ingle.iam.resource_grammar import check_resource_document
from ingle.iam.statement import Statement

__all__ = ["MalformedPolicy", "Policy", "PolicyKind"]

_WITH_VARIABLES = "2012-10-17"


class PolicyKind(StrEnum):
    """What a policy is for, which says what may be in it; the values are AWS's names for them.

    IDENTITY, BOUNDARY, SESSION and ACCOUNT have the same grammar, and one that was parsed as any of
    them may be used as any other: what counts is where it is in `authorize.Policies`.
    """

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ACCOUNT = "service control policy"


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy document, compiled.

    Attributes:
        name: an ARN, or the name of an inline policy; whatever tells its owner which one it is.
        kind: what it is for.
        statements: its statements.
        context_keys: the condition keys that it asks for, in conditions and variables, as written.
        document: the document.
    """

    name: str
    kind: PolicyKind
    statements: tuple[Statement, ...]
    context_keys: tuple[str, ...]
    document: Mapping[str, Any]

    @classmethod
    def parse(
        cls,
        document: str | Mapping[str, Any],
        kind: PolicyKind,
        name: str = "",
        *,
        managed: bool = False,
    ) -> Self:
        """Read, check and compile a policy document.

        Args:
            document: JSON, or what it says.
            kind: what it is for.
            name: what it is called.
            managed: whether it is a managed policy, which must be of version 2012-10-17, where
                others may be older.

        Raises:
            MalformedPolicy: it breaks a rule; the message is that of IAM's MalformedPolicyDocument.
        """
        if kind in (PolicyKind.RESOURCE, PolicyKind.TRUST):
            loaded = check_resource_document(document, trust=kind is PolicyKind.TRUST)
        else:
            loaded = check_identity_document(document, managed)
        has_variables = loaded.get("Version") == _WITH_VARIABLES
        compiled = tuple(
            _compile(source, index, has_variables)
            for index, source in enumerate(statements(loaded))
        )
        names = dict.fromkeys(key for each in compiled for key in _context_keys(each))
        return cls(name, kind, compiled, tuple(names), loaded)


def _compile(source: Mapping[str, Any], index: int, has_variables: bool) -> Statement:
    not_action, not_resource, not_principal = (
        element in source for element in ("NotAction", "NotResource", "NotPrincipal")
    )
    resources = source.get("NotResource" if not_resource else "Resource")
    principals = source.get("NotPrincipal" if not_principal else "Principal")
    allows = source["Effect"] == "Allow"
    return Statement(
        index=index,
        sid=source.get("Sid", ""),
        allows=allows,
        actions=Actions(listed(source["NotAction" if not_action else "Action"])),
        not_action=not_action,
        resources=None
        if resources is None
        else Patterns(listed(resources), Style.RESOURCE, has_variables=has_variables),
        not_resource=not_resource,
        principals=None if principals is None else NamedPrincipals(_principals(principals)),
        not_principal=not_principal,
        conditions=tuple(_conditions(source, has_variables, allows)),
        source=source,
    )


def _principals(element: str | Mapping[str, Any]) -> str | Mapping[str, Sequence[str]]:
    if isinstance(element, str):
        return element
    return {kind: listed(names) for kind, names in element.items()}


def _conditions(
    source: Mapping[str, Any], has_variables: bool, allows: bool
) -> Iterator[Condition]:
    for name, key, values in conditions(source):
        yield Condition(name, key, values, has_variables=has_variables, allows=allows)


def _context_keys(statement: Statement) -> Iterator[str]:
    if statement.resources is not None:
        yield from (variable.name for variable in statement.resources.variables)
    for condition in statement.conditions:
        yield condition.name
        yield from (variable.name for variable in condition.variables)
