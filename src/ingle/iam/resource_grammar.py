"""What policies of resources must be like: those of functions, queues, buckets, …, and roles'
trust policies.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Mapping
from typing import Any

from ingle.iam import grammar
from ingle.iam.grammar import MalformedPolicy, listed

SYNTAX = "Syntax error in policy."
_COGNITO = "cognito-identity.amazonaws.com"
_PRINCIPAL_TYPES = frozenset(("AWS", "Service", "Federated", "CanonicalUser"))
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")
_FEDERATED = re.compile(
    r"arn:aws[a-z-]*:iam::\d{12}:(?:saml|oidc)-provider/.+|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
)
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")


def check_resource_document(document: str | Mapping[str, Any], trust: bool) -> Mapping[str, Any]:
    """Read and check a policy of a resource.

    Args:
        document: JSON, or what it says.
        trust: whether it is a role's trust policy.

    Raises:
        MalformedPolicy: it breaks a rule.
    """
    try:
        loaded = grammar.load_document(document)
    except ValueError:
        raise MalformedPolicy("This policy contains invalid Json") from None
    if not isinstance(loaded, Mapping):
        raise MalformedPolicy("This policy contains invalid Json")
    _check_fields(loaded, grammar.DOCUMENT_ELEMENTS)
    if loaded.get("Version", grammar.VERSIONS[0]) not in grammar.VERSIONS:
        raise MalformedPolicy("The policy must contain a valid version string")
    if not isinstance(loaded.get("Id", ""), str):
        raise MalformedPolicy(SYNTAX)
    found = listed(loaded.get("Statement", []))
    if not found:
        raise MalformedPolicy("Could not parse the policy: Statement is empty!")
    for statement in found:
        if not isinstance(statement, Mapping):
            raise MalformedPolicy(SYNTAX)
        _check_statement(statement, trust)
    if not grammar.has_unique_sids(found):
        raise MalformedPolicy("The Statement Ids in the policy are not unique")
    return loaded


def _check_fields(element: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in element:
        if name not in known:
            raise MalformedPolicy(f"Unknown field {name}")


def _check_statement(statement: Mapping[str, Any], trust: bool) -> None:
    _check_fields(statement, grammar.STATEMENT_ELEMENTS)
    if "Effect" not in statement:
        raise MalformedPolicy("Missing required field Effect")
    if statement["Effect"] not in grammar.EFFECTS:
        raise MalformedPolicy(f"Invalid effect: {statement['Effect']}")
    if not isinstance(statement.get("Sid", ""), str):
        raise MalformedPolicy(SYNTAX)
    _check_principals(statement, trust)
    if not grammar.is_condition(statement.get("Condition", {})):
        raise MalformedPolicy(SYNTAX)
    if any(one in statement and other in statement for one, other in grammar.ALTERNATIVES):
        raise MalformedPolicy(SYNTAX)
    _check_actions(statement, trust)
    if trust:
        if "Resource" in statement:
            raise MalformedPolicy("Has prohibited field Resource")
        if "NotResource" in statement:
            raise MalformedPolicy("AssumeRole policy must not contain resources.")
        return
    resources = statement.get("Resource", statement.get("NotResource", []))
    if not grammar.are_texts(resources):
        raise MalformedPolicy("Policy has invalid resource")
    if not listed(resources):
        raise MalformedPolicy("Missing required field Resource")


def _check_actions(statement: Mapping[str, Any], trust: bool) -> None:
    actions = statement.get("Action", statement.get("NotAction", []))
    if not grammar.are_texts(actions):
        raise MalformedPolicy("Policy has invalid action")
    if not listed(actions):
        raise MalformedPolicy("Missing required field Action")
    if trust and not all(action.lower().startswith("sts:") for action in listed(actions)):
        raise MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.")
    if not all(action == "*" or action.count(":") == 1 for action in listed(actions)):
        raise MalformedPolicy("Policy has invalid action")


def _check_principals(statement: Mapping[str, Any], trust: bool) -> None:
    if "NotPrincipal" in statement:
        if statement["Effect"] == "Allow":
            raise MalformedPolicy("Allow with NotPrincipal is not allowed.")
        if trust:
            raise MalformedPolicy("AssumeRole policy must not contain NotPrincipal field.")
    elif "Principal" not in statement:
        raise MalformedPolicy("Missing required field Principal")
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(named, str):
        if trust:
            raise MalformedPolicy("Principal must be a JSON object.")
        if named != "*":
            raise MalformedPolicy(f'Invalid principal in policy: "AWS":"{named}"')
        return
    if not isinstance(named, Mapping) or not all(map(grammar.are_texts, named.values())):
        raise MalformedPolicy(SYNTAX)
    if not named:
        raise MalformedPolicy("Missing required field Principal cannot be empty!")
    for kind, names in named.items():
        if kind not in _PRINCIPAL_TYPES or (trust and kind == "CanonicalUser"):
            raise MalformedPolicy(f'Invalid principal in policy: "{kind}"')
        for name in listed(names):
            _check_principal(kind, name)
    if trust and _COGNITO in listed(named.get("Federated", [])) and not _names_audience(statement):
        raise MalformedPolicy("A condition block must be present for the Cognito provider")


def _check_principal(kind: str, name: str) -> None:
    if kind == "Federated":
        if name != "*" and not _FEDERATED.fullmatch(name):
            raise MalformedPolicy(
                "Federated principals must be valid domain names or SAML metadata ARNs"
            )
        return
    if kind == "AWS":
        is_valid = grammar.is_aws_principal(name)
    else:
        is_valid = (_SERVICE if kind == "Service" else _CANONICAL_ID).fullmatch(name) is not None
    if not is_valid:
        told = kind if kind == "AWS" else kind.upper()
        raise MalformedPolicy(f'Invalid principal in policy: "{told}":"{name}"')


def _names_audience(statement: Mapping[str, Any]) -> bool:
    return grammar.is_condition(statement.get("Condition", {})) and any(
        key.lower() == f"{_COGNITO}:aud" for _, key, _ in grammar.conditions(statement)
    )
