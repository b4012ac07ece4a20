"""What the policy of a form allows to be posted.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ingle.services.s3.errors import AccessDenied, InvalidPolicyDocument

Bounds = tuple[int, int]

_FREE = frozenset({"x-amz-signature", "file", "policy", "awsaccesskeyid", "signature", "bucket"})
_IGNORED = "x-ignore-"


def check_policy(
    text: str, fields: Mapping[str, str], bucket: str, now: float, most: int
) -> Bounds:
    """Check that a form is as its policy says.

    Args:
        text: the policy, Base64.
        fields: of the form, by lower-case name.
        bucket: what is posted to.
        now: the time, in seconds since the epoch.
        most: how many bytes a file may have at most.

    Returns:
        How many bytes the file may have, at least and at most.

    Raises:
        InvalidPolicyDocument: it is no policy.
        AccessDenied: the form is not as it says, or it has expired.
    """
    document = _parsed(text)
    if _expiry(document) < now:
        raise AccessDenied("Invalid according to Policy: Policy expired.")
    told = {**fields, "bucket": bucket}
    covered = set(_FREE)
    bounds = (0, most)
    for condition in document["conditions"]:
        operator, name, value = _condition(condition)
        if operator == "content-length-range":
            bounds = (int(name), min(most, int(value)))
            continue
        covered.add(name)
        actual = told.get(name, "")
        holds = actual.startswith(value) if operator == "starts-with" else actual == value
        if not holds:
            raise AccessDenied(
                "Invalid according to Policy: Policy Condition failed: "
                f"{json.dumps([operator, f'${name}', value])}"
            )
    extra = [name for name in fields if name not in covered and not name.startswith(_IGNORED)]
    if extra:
        raise AccessDenied(
            f"Invalid according to Policy: Extra input fields: {', '.join(sorted(extra))}"
        )
    return bounds


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.") from error
    if not isinstance(document, dict) or not isinstance(document.get("conditions"), list):
        raise InvalidPolicyDocument("Invalid Policy: Policy missing conditions.")
    return document


def _expiry(document: Mapping[str, Any]) -> float:
    text = document.get("expiration")
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InvalidPolicyDocument(
            f"Invalid Policy: Invalid 'expiration' value: '{text}'"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _condition(condition: Any) -> tuple[str, str, str]:
    """Read a condition: the operator, the field or the least size, the value or the most."""
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, value),) = condition.items()
        return "eq", str(name).lower(), str(value)
    if isinstance(condition, list) and len(condition) == 3:
        operator, name, value = str(condition[0]).lower(), str(condition[1]), str(condition[2])
        if operator in ("eq", "starts-with") and name.startswith("$"):
            return operator, name[1:].lower(), value
        if operator == "content-length-range" and name.isdigit() and value.isdigit():
            return operator, name, value
    raise InvalidPolicyDocument(f"Invalid Policy: Invalid condition: {json.dumps(condition)}")
