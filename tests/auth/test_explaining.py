"""What Ingle's own routes tell of decisions, and to whom."""

from typing import Any

import pytest

from ingle.auth.explaining import Explanations
from ingle.auth.keys import Identity
from ingle.auth.root import root_user
from ingle.wire.errors import ServiceError

from .worlds import ACCOUNT, INVOKE, OTHER, PLAIN, World, operation

ROOT = Identity("AKIAROOT", root_user(ACCOUNT), "eu-west-1", "iam")
SIMULATE = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}


async def call(world: World, name: str, request_id: str) -> None:
    """Have a user call without a permission."""
    identity = await world.user()
    with pytest.raises(ServiceError):
        world.authorizer.check(identity, PLAIN, operation("lambda", name), {}, request_id)


def ask(world: World, route: str, identity: Identity = ROOT, **query: str) -> Any:
    return Explanations(world.authorizer).answer(route, query, identity, PLAIN)


def refused(world: World, route: str, identity: Identity = ROOT, **query: str) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refusal:
        ask(world, route, identity, **query)
    return refusal.value.error_code, refusal.value.message


async def test_the_latest_denied_calls_are_told_the_last_one_first(world: World) -> None:
    for number, name in enumerate(("ListFunctions", "ListLayers", "GetAccountSettings")):
        await call(world, name, str(number))
    found = ask(world, "decisions", denied="2")["Calls"]
    assert [each["Operation"] for each in found] == [
        "lambda:GetAccountSettings",
        "lambda:ListLayers",
    ]
    assert [each["RequestId"] for each in ask(world, "decisions")["Calls"]] == ["2"]


async def test_calls_in_other_accounts_are_not_told(world: World) -> None:
    await call(world, "ListFunctions", "1")
    other = Identity("AKIAOTHER", root_user(OTHER), "eu-west-1", "iam")
    assert ask(world, "decisions", other) == {"Calls": []}
    assert refused(world, "decisions", other, request="1")[0] == "NoSuchRequest"
    assert ask(world, "decisions", request="1")["Calls"][0]["RequestId"] == "1"


async def test_principals_of_other_accounts_are_not_told_of(world: World) -> None:
    identity = await world.user(INVOKE)
    other = Identity("AKIAOTHER", root_user(OTHER), "eu-west-1", "iam")
    query = {"principal": identity.principal_arn, "action": "lambda:InvokeFunction"}
    assert ask(world, "explain", **query)["Decisions"][0]["Decision"] == "allowed"
    assert refused(world, "explain", other, **query)[0] == "AccessDenied"


async def test_it_takes_the_permission_to_simulate(world: World) -> None:
    identity = (await world.user())._replace(service="iam")
    query = {"principal": identity.principal_arn, "action": "lambda:InvokeFunction"}
    for route, members in (("decisions", {}), ("explain", query)):
        code, message = refused(world, route, identity, **members)
        assert code == "AccessDenied"
        assert "iam:SimulatePrincipalPolicy" in message
    assert ask(world, "decisions")["Calls"] == []  # asking is no call
    await world.user(SIMULATE)
    for route, members in (("decisions", {}), ("explain", query)):
        ask(world, route, identity, **members)


async def test_a_service_and_nobody_in_particular_are_principals_too(world: World) -> None:
    world.functions.statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}},
    }
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    query = {"action": "lambda:InvokeFunction", "resource": arn}
    source = {"context.aws:SourceArn": "arn:aws:s3:::b"}
    for principal, context, expected in (
        ("s3.amazonaws.com", source, "allowed"),
        ("s3.amazonaws.com", {}, "implicitDeny"),
        ("*", source, "implicitDeny"),
    ):
        found = ask(world, "explain", principal=principal, **query, **context)["Decisions"][0]
        assert found["Decision"] == expected


@pytest.mark.parametrize(
    ("route", "query", "code"),
    [
        ("decisions", {"denied": "0"}, "ValidationError"),
        ("decisions", {"denied": "101"}, "ValidationError"),
        ("decisions", {"denied": "²"}, "ValidationError"),
        ("decisions", {"request": "unknown"}, "NoSuchRequest"),
        ("explain", {"action": "a:B"}, "ValidationError"),
        ("explain", {"principal": f"arn:aws:iam::{ACCOUNT}:root"}, "ValidationError"),
        (
            "explain",
            {"principal": f"arn:aws:iam::{ACCOUNT}:user/x", "action": "a:B"},
            "NoSuchEntity",
        ),
        ("explain", {"principal": f"arn:aws:iam::{ACCOUNT}:user", "action": "a:B"}, "NoSuchEntity"),
    ],
)
async def test_bad_questions_are_refused(
    world: World, route: str, query: dict[str, str], code: str
) -> None:
    assert refused(world, route, **query)[0] == code
