import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from ingle.auth.sessions import RoleMissing
from ingle.invoke.errors import InitFailed
from ingle.services.lambda_ import answers
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.snapstart import check_snap_start, has_snapshots
from tests.services.conftest import context
from tests.services.lambda_.conftest import RUNTIME, Bench, create_request
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.test_store import FUNCTION

ON = {"ApplyOn": "PublishedVersions"}
VERSION = {"FunctionName": "hello", "Qualifier": "1"}


@contextlib.asynccontextmanager
async def keeping(service: LambdaService, bench: Bench) -> AsyncIterator[None]:
    """Have snapshots made as long as this lasts."""
    task = asyncio.create_task(service.keep_snapshots())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def configuration(service: LambdaService) -> dict[str, Any]:
    return dict(await service.get_function_configuration(context(), VERSION))


async def settled(service: LambdaService) -> dict[str, Any]:
    """Wait until version 1 is no longer pending; return its configuration."""
    async with asyncio.timeout(20):
        while (found := await configuration(service))["State"] == "Pending":
            await asyncio.sleep(0)
    return found


@pytest.mark.parametrize("runtime", ["python3.8", "python3.12", "python3.14"])
def test_runtimes_with_snap_start_are_taken(runtime: str) -> None:
    check_snap_start(replace(FUNCTION, runtime=runtime, snap_start="PublishedVersions"))


@pytest.mark.parametrize(
    "runtime",
    ["python2.7", "nodejs22.x", "java8", "java8.al2", "ruby3.4", "provided.al2023", "go1.x"],
)
def test_runtimes_without_snap_start_are_refused(runtime: str) -> None:
    check_snap_start(replace(FUNCTION, runtime=runtime, snap_start="None"))
    with pytest.raises(InvalidParameterValue) as caught:
        check_snap_start(replace(FUNCTION, runtime=runtime, snap_start="PublishedVersions"))
    assert caught.value.message == f"{runtime} is not supported for SnapStart enabled functions."


@pytest.mark.parametrize("runtime", ["java11", "java25", "dotnet8"])
def test_runtimes_that_have_it_on_aws_alone_are_refused_by_name(runtime: str) -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        check_snap_start(replace(FUNCTION, runtime=runtime, snap_start="PublishedVersions"))
    assert caught.value.message == (
        f"SnapStart for {runtime} is not supported by this version of Ingle, which has it for "
        "Python only. Leave it out."
    )


def test_only_a_published_version_starts_from_a_snapshot() -> None:
    on = replace(FUNCTION, snap_start="PublishedVersions")
    versions = {"latest": on, "first": replace(on, version="1")}
    assert {name: has_snapshots(each) for name, each in versions.items()} == {
        "latest": False,
        "first": True,
    }
    assert not has_snapshots(replace(FUNCTION, version="1"))
    assert answers.configuration(on)["SnapStart"] == {**ON, "OptimizationStatus": "Off"}
    assert answers.configuration(versions["first"])["SnapStart"] == {
        **ON,
        "OptimizationStatus": "On",
    }


async def test_the_versions_of_a_function_with_snap_start_have_it(
    service: LambdaService, bench: Bench
) -> None:
    await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
    await service.update_function_configuration(
        context(), {"FunctionName": "hello", "SnapStart": {"ApplyOn": "None"}}
    )
    await service.publish_version(context(), {"FunctionName": "hello"})
    again = await bench.open()
    async with keeping(again, bench):
        await bench.invoker.made_snapshots(1)
    for qualifier in ("1", "2", "$LATEST"):
        await again.invoke(context(), {"FunctionName": "hello", "Qualifier": qualifier})
    assert [spec.snap_start for spec, _, _ in bench.invoker.calls] == [True, False, False]


async def test_a_version_is_pending_until_the_snapshot_is_made(
    service: LambdaService, bench: Bench
) -> None:
    version = await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
    assert (version["State"], version["StateReasonCode"]) == ("Pending", "Creating")
    error = await refusal(service.invoke(context(), VERSION))
    assert error.code == "ResourceConflictException"
    async with keeping(service, bench):
        await bench.invoker.made_snapshots(1)
        after = await settled(service)
    assert after["State"] == "Active"
    assert "StateReason" not in after
    assert (await configuration(await bench.open()))["State"] == "Active"


async def test_a_version_whose_snapshot_fails_has_failed_and_says_why(
    service: LambdaService, bench: Bench
) -> None:
    bench.invoker.snapshot_error = InitFailed("it has threads", "FunctionError")
    async with keeping(service, bench):
        await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
        await settled(service)
    after = await configuration(await bench.open())
    assert (after["State"], after["StateReason"]) == ("Failed", "it has threads")
    assert after["StateReasonCode"] == "FunctionError"
    error = await refusal(service.invoke(context(), VERSION))
    assert error.message.endswith("following state: Failed")


async def test_a_version_whose_role_is_gone_has_failed_for_want_of_it(
    service: LambdaService, bench: Bench
) -> None:
    bench.invoker.snapshot_error = RoleMissing()
    async with keeping(service, bench):
        await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
        after = await settled(service)
    assert (after["State"], after["StateReason"]) == ("Failed", RoleMissing().message)
    assert after["StateReasonCode"] == "InsufficientRolePermissions"


async def test_snapshots_that_are_missing_are_made_again(
    service: LambdaService, bench: Bench
) -> None:
    async with keeping(service, bench):
        await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
        await settled(service)
        bench.invoker.snapshots.clear()
        async with asyncio.timeout(20):
            while bench.invoker.asked_for < 2:
                await bench.clock.advance(60)
                await asyncio.sleep(0)


async def test_a_version_that_is_deleted_meanwhile_leaves_nothing(
    service: LambdaService, bench: Bench
) -> None:
    bench.invoker.held.clear()
    async with keeping(service, bench):
        await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
        await bench.invoker.made_snapshots(1)
        await service.delete_function(context(), {"FunctionName": "hello"})
        bench.invoker.held.set()
        await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
        await bench.invoker.made_snapshots(2)
        assert (await settled(service))["State"] == "Active"


async def test_a_runtime_that_cannot_have_it_is_refused_at_the_update_too(
    service: LambdaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingle.services.lambda_.snapstart.SNAP_START", {"java": "11"})
    error = await refusal(service.create_function(context(), create_request(SnapStart=ON)))
    assert error.message == f"{RUNTIME} is not supported for SnapStart enabled functions."
    await service.create_function(context(), create_request())
    error = await refusal(
        service.update_function_configuration(context(), {"FunctionName": "hello", "SnapStart": ON})
    )
    assert error.message == f"{RUNTIME} is not supported for SnapStart enabled functions."
