"""What every policy document must be like, whatever it is for.

Each kind of policy has its own order of checks and its own words: `identity_grammar.py` and
`resource_grammar.py`.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingle.iam.conditions import parse_operator

VERSIONS = ("2008-10-17", "2012-10-17")
EFFECTS = ("Allow", "Deny")
DOCUMENT_ELEMENTS = frozenset(("Version", "Id", "Statement"))
ALTERNATIVES = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
STATEMENT_ELEMENTS = frozenset(("Sid", "Effect", "Condition")).union(*ALTERNATIVES)

_ACCOUNT = re.compile(r"\d{12}|\*")
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|user/[^*?]+|role/[^*?]+)"
    r"|sts::\d{12}:(?:assumed-role/[^/*?]+/[^/*?]+|federated-user/[^*?]+|self))"
)
# What a user or role leaves in policies that named it, when it is deleted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA|ASIA|AIPA)[A-Z0-9]{12,}")


class MalformedPolicy(Exception):
    """A policy document breaks the rules; the message is AWS's."""


def load_document(document: str | Mapping[str, Any]) -> Any:
    """Read JSON in which no object has a name twice.

    Raises:
        ValueError: it is no such JSON.
    """
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an element occurs twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def listed(value: Any) -> Sequence[Any]:
    """An element that may be one value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def as_text(value: str | bool | int | float) -> str:
    """A condition's value as the text that it is compared as."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def statements(document: Mapping[str, Any]) -> Sequence[Any]:
    """The statements of a document, as written."""
    return listed(document["Statement"])


def are_texts(value: Any) -> bool:
    """Whether an element is a text or a list of texts."""
    return all(isinstance(each, str) for each in listed(value))


def is_condition(element: Any) -> bool:
    """Whether an element is a `Condition`: operators, keys and values."""
    if not isinstance(element, Mapping):
        return False
    for name, members in element.items():
        if not isinstance(members, Mapping) or (members and parse_operator(name) is None):
            return False
        values = [value for each in members.values() for value in listed(each)]
        if not all(isinstance(value, str | bool | int | float) for value in values):
            return False
    return True


def conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """The conditions of a statement: operator, key and values."""
    for operator, members in statement.get("Condition", {}).items():
        for key, values in members.items():
            yield operator, key, [as_text(value) for value in listed(values)]


def is_aws_principal(name: str) -> bool:
    """Whether a text may be among the `AWS` principals of a policy."""
    return any(each.fullmatch(name) for each in (_ACCOUNT, _PRINCIPAL_ARN, _UNIQUE_ID))


def has_unique_sids(found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no two statements have the same `Sid`."""
    sids = [statement["Sid"] for statement in found if statement.get("Sid")]
    return len(sids) == len(set(sids))
