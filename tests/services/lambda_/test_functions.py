import asyncio
import base64
import hashlib
from typing import Any

import pytest

from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.locations import PACKAGES_PATH
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.lambda_.conftest import ROLE, RUNTIME, Bench, create_request
from tests.services.lambda_.zips import zipped

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"


async def refusal(awaitable: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await awaitable
    return caught.value


async def test_a_created_function_answers_all_that_aws_answers(service: LambdaService) -> None:
    request = create_request(Environment={"Variables": {"A1": "b"}})
    content = request["Code"]["ZipFile"]
    answer = dict(await service.create_function(context(), request) or {})
    assert len(answer.pop("RevisionId")) == 36
    assert answer.pop("RuntimeVersionConfig")["RuntimeVersionArn"].startswith(
        f"arn:aws:lambda:{REGION}::runtime:"
    )
    assert answer == {
        "FunctionName": "hello",
        "FunctionArn": ARN,
        "Runtime": RUNTIME,
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(content),
        "CodeSha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/hello"},
        "Environment": {"Variables": {"A1": "b"}},
    }


async def test_a_function_is_found_under_every_form_of_its_name(service: LambdaService) -> None:
    created = await service.create_function(context(), create_request())
    for name in ("hello", ARN, f"{ACCOUNT}:function:hello", "function:hello"):
        found = await service.get_function_configuration(context(), {"FunctionName": name})
        assert found == created
    latest = await service.get_function_configuration(
        context(), {"FunctionName": "hello", "Qualifier": "$LATEST"}
    )
    assert latest == {**(created or {}), "FunctionArn": f"{ARN}:$LATEST"}


async def test_functions_survive_a_restart(bench: Bench) -> None:
    request = create_request(
        Environment={"Variables": {"A1": "b"}}, Tags={"team": "x"}, Description="says hello"
    )
    await (await bench.open()).create_function(context(), request)
    before = await (await bench.open()).get_function(context(), {"FunctionName": "hello"})
    after = await (await bench.open()).get_function(context(), {"FunctionName": "hello"})
    assert after == before
    assert after["Tags"] == {"team": "x"}
    assert after["Configuration"]["Description"] == "says hello"


async def test_get_function_says_where_the_package_is(service: LambdaService) -> None:
    request = create_request()
    await service.create_function(context(), request)
    answer = await service.get_function(context(), {"FunctionName": "hello"})
    digest = hashlib.sha256(request["Code"]["ZipFile"]).hexdigest()
    assert answer["Code"] == {
        "RepositoryType": "S3",
        "Location": f"http://127.0.0.1:4566{PACKAGES_PATH}{digest}?expires=600",
    }
    assert "Tags" not in answer
    path = service.package_path(digest)
    assert path is not None
    assert path.read_bytes() == request["Code"]["ZipFile"]
    assert service.package_path("0" * 64) is None
    assert service.package_path("../../credentials") is None


