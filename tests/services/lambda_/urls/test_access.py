"""Who may call a function URL."""

from typing import Any

import pytest

from ingle.services.lambda_.urls.access import may_call
from tests.services.lambda_.urls.calls import ACCOUNT, Signer, function_url

ROLE = Signer(f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/session")
URL_ACTION = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}
INVOKE_ACTION = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunction",
    "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
}


def public(*statements: dict[str, Any]) -> bool:
    return may_call(function_url(), None, statements)


def test_the_public_needs_both_permissions() -> None:
    assert public(URL_ACTION, INVOKE_ACTION)
    assert not public()
    assert not public(URL_ACTION)
    assert not public(INVOKE_ACTION)


@pytest.mark.parametrize("action", ["*", "lambda:*"])
def test_an_action_may_stand_for_many(action: str) -> None:
    assert public({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action})


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}}},
        {"Action": "lambda:GetFunction"},
    ],
)
def test_a_statement_for_others_or_other_things_does_not_make_it_public(
    change: dict[str, Any],
) -> None:
    assert not public(URL_ACTION | change, INVOKE_ACTION)


def test_the_owner_s_root_needs_no_policy_and_a_role_does() -> None:
    url = function_url(auth_type="AWS_IAM")
    assert may_call(url, Signer(), ())
    assert not may_call(url, ROLE, ())
    assert not may_call(url, Signer("arn:aws:iam::999999999999:root", "999999999999"), ())
    named = {"Effect": "Allow", "Principal": {"AWS": ROLE.principal_arn}, "Action": "lambda:*"}
    assert may_call(url, ROLE, (named,))
    assert not may_call(url, None, (named,))
    for_signers = {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}
    assert may_call(url, ROLE, (URL_ACTION | for_signers, INVOKE_ACTION))
    assert not may_call(url, ROLE, (URL_ACTION, INVOKE_ACTION))
