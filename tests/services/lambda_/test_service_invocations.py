"""Services that invoke functions, as far as the functions' policies let them."""

from typing import Any

import pytest

from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.service_invocations import Source
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.lambda_.conftest import Bench, create_request

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
BUCKET = "arn:aws:s3:::bucket"
S3 = Source("s3.amazonaws.com", BUCKET, ACCOUNT)


@pytest.fixture
async def ready(service: LambdaService) -> LambdaService:
    await service.create_function(context(), create_request(Publish=True))
    return service


async def admit(service: LambdaService, **members: Any) -> None:
    request = {
        "FunctionName": "hello",
        "StatementId": "one",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    await service.add_permission(context(), request | members)


def may(service: LambdaService, source: Source, arn: str = ARN) -> bool:
    return service.for_services.may_invoke(source, arn).allowed


@pytest.mark.parametrize(
    "principal",
    [
        "s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
        "scheduler.amazonaws.com",
        "apigateway.amazonaws.com",
        "logs.amazonaws.com",
        "ses.amazonaws.com",
        "iot.amazonaws.com",
        "alexa-appkit.amazon.com",
    ],
)
async def test_a_service_needs_the_function_s_policy(ready: LambdaService, principal: str) -> None:
    source = Source(principal)
    assert not may(ready, source)
    await admit(ready, Principal=principal)
    assert may(ready, source)
    assert not may(ready, Source("config.amazonaws.com"))


async def test_a_source_must_be_the_one_that_the_policy_names(ready: LambdaService) -> None:
    await admit(ready, SourceArn="arn:aws:s3:::buck*", SourceAccount=ACCOUNT)
    assert may(ready, S3)
    for wrong in (
        Source("s3.amazonaws.com"),
        Source("s3.amazonaws.com", BUCKET),
        Source("s3.amazonaws.com", BUCKET, OTHER_ACCOUNT),
        Source("s3.amazonaws.com", "arn:aws:s3:::another", ACCOUNT),
        Source("sns.amazonaws.com", BUCKET, ACCOUNT),
    ):
        assert not may(ready, wrong)


async def test_an_alexa_skill_must_bring_its_token(ready: LambdaService) -> None:
    alexa = "alexa-appkit.amazon.com"
    await admit(ready, Principal=alexa, EventSourceToken="amzn1.ask.skill.x")
    assert may(ready, Source(alexa, event_source_token="amzn1.ask.skill.x"))
    assert not may(ready, Source(alexa, event_source_token="amzn1.ask.skill.y"))
    assert not may(ready, Source(alexa))


async def test_everybody_is_services_too_but_an_account_is_none(ready: LambdaService) -> None:
    await admit(ready, Principal=ACCOUNT)
    assert not may(ready, S3)
    await admit(ready, StatementId="two", Principal="*")
    assert may(ready, S3)


async def test_a_policy_counts_only_for_its_qualifier(ready: LambdaService) -> None:
    await ready.create_alias(
        context(), {"FunctionName": "hello", "Name": "live", "FunctionVersion": "1"}
    )
    arns = [ARN, f"{ARN}:1", f"{ARN}:live"]
    for qualifier, expected in (("live", [False, False, True]), ("1", [False, True, True])):
        await admit(ready, Qualifier=qualifier)
        assert [may(ready, S3, arn) for arn in arns] == expected


async def test_a_service_runs_a_function_that_admits_it(ready: LambdaService, bench: Bench) -> None:
    with pytest.raises(ServiceError) as caught:
        await ready.for_services.invoke(S3, ARN, b"{}")
    assert (caught.value.error_code, caught.value.http_status) == ("AccessDeniedException", 403)
    assert caught.value.message == (
        f"User: s3.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{ARN} because no resource-based policy allows the lambda:InvokeFunction action"
    )
    with pytest.raises(ServiceError):
        await ready.for_services.enqueue(S3, ARN, b"{}")
    assert bench.invoker.calls == []
    await admit(ready)
    await admit(ready, Qualifier="1")
    result = await ready.for_services.invoke(S3, f"{ARN}:1", b'{"a": 1}', trace="Root=1-2-3")
    assert result.payload == b"null"
    [(spec, payload, settings)] = bench.invoker.calls
    assert (spec.version, payload) == ("1", b'{"a": 1}')
    assert settings["invoked_arn"] == f"{ARN}:1"
    assert settings["trace_id"].startswith("Root=1-2-3")
    assert await ready.for_services.enqueue(S3, ARN, b"{}")


async def test_a_function_that_is_not_there_is_not_found(ready: LambdaService) -> None:
    await admit(ready)
    await ready.delete_function(context(), {"FunctionName": "hello"})
    assert not may(ready, S3)
