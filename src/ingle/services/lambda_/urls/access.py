"""Who may call a function URL.

A caller needs two permissions: `lambda:InvokeFunctionUrl`, and, since October 2025,
`lambda:InvokeFunction`. Where nobody signs (`NONE`), the function's policy must give both to
everybody; one who signs (`AWS_IAM`) may have them of its own account or of the function's policy.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.lambda_.policy_documents import account_arn
from ingle.services.lambda_.urls.events import Caller
from ingle.services.lambda_.urls.model import FunctionUrl

ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
_EVERYBODY = "*"

Statements = Sequence[Mapping[str, Any]]


def may_call(url: FunctionUrl, caller: Caller | None, statements: Statements) -> bool:
    """Decide whether a caller may call a function URL.

    Args:
        url: the function URL.
        caller: who signed; None where nobody did.
        statements: of the policy of what the function URL invokes.
    """
    owner = account_arn(url.key[0])
    if caller is not None and caller.principal_arn == owner:
        return True
    facts = {
        "lambda:functionurlauthtype": url.auth_type,
        "lambda:invokedviafunctionurl": "true",
    }
    if caller is not None:
        facts["aws:principalaccount"] = caller.account_id
        facts["aws:principalarn"] = caller.principal_arn
    return all(
        any(_allows(each, action, caller, facts) for each in statements) for action in ACTIONS
    )


def _allows(
    statement: Mapping[str, Any], action: str, caller: Caller | None, facts: Mapping[str, str]
) -> bool:
    return (
        statement["Effect"] == "Allow"
        and fnmatch.fnmatchcase(action.lower(), statement["Action"].lower())
        and _is_meant(statement["Principal"], caller)
        and all(
            _holds(operator, key, value, facts)
            for operator, members in statement.get("Condition", {}).items()
            for key, value in members.items()
        )
    )


def _is_meant(principal: Any, caller: Caller | None) -> bool:
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    if named == _EVERYBODY:
        return True
    return caller is not None and named == caller.principal_arn


def _holds(operator: str, key: str, value: str, facts: Mapping[str, str]) -> bool:
    """Whether a condition holds; one on what is not known of a call does not."""
    known = facts.get(key.lower())
    if known is None:
        return False
    if operator == "Bool":
        return known.lower() == value.lower()
    return known == value
