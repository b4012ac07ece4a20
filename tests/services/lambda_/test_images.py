"""Functions of container images, as the service keeps them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingle.pool.spec import IMAGE, ImageRun
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.image_model import FunctionImage, ImageOverrides
from ingle.services.lambda_.images import run_of
from tests.images.building import Entry, Layout, tar
from tests.services.conftest import context
from tests.services.lambda_.conftest import ROLE, Bench
from tests.services.lambda_.test_functions import refusal

RUN = {"Entrypoint": ["/run"], "Cmd": ["a", "b"], "WorkingDir": "/w", "Env": ["A=1"]}


@contextlib.asynccontextmanager
async def at_work(service: LambdaService) -> AsyncIterator[None]:
    """Have images unpacked meanwhile, as a server has."""
    task = asyncio.create_task(service.keep_images())
    await asyncio.sleep(0)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def layout(bench: Bench) -> Layout:
    return Layout(bench.images / "hello")


def uri(layout: Layout, tag: str, *entries: Entry) -> str:
    layout.tag(layout.image([tar([Entry("base", b"base")]), tar(entries)], RUN), tag)
    return f"oci:{layout.root}:{tag}"


async def create(service: LambdaService, image: str, **members: Any) -> dict[str, Any]:
    request = {
        "FunctionName": "hello",
        "Role": ROLE,
        "PackageType": "Image",
        "Code": {"ImageUri": image},
    }
    return dict(await service.create_function(context(), request | members))


async def described(service: LambdaService, **members: Any) -> dict[str, Any]:
    request = {"FunctionName": "hello"} | members
    return dict(await service.get_function_configuration(context(), request))


async def state_other_than(service: LambdaService, member: str, value: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while (found := await described(service))[member] == value:
            await asyncio.sleep(0)
    return found


def folders(bench: Bench) -> list[str]:
    return sorted(each.name.partition("-")[0] for each in Path(bench.code).iterdir())


async def test_nothing_can_be_done_with_a_function_whose_image_is_awaited(
    service: LambdaService, layout: Layout, bench: Bench
) -> None:
    made = await create(service, uri(layout, "v1"), Publish=True)
    assert (made["State"], made["Version"]) == ("Pending", "1")
    pending = "The function is currently in the following state: Pending"
    image = {"ImageUri": uri(layout, "v2", Entry("x"))}
    for call, members in (
        (service.invoke, {}),
        (service.invoke, {"Qualifier": "1"}),
        (service.invoke, {"InvocationType": "Event"}),
        (service.publish_version, {}),
        (service.update_function_configuration, {"Timeout": 7}),
        (service.update_function_code, image),
    ):
        error = await refusal(call(context(), {"FunctionName": "hello"} | members))
        assert (error.error_code, error.status) == ("ResourceConflictException", 409)
        assert error.message.endswith(pending)
    assert (await create_again(service, layout)).error_code == "ResourceConflictException"
    assert bench.invoker.prepared == [IMAGE]
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert folders(bench) == []


async def create_again(service: LambdaService, layout: Layout) -> Any:
    return await refusal(create(service, uri(layout, "v3")))


async def test_while_an_update_is_awaited_the_old_image_goes_on(
    service: LambdaService, layout: Layout, bench: Bench
) -> None:
    async with at_work(service):
        await create(service, uri(layout, "v1", Entry("one")))
        first = await state_other_than(service, "State", "Pending")
    second = uri(layout, "v2", Entry("two"))
    updating = dict(
        await service.update_function_code(context(), {"FunctionName": "hello", "ImageUri": second})
    )
    assert (updating["LastUpdateStatus"], updating["State"]) == ("InProgress", "Active")
    assert updating["LastUpdateStatusReasonCode"] == "Creating"
    assert updating["CodeSha256"] == first["CodeSha256"]
    await service.invoke(context(), {"FunctionName": "hello"})
    assert (bench.invoker.calls[-1][0].code_dir / "one").exists()
    progress = "An update is in progress for resource: arn:aws:lambda:"
    for call, members in (
        (service.publish_version, {}),
        (service.update_function_configuration, {"Timeout": 7}),
        (service.update_function_code, {"ImageUri": uri(layout, "v3", Entry("three"))}),
    ):
        error = await refusal(call(context(), {"FunctionName": "hello"} | members))
        assert error.error_code == "ResourceConflictException"
        assert progress in error.message
    # The next start goes on with it.
    again = await bench.open()
    async with at_work(again):
        now = await state_other_than(again, "LastUpdateStatus", "InProgress")
    assert (now["LastUpdateStatus"], now["State"]) == ("Successful", "Active")
    assert now["CodeSha256"] != first["CodeSha256"]
    await again.invoke(context(), {"FunctionName": "hello"})
    spec = bench.invoker.calls[-1][0]
    assert (spec.code_dir / "two").exists()
    assert spec.image == ImageRun(("/run", "a", "b"), "/w", {"A": "1"})
    assert (spec.runtime, spec.handler, spec.layers_dir) == (IMAGE, "", None)


async def test_an_image_that_is_there_already_is_taken_at_once(
    service: LambdaService, layout: Layout
) -> None:
    first, second = uri(layout, "v1", Entry("one")), uri(layout, "v2", Entry("two"))
    async with at_work(service):
        await create(service, first)
        await state_other_than(service, "State", "Pending")
        await service.update_function_code(context(), {"FunctionName": "hello", "ImageUri": second})
        await state_other_than(service, "LastUpdateStatus", "InProgress")
    back = await service.update_function_code(
        context(), {"FunctionName": "hello", "ImageUri": first}
    )
    assert back["LastUpdateStatus"] == "Successful"
    again = await service.update_function_code(
        context(), {"FunctionName": "hello", "ImageUri": first, "Publish": True}
    )
    assert again["Version"] == "1"


async def test_what_nobody_needs_is_removed_once_no_sandbox_can_have_it(
    service: LambdaService, layout: Layout, bench: Bench
) -> None:
    async with at_work(service):
        await create(service, uri(layout, "v1", Entry("one")))
        await state_other_than(service, "State", "Pending")
        assert folders(bench) == ["image", "layer", "layer"]
        await service.update_function_code(
            context(), {"FunctionName": "hello", "ImageUri": uri(layout, "v2", Entry("two"))}
        )
        await state_other_than(service, "LastUpdateStatus", "InProgress")
        assert folders(bench) == ["image", "image", "layer", "layer", "layer"]
        # Waits until the update is over in every respect.
        await service.update_function_configuration(
            context(), {"FunctionName": "hello", "Timeout": 7}
        )
    await bench.clock.advance(2 * 900)
    # The next that is given back takes along what was before.
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert folders(bench) == ["image", "layer", "layer"]
    assert await bench.store.unused_packages() == []


@pytest.mark.parametrize(
    ("overrides", "run"),
    [
        (ImageOverrides(), (("/e", "c"), "/w")),
        (ImageOverrides(entry_point=("/x",)), (("/x", "c"), "/w")),
        (ImageOverrides(command=("y", "z")), (("/e", "y", "z"), "/w")),
        (ImageOverrides(folder="/v"), (("/e", "c"), "/v")),
        (ImageOverrides(("/x",), ("y",), "/v"), (("/x", "y"), "/v")),
    ],
)
def test_each_override_stands_by_itself(
    overrides: ImageOverrides, run: tuple[tuple[str, ...], str]
) -> None:
    image = FunctionImage("u", "r", "sha256:0", (), ("/e",), ("c",), "/w", {"A": "1"})
    assert run_of(image, overrides) == ImageRun(*run, {"A": "1"})
    bare = FunctionImage("u", "r", "sha256:0", (), (), (), "", {})
    assert run_of(bare, ImageOverrides()) == ImageRun((), "/", {})
