import json
from typing import Any

import pytest

from ingle.services.lambda_.api import LambdaService
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.lambda_.conftest import Bench
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.test_layers import publish

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:tools:1"
STALE = (
    "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API "
    "to retrieve the latest Revision Id"
)


async def add(service: LambdaService, sid: str = "s1", **members: Any) -> dict[str, Any]:
    request = {
        "LayerName": "tools",
        "VersionNumber": 1,
        "StatementId": sid,
        "Action": "lambda:GetLayerVersion",
        "Principal": "*",
    }
    return dict(await service.add_layer_version_permission(context(), request | members))


async def get(service: LambdaService, **members: Any) -> dict[str, Any]:
    request = {"LayerName": "tools", "VersionNumber": 1} | members
    return dict(await service.get_layer_version_policy(context(), request))


async def remove(service: LambdaService, sid: str = "s1", **members: Any) -> None:
    request = {"LayerName": "tools", "VersionNumber": 1, "StatementId": sid} | members
    await service.remove_layer_version_permission(context(), request)


@pytest.fixture
async def ready(service: LambdaService) -> LambdaService:
    await publish(service)
    return service


async def test_statements_make_a_policy(ready: LambdaService, bench: Bench) -> None:
    first = await add(ready)
    statement = {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": ARN,
    }
    assert json.loads(first["Statement"]) == statement
    policy = await get(ready)
    assert policy["RevisionId"] == first["RevisionId"]
    assert json.loads(policy["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [statement],
    }
    second = await add(ready, "s2", RevisionId=first["RevisionId"])
    assert second["RevisionId"] != first["RevisionId"]
    again = await bench.open()
    assert await get(again) == await get(ready)
    statements = json.loads((await get(again))["Policy"])["Statement"]
    assert [each["Sid"] for each in statements] == ["s1", "s2"]
    await remove(again, RevisionId=second["RevisionId"])
    left = await get(again)
    assert [each["Sid"] for each in json.loads(left["Policy"])["Statement"]] == ["s2"]
    assert left["RevisionId"] not in (first["RevisionId"], second["RevisionId"])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Principal": "111111111111"}, {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}}),
        (
            {"Principal": "arn:aws:iam::111111111111:root"},
            {"Principal": {"AWS": "arn:aws:iam::111111111111:root"}},
        ),
        (
            {"OrganizationId": "o-abcdefghij"},
            {
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
            },
        ),
    ],
)
async def test_an_account_or_an_organization_can_be_let_in(
    ready: LambdaService, members: dict[str, Any], expected: dict[str, Any]
) -> None:
    statement = json.loads((await add(ready, **members))["Statement"])
    assert {name: statement[name] for name in expected} == expected


async def test_what_a_policy_cannot_take_is_refused(ready: LambdaService) -> None:
    await add(ready)
    for call, code, message in (
        (
            add(ready),
            "ResourceConflictException",
            "The statement id (s1) provided already exists. Please provide a new statement id, or "
            "remove the existing statement.",
        ),
        (add(ready, "s2", RevisionId="old"), "PreconditionFailedException", STALE),
        (remove(ready, RevisionId="old"), "PreconditionFailedException", STALE),
        (
            remove(ready, "s2"),
            "ResourceNotFoundException",
            "Statement s2 is not found in resource policy.",
        ),
        (
            add(ready, "s2", Principal="111111111111", OrganizationId="o-abcdefghij"),
            "InvalidParameterValueException",
            "With an OrganizationId, Principal must be *.",
        ),
    ):
        error = await refusal(call)
        assert (error.error_code, error.message) == (code, message)


async def test_a_version_that_is_not_there_has_no_policy(ready: LambdaService) -> None:
    for call in (add, get, remove):
        for members in ({"VersionNumber": 2}, {"LayerName": "others"}):
            error = await refusal(call(ready, **members))
            wrong = ARN[:-1] + "2" if "VersionNumber" in members else ARN.replace("tools", "others")
            assert (error.error_code, error.message) == (
                "ResourceNotFoundException",
                f"Layer version {wrong} does not exist.",
            )


async def test_without_statements_there_is_no_policy(ready: LambdaService) -> None:
    for call in (get, remove):
        error = await refusal(call(ready))
        assert error.message == "No policy is associated with the given resource."
    await add(ready)
    await remove(ready)
    assert (await refusal(get(ready))).http_status == 404


async def test_a_policy_has_a_limited_length(ready: LambdaService) -> None:
    error = None
    for number in range(200):
        request = add(ready, f"{number:0100}", Principal=f"{number:012}")
        try:
            await request
        except Exception as refused:
            error = refused
            break
    assert getattr(error, "error_code", None) == "PolicyLengthExceededException"
    assert "is bigger than the limit (20480)." in str(error)
    assert len((await get(ready))["Policy"]) <= 20480


async def test_a_policy_goes_with_its_version(ready: LambdaService) -> None:
    await add(ready)
    await ready.delete_layer_version(context(), {"LayerName": "tools", "VersionNumber": 1})
    await publish(ready)
    assert (await refusal(get(ready, VersionNumber=2))).message.startswith("No policy")
