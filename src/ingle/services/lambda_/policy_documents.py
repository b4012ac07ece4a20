"""Resource-based policies as documents: what those of functions and of layers have alike."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.lambda_.errors import (
    PolicyLengthExceeded,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.services.lambda_.limits import POLICY

Statements = tuple[Mapping[str, Any], ...]
"""In AWS's form, in the order in which they were added."""

HEAD: Mapping[str, str] = {"Version": "2012-10-17", "Id": "default"}
"""What stands before the statements of a policy that was made one statement after another."""

NO_POLICY = "No policy is associated with the given resource."


def document(statements: Sequence[Mapping[str, Any]], head: Mapping[str, str] = HEAD) -> str:
    """Write a policy as AWS does.

    Args:
        statements: its statements.
        head: its other members.
    """
    return text({**head, "Statement": list(statements)})


def text(statement: Mapping[str, Any]) -> str:
    """Write a statement as AWS does."""
    return json.dumps(statement, separators=(",", ":"))


def account_arn(account_id: str) -> str:
    """Name an account as a principal."""
    return f"arn:aws:iam::{account_id}:root"


def check_new_sid(statements: Statements, sid: str) -> None:
    """Check that a policy has no statement with this id yet.

    Raises:
        ResourceConflict: it has one.
    """
    if any(each.get("Sid") == sid for each in statements):
        raise ResourceConflict(
            f"The statement id ({sid}) provided already exists. Please provide a new "
            "statement id, or remove the existing statement."
        )


def without(statements: Statements, sid: str) -> Statements:
    """Leave out the statement with this id.

    Raises:
        ResourceNotFound: there is none.
    """
    left = tuple(each for each in statements if each.get("Sid") != sid)
    if left == statements:
        raise ResourceNotFound(f"Statement {sid} is not found in resource policy.")
    return left


def check_size(statements: Statements, head: Mapping[str, str] = HEAD) -> None:
    """Check that a policy of these statements is not too long.

    Raises:
        PolicyLengthExceeded: it is.
    """
    size = len(document(statements, head).encode())
    if size > POLICY.bytes:
        raise PolicyLengthExceeded(
            f"The final policy size ({size}) is bigger than the limit ({POLICY.bytes})."
        )
