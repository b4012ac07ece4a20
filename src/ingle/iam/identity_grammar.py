"""What policies of identities must be like: permissions, boundaries and session policies.

The order of the checks is IAM's, which matters where a document breaks several rules.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.iam import grammar
from ingle.iam.conditions import parse_operator
from ingle.iam.grammar import MalformedPolicy, listed
from ingle.iam.operators import parse_date

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
UNSUPPORTED_VERSION = "Policy document must be version 2012-10-17 or greater."
NEWEST_VERSION = "2012-10-17"

_SID = re.compile(r"[0-9A-Za-z]*")
_VENDOR = re.compile(r"[0-9A-Za-z.-]+")
_WILD = re.compile(r"[*?]|\$\{")
_COLONS = 5  # in an ARN that is complete
_PARTITIONS = frozenset(
    ("*", "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f")
)
# What the ARNs of S3's resources that do belong to a region begin with, after the account;
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_REGIONAL_S3 = (
    "accesspoint/",
    "access-grants/",
    "async-request/",
    "job/",
    "storage-lens-group/",
    "storage-lens/",
)
# IAM's message lists them in this order.
_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
# It does not list these, which AWS's own managed policies have.
_NEWER_IAM_PATHS = ("root", "role-template/")


def check_identity_document(document: str | Mapping[str, Any], managed: bool) -> Mapping[str, Any]:
    """Read and check a policy of an identity.

    Args:
        document: JSON, or what it says.
        managed: whether it is a managed policy, which must be of the newest version.

    Raises:
        MalformedPolicy: it breaks a rule.
    """
    loaded = _syntax(document)
    if managed and loaded.get("Version") != NEWEST_VERSION:
        raise MalformedPolicy(UNSUPPORTED_VERSION)
    found: Sequence[Mapping[str, Any]] = grammar.statements(loaded)
    for statement in found:
        if not _survives_legacy_parsing(statement):
            raise MalformedPolicy(LEGACY)
    if any("Principal" in each or "NotPrincipal" in each for each in found):
        raise MalformedPolicy("Policy document should not specify a principal.")
    if not all(_SID.fullmatch(each.get("Sid", "")) for each in found):
        raise MalformedPolicy(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*"
        )
    if not grammar.has_unique_sids(found):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
    if not all(_values(each, "Action") for each in found):
        raise MalformedPolicy("Policy statement must contain actions.")
    if not all(_values(each, "Resource") for each in found):
        raise MalformedPolicy("Policy statement must contain resources.")
    for statement in found:
        for resource in _values(statement, "Resource"):
            _check_resource(resource)
    for statement in found:
        for action in _values(statement, "Action"):
            _check_action(action)
    return loaded


def _syntax(document: str | Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        loaded = grammar.load_document(document)
    except ValueError:
        raise MalformedPolicy(SYNTAX) from None
    if not isinstance(loaded, Mapping) or not _is_document(loaded):
        raise MalformedPolicy(SYNTAX)
    return loaded


def _is_document(document: Mapping[str, Any]) -> bool:
    found = listed(document.get("Statement"))
    return (
        document.keys() <= grammar.DOCUMENT_ELEMENTS
        and document.get("Version", NEWEST_VERSION) in grammar.VERSIONS
        and isinstance(document.get("Id", ""), str)
        and bool(found)
        and all(isinstance(each, Mapping) and _is_statement(each) for each in found)
    )


def _is_statement(statement: Mapping[str, Any]) -> bool:
    return (
        statement.keys() <= grammar.STATEMENT_ELEMENTS
        and not any(one in statement and other in statement for one, other in grammar.ALTERNATIVES)
        and isinstance(statement.get("Effect"), str)
        and statement["Effect"].lower() in ("allow", "deny")
        and isinstance(statement.get("Sid", ""), str)
        and all(
            grammar.are_texts(statement[name])
            for name in ("Action", "NotAction", "Resource", "NotResource")
            if name in statement
        )
        and grammar.is_condition(statement.get("Condition", {}))
    )


def _values(statement: Mapping[str, Any], element: str) -> Sequence[str]:
    """The values of an element, or of its negation."""
    return listed(statement.get(element, statement.get(f"Not{element}", [])))


def _survives_legacy_parsing(statement: Mapping[str, Any]) -> bool:
    return (
        statement["Effect"] in grammar.EFFECTS
        and all(
            parse_date(value) is not None
            for name, _, values in grammar.conditions(statement)
            if (operator := parse_operator(name)) and operator.base.startswith("Date")
            for value in values
        )
        and not any(map(_is_torn, _values(statement, "Resource")))
    )


def _is_torn(resource: str) -> bool:
    """Whether an ARN ends too early for the parts that it leaves out, or names no service."""
    if not resource.startswith("arn:"):
        return False
    parts = resource.split(":", _COLONS)
    if len(parts) > 2 and parts[1] in _PARTITIONS and not parts[2]:
        return True
    return resource.count(":") < _COLONS and "::" in resource


def _check_resource(resource: str) -> None:
    if resource == "*":
        return
    prefix, colon, rest = resource.partition(":")
    if not colon:
        raise MalformedPolicy(f'Resource {resource} must be in ARN format or "*".')
    partition, *parts = rest.split(":", _COLONS - 1)
    if partition not in _PARTITIONS:
        told = ":".join([*parts, *["*"] * (_COLONS - 1 - len(parts))])
        raise MalformedPolicy(
            f'Partition "{partition}" is not valid for resource "arn:{partition}:{told}".'
        )
    if not parts or _WILD.search(parts[0]):
        raise MalformedPolicy("Resource vendor must be fully qualified and cannot contain regexes.")
    if prefix != "arn":
        raise MalformedPolicy(f'Resource {resource} must be in ARN format or "*".')
    service, region, _, path = [*parts, "", "", ""][:4]
    if service == "s3" and region not in ("", "*") and not path.startswith(_REGIONAL_S3):
        raise MalformedPolicy(f"Resource {resource} can not contain region information.")
    if service == "iam":
        if region not in ("", "*"):
            raise MalformedPolicy(f"IAM resource {resource} cannot contain region information.")
        if len(parts) == _COLONS - 1 and not _may_be_of_iam(path):
            raise MalformedPolicy(
                f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
            )


def _may_be_of_iam(path: str) -> bool:
    wild = _WILD.search(path)
    start = path[: wild.start()] if wild else path
    return start.startswith((*_IAM_PATHS, *_NEWER_IAM_PATHS)) or (
        wild is not None and any(each.startswith(start) for each in _IAM_PATHS)
    )


def _check_action(action: str) -> None:
    vendor, *operation = action.split(":")
    if action == "*":
        return
    if not operation:
        raise MalformedPolicy(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        )
    if len(operation) > 1:
        raise MalformedPolicy("Actions/Condition can contain only one colon.")
    if vendor != "*" and not _VENDOR.fullmatch(vendor):
        raise MalformedPolicy(f"Vendor {vendor} is not valid")
