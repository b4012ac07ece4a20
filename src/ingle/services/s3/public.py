"""Whether a bucket policy lets everybody in.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ingle.iam.policy import Policy

# A statement is not public if one of these has a fixed value.
_NARROWING = frozenset(
    {
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalarn",
        "aws:principalaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def is_public(policy: Policy) -> bool:
    """Say whether a policy lets everybody in."""
    statements = policy.document["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    return any(map(_is_public, statements))


def _is_public(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] != "Allow" or not _names_all(statement):
        return False
    conditions = statement.get("Condition", {})
    return not any(
        key.lower() in _NARROWING and _is_fixed(values)
        for operator, keys in conditions.items()
        if "not" not in operator.lower() and not operator.lower().endswith("ifexists")
        for key, values in keys.items()
    )


def _names_all(statement: Mapping[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement["Principal"]
    named = principal.get("AWS", ()) if isinstance(principal, Mapping) else principal
    return "*" in ([named] if isinstance(named, str) else named)


def _is_fixed(values: str | Iterable[str]) -> bool:
    listed = [values] if isinstance(values, str) else list(values)
    return all(
        "*" not in str(each) and "?" not in str(each) and each not in _EVERYWHERE for each in listed
    )