async def test_a_second_function_of_the_same_name_is_refused(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    error = await refusal(service.create_function(context(), create_request()))
    assert (error.error_code, error.http_status) == ("ResourceConflictException", 409)
    assert error.message == "Function already exist: hello"


async def test_of_many_creations_of_one_name_at_once_one_succeeds(
    service: LambdaService, bench: Bench
) -> None:
    requests = [
        create_request(Code={"ZipFile": zipped({"app.py": f"number = {n}"})}) for n in range(8)
    ]
    results = await asyncio.gather(
        *(service.create_function(context(), request) for request in requests),
        return_exceptions=True,
    )
    (created,) = [each for each in results if not isinstance(each, BaseException)]
    assert [type(each).__name__ for each in results if isinstance(each, BaseException)] == [
        "ResourceConflict"
    ] * 7
    stored = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert stored == created
    # The packages of the others are gone.
    assert len([path for path in (bench.code.parent / "blobs").rglob("*") if path.is_file()]) == 1


async def test_accounts_and_regions_do_not_mix(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    for where in (context(OTHER_ACCOUNT), context(region="eu-west-1")):
        error = await refusal(service.get_function(where, {"FunctionName": "hello"}))
        assert error.message == (
            f"Function not found: arn:aws:lambda:{where.region}:{where.account_id}:function:hello"
        )
        assert (await service.list_functions(where, {}))["Functions"] == []
        role = f"arn:aws:iam::{where.account_id}:role/lambda"
        await service.create_function(where, create_request(Role=role))


@pytest.mark.parametrize(
    "operation",
    [
        "get_function",
        "get_function_configuration",
        "delete_function",
        "invoke",
        "update_function_code",
        "update_function_configuration",
    ],
)
async def test_an_unknown_function_is_not_found(service: LambdaService, operation: str) -> None:
    request = {"FunctionName": "hello", "ZipFile": zipped({"a": "b"})}
    error = await refusal(getattr(service, operation)(context(), request))
    assert (error.error_code, error.http_status) == ("ResourceNotFoundException", 404)
    assert error.message == f"Function not found: {ARN}"


@pytest.mark.parametrize("operation", ["get_function", "invoke"])
async def test_an_unknown_qualifier_is_not_found(service: LambdaService, operation: str) -> None:
    await service.create_function(context(), create_request())
    request = {"FunctionName": "hello", "Qualifier": "prod"}
    error = await refusal(getattr(service, operation)(context(), request))
    assert error.message == f"Function not found: {ARN}:prod"


async def test_a_runtime_that_this_machine_does_not_run_is_refused(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    for refused in (
        service.create_function(context(), create_request("other", Runtime="go1.x")),
        service.update_function_configuration(
            context(), {"FunctionName": "hello", "Runtime": "go1.x"}
        ),
    ):
        error = await refusal(refused)
        assert error.error_code == "InvalidParameterValueException"
        assert error.message.startswith("Runtime go1.x is not supported: ")
    kept = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert kept["Runtime"] == RUNTIME


async def test_functions_are_listed_by_name_in_pages(service: LambdaService) -> None:
    for name in ("c", "a", "d", "b"):
        await service.create_function(context(), create_request(name))
    first = await service.list_functions(context(), {"MaxItems": 3})
    assert [each["FunctionName"] for each in first["Functions"]] == ["a", "b", "c"]
    assert "State" not in first["Functions"][0]
    # What comes and goes between two pages does no harm.
    await service.delete_function(context(), {"FunctionName": "c"})
    second = await service.list_functions(context(), {"Marker": first["NextMarker"]})
    assert [each["FunctionName"] for each in second["Functions"]] == ["d"]
    assert "NextMarker" not in second


async def test_a_page_has_at_most_fifty_functions(service: LambdaService) -> None:
    for number in range(51):
        await service.create_function(context(), create_request(f"f{number:02}"))
    answer = await service.list_functions(context(), {"MaxItems": 10_000})
    assert len(answer["Functions"]) == 50
    assert "NextMarker" in answer


async def test_listing_all_versions_gives_qualified_arns(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    answer = await service.list_functions(context(), {"FunctionVersion": "ALL"})
    assert [each["FunctionArn"] for each in answer["Functions"]] == [f"{ARN}:$LATEST"]


async def test_a_foreign_marker_is_refused(service: LambdaService) -> None:
    error = await refusal(service.list_functions(context(), {"Marker": "x"}))
    assert error.error_code == "InvalidParameterValueException"
    assert "Marker" in error.message


async def test_updating_the_configuration_changes_what_is_named(
    service: LambdaService, bench: Bench
) -> None:
    created = await service.create_function(context(), create_request(Description="old"))
    await bench.clock.advance(1.5)
    updated = dict(
        await service.update_function_configuration(
            context(), {"FunctionName": "hello", "Timeout": 10, "MemorySize": 256}
        )
    )
    assert updated.pop("RevisionId") != (created or {}).pop("RevisionId")
    assert updated == {
        **(created or {}),
        "Timeout": 10,
        "MemorySize": 256,
        "LastModified": "2026-01-01T00:00:01.500+0000",
    }
    assert bench.invoker.dropped == [ARN]
    again = await (await bench.open()).get_function_configuration(
        context(), {"FunctionName": "hello"}
    )
    assert again["Timeout"] == 10


async def test_concurrent_updates_of_one_function_are_all_kept(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    changes: list[dict[str, Any]] = [
        {"Timeout": 10}, {"MemorySize": 256}, {"Description": "new"}, {"Handler": "b.c"}
    ]  # fmt: skip
    await asyncio.gather(
        *(
            service.update_function_configuration(context(), {"FunctionName": "hello"} | change)
            for change in changes
        )
    )
    after = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    for change in changes:
        assert after | change == after


async def test_an_outdated_revision_is_refused(service: LambdaService) -> None:
    created = await service.create_function(context(), create_request())
    request = {"FunctionName": "hello", "RevisionId": created["RevisionId"]}
    await service.update_function_configuration(context(), {**request, "Timeout": 4})
    code = {"ZipFile": zipped({"a": "b"})}
    for attempt in (
        service.update_function_configuration(context(), {**request, "Timeout": 5}),
        service.update_function_code(context(), {**request, **code}),
    ):
        error = await refusal(attempt)
        assert (error.error_code, error.http_status) == ("PreconditionFailedException", 412)
    after = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert after["Timeout"] == 4


async def test_updating_the_code_replaces_the_package(service: LambdaService, bench: Bench) -> None:
    request = create_request()
    await service.create_function(context(), request)
    content = zipped({"app.py": "def handler(event, context): return 2"})
    updated = await service.update_function_code(
        context(), {"FunctionName": "hello", "ZipFile": content}
    )
    assert updated["CodeSize"] == len(content)
    assert bench.invoker.dropped == [ARN]
    old = hashlib.sha256(request["Code"]["ZipFile"]).hexdigest()
    new = hashlib.sha256(content).hexdigest()
    assert not await bench.blobs.exists(old)
    assert await bench.blobs.exists(new)
    assert (bench.code / new / "app.py").exists()


async def test_a_dry_run_of_an_update_changes_nothing(service: LambdaService, bench: Bench) -> None:
    created = await service.create_function(context(), create_request())
    content = zipped({"app.py": "x = 1"})
    answer = await service.update_function_code(
        context(), {"FunctionName": "hello", "ZipFile": content, "DryRun": True}
    )
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    after = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert after == created
    assert not await bench.blobs.exists(hashlib.sha256(content).hexdigest())
    assert len(list(bench.code.iterdir())) == 1
    error = await refusal(
        service.update_function_code(
            context(), {"FunctionName": "hello", "ZipFile": b"x", "DryRun": True}
        )
    )
    assert error.message.startswith("Could not unzip uploaded file.")


async def test_a_deleted_function_is_gone(service: LambdaService, bench: Bench) -> None:
    request = create_request()
    await service.create_function(context(), request)
    assert await service.delete_function(context(), {"FunctionName": ARN}) == {"StatusCode": 204}
    assert bench.invoker.dropped == [ARN]
    assert (await service.list_functions(context(), {}))["Functions"] == []
    assert (await (await bench.open()).list_functions(context(), {}))["Functions"] == []
    assert not await bench.blobs.exists(hashlib.sha256(request["Code"]["ZipFile"]).hexdigest())
    await service.create_function(context(), create_request())


async def test_latest_cannot_be_deleted_alone(service: LambdaService) -> None:
    await service.create_function(context(), create_request())
    error = await refusal(
        service.delete_function(context(), {"FunctionName": "hello", "Qualifier": "$LATEST"})
    )
    assert error.message == "$LATEST version cannot be deleted without deleting the function."


async def test_a_refused_package_leaves_nothing_behind(
    service: LambdaService, bench: Bench
) -> None:
    error = await refusal(
        service.create_function(context(), create_request(Code={"ZipFile": b"no zip"}))
    )
    assert error.error_code == "InvalidParameterValueException"
    assert list(bench.code.iterdir()) == []
    assert list((bench.code.parent / "blobs").rglob("*")) == []
    assert await bench.store.unused_packages() == []


async def test_the_account_settings_count_functions_and_code(service: LambdaService) -> None:
    request = create_request()
    await service.create_function(context(), request)
    await service.create_function(context(), create_request("again"))
    answer = await service.get_account_settings(context(), {})
    assert answer == {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
        },
        "AccountUsage": {
            "TotalCodeSize": 2 * len(request["Code"]["ZipFile"]),
            "FunctionCount": 2,
        },
    }
