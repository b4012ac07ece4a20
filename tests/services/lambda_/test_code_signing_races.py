"""A configuration that somebody deletes while another gives it to a function."""

import asyncio
from typing import Any

from ingle.services.lambda_.api import LambdaService
from ingle.wire.errors import ServiceError
from tests.services.conftest import context
from tests.services.lambda_.conftest import create_request

PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:::/signing-profiles/p/0123456789"]}


async def made(service: LambdaService) -> str:
    answer: Any = await service.create_code_signing_config(
        context(), {"AllowedPublishers": PUBLISHERS}
    )
    arn: str = answer["CodeSigningConfig"]["CodeSigningConfigArn"]
    return arn


async def outcomes(*calls: Any) -> list[str]:
    """Run calls at once; return the code of each one's error, or ""."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(
        not isinstance(each, Exception) or isinstance(each, ServiceError) for each in results
    )
    return [each.error_code if isinstance(each, ServiceError) else "" for each in results]


async def test_a_configuration_is_not_given_to_a_function_while_it_is_deleted(
    service: LambdaService,
) -> None:
    arn = await made(service)
    await service.create_function(context(), create_request())
    given = {"FunctionName": "hello", "CodeSigningConfigArn": arn}
    deleted = {"CodeSigningConfigArn": arn}
    assert await outcomes(
        service.delete_code_signing_config(context(), deleted),
        service.put_function_code_signing_config(context(), given),
    ) == ["", "CodeSigningConfigNotFoundException"]
    assert await service.get_function_code_signing_config(
        context(), {"FunctionName": "hello"}
    ) == {}  # fmt: skip


async def test_a_configuration_that_a_function_is_being_given_is_not_deleted(
    service: LambdaService,
) -> None:
    arn = await made(service)
    await service.create_function(context(), create_request())
    given = {"FunctionName": "hello", "CodeSigningConfigArn": arn}
    deleted = {"CodeSigningConfigArn": arn}
    assert await outcomes(
        service.put_function_code_signing_config(context(), given),
        service.delete_code_signing_config(context(), deleted),
    ) == ["", "ResourceConflictException"]


async def test_a_function_is_not_created_with_a_configuration_that_is_being_deleted(
    service: LambdaService,
) -> None:
    arn = await made(service)
    codes = await outcomes(
        service.create_function(context(), create_request(CodeSigningConfigArn=arn)),
        service.delete_code_signing_config(context(), {"CodeSigningConfigArn": arn}),
    )
    assert codes in (
        ["", "ResourceConflictException"],
        ["CodeSigningConfigNotFoundException", ""],
    )
