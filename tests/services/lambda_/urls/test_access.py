"""Who may call a function URL."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ingle.auth.keys import Identity
from ingle.iam.principal import PrincipalKind
from ingle.services.lambda_.urls.access import check_may_call
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.lambda_.conftest import Bench, create_request
from tests.services.lambda_.urls.calls import function_url, signer

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
ROLE = signer(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/lambda/session",
    PrincipalKind.ROLE_SESSION,
    "AROAEXAMPLE:session",
    f"arn:aws:iam::{ACCOUNT}:role/lambda",
)
URL_ACTION = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Resource": ARN,
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}
INVOKE_ACTION = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunction",
    "Resource": ARN,
    "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
}
May = Callable[..., Awaitable[bool]]


@pytest.fixture
async def may(bench: Bench) -> May:
    """Say whether a caller may call, under a policy of these statements."""
    service = await bench.open()
    await service.create_function(context(), create_request())

    async def check(*statements: dict[str, Any], caller: Identity | None = None) -> bool:
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            await service.put_resource_policy(context(), {"ResourceArn": ARN, "Policy": policy})
        auth_type = "NONE" if caller is None else "AWS_IAM"
        url = function_url(key=(ACCOUNT, REGION, "hello"), auth_type=auth_type)
        try:
            check_may_call(bench.authorizer, url, Request("GET", "/"), caller, "id")
        except ServiceError:
            return False
        return True

    return check


async def test_the_public_needs_both_permissions(may: May) -> None:
    assert not await may()
    assert await may(URL_ACTION, INVOKE_ACTION)
    assert not await may(URL_ACTION)
    assert not await may(INVOKE_ACTION)


@pytest.mark.parametrize("action", ["*", "lambda:*"])
async def test_an_action_may_stand_for_many(may: May, action: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": ARN}
    assert await may(statement)
    assert not await may(statement, {**URL_ACTION, "Effect": "Deny"})


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
        {"Resource": f"{ARN}:*"},
    ],
)
async def test_a_statement_for_others_or_other_things_does_not_make_it_public(
    may: May, change: dict[str, Any]
) -> None:
    assert not await may(URL_ACTION | change, INVOKE_ACTION)


async def test_the_owner_s_root_needs_no_policy_and_a_role_does(may: May) -> None:
    assert await may(caller=signer(f"arn:aws:iam::{ACCOUNT}:root"))
    assert not await may(caller=ROLE)
    assert not await may(caller=signer(f"arn:aws:iam::{OTHER_ACCOUNT}:root"))
    named = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/lambda"},
        "Action": "lambda:*",
        "Resource": ARN,
    }
    assert await may(named, caller=ROLE)
    assert not await may(named)
    for_signers = {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}
    assert await may(URL_ACTION | for_signers, INVOKE_ACTION, caller=ROLE)
    assert not await may(URL_ACTION, INVOKE_ACTION, caller=ROLE)


async def test_another_account_s_root_needs_the_function_s_policy(may: May) -> None:
    stranger = signer(f"arn:aws:iam::{OTHER_ACCOUNT}:root", unique_id=OTHER_ACCOUNT)
    theirs = {"Principal": {"AWS": OTHER_ACCOUNT}}
    for_signers = {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}
    assert await may(URL_ACTION | theirs | for_signers, INVOKE_ACTION | theirs, caller=stranger)
    assert not await may(URL_ACTION | theirs | for_signers, caller=stranger)
