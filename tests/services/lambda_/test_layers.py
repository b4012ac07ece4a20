import asyncio
import base64
import hashlib
import re
import shutil
from dataclasses import replace
from typing import Any

import pytest

from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.limits import PACKAGE
from ingle.services.lambda_.locations import PACKAGES_PATH
from ingle.services.lambda_.packages import Packages
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.lambda_.conftest import Bench, create_request
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.zips import file, link, zipped, zipped_entries

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:tools"
LONG_AFTER_S = 1801.0


async def publish(
    service: LambdaService, name: str = "tools", content: bytes | None = None, **members: Any
) -> dict[str, Any]:
    content = content if content is not None else zipped({f"python/{name}.py": name})
    request = {"LayerName": name, "Content": {"ZipFile": content}} | members
    return dict(await service.publish_layer_version(context(), request))


async def arn(service: LambdaService, *given: Any, **members: Any) -> str:
    version: str = (await publish(service, *given, **members))["LayerVersionArn"]
    return version


async def get(service: LambdaService, version: int = 1, name: str = "tools") -> dict[str, Any]:
    request = {"LayerName": name, "VersionNumber": version}
    return dict(await service.get_layer_version(context(), request))


async def delete(service: LambdaService, version: int = 1, name: str = "tools") -> None:
    await service.delete_layer_version(context(), {"LayerName": name, "VersionNumber": version})


async def create(service: LambdaService, *layers: str, **members: Any) -> dict[str, Any]:
    request = create_request(Layers=list(layers), **members)
    return dict(await service.create_function(context(), request) or {})


async def update(service: LambdaService, *layers: str) -> dict[str, Any]:
    request = {"FunctionName": "hello", "Layers": list(layers)}
    return dict(await service.update_function_configuration(context(), request))


async def merged(service: LambdaService, bench: Bench) -> dict[str, bytes] | None:
    """What a sandbox of the function finds in /opt, by path; None where nothing is mounted."""
    await service.invoke(context(), {"FunctionName": "hello"})
    folder = bench.invoker.calls[-1][0].layers_dir
    if folder is None:
        return None
    assert folder.is_absolute()
    assert folder.parent == bench.code.absolute()
    assert re.fullmatch(r"[0-9a-zA-Z_-]{1,80}", folder.name)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


async def test_a_published_layer_version_answers_all_that_aws_answers(
    service: LambdaService,
) -> None:
    content = zipped({"python/tools.py": ""})
    digest = hashlib.sha256(content)
    members = {
        "Description": "mine",
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.11"],
        "CompatibleArchitectures": ["x86_64", "arm64"],
    }
    published = await publish(service, content=content, **members)
    assert published == members | {
        "LayerArn": ARN,
        "LayerVersionArn": f"{ARN}:1",
        "Version": 1,
        "CreatedDate": "2026-01-01T00:00:00.000+0000",
        "Content": {
            "CodeSha256": base64.b64encode(digest.digest()).decode(),
            "CodeSize": len(content),
            "Location": f"http://127.0.0.1:4566{PACKAGES_PATH}{digest.hexdigest()}?expires=600",
        },
    }
    assert await get(service) == published
    assert await get(service, name=ARN) == published
    assert await service.get_layer_version_by_arn(context(), {"Arn": f"{ARN}:1"}) == published
    path = service.package_path(digest.hexdigest())
    assert path is not None
    assert path.read_bytes() == content


async def test_what_was_not_said_is_not_answered(service: LambdaService) -> None:
    published = await publish(service)
    assert published["Description"] == ""
    assert not {"LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures"} & set(published)
    empty = await publish(service, CompatibleRuntimes=[])
    assert empty["CompatibleRuntimes"] == []


async def test_numbers_are_never_used_twice(bench: Bench) -> None:
    service = await bench.open()
    assert [(await publish(service))["Version"] for _ in range(3)] == [1, 2, 3]
    for version in (1, 2, 3):
        await delete(service, version)
    service = await bench.open()
    assert (await publish(service))["Version"] == 4


async def test_of_many_who_publish_at_once_each_gets_a_number(service: LambdaService) -> None:
    versions = await asyncio.gather(
        *(publish(service, content=zipped({"a": str(n)})) for n in range(8))
    )
    assert sorted(each["Version"] for each in versions) == list(range(1, 9))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"ZipFile": b"no zip"}, "Could not unzip uploaded file."),
        ({"ZipFile": b""}, "Uploaded file must be a non-empty zip"),
        ({"ZipFile": zipped_entries(file("../x"))}, "Could not unzip uploaded file."),
        ({}, "Please provide a source for layer code."),
        (
            {"S3Bucket": "bucket", "S3Key": "key"},
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. "
            "S3 Error Message: The specified bucket does not exist",
        ),
    ],
)
async def test_what_is_no_layer_is_refused(
    service: LambdaService, bench: Bench, content: dict[str, Any], message: str
) -> None:
    error = await refusal(
        service.publish_layer_version(context(), {"LayerName": "tools", "Content": content})
    )
    assert error.error_code == "InvalidParameterValueException"
    assert error.message.startswith(message)
    assert (await publish(service))["Version"] == 1
    assert await bench.store.unused_packages() == []


async def test_a_version_that_is_not_there_is_not_found(service: LambdaService) -> None:
    await publish(service)
    for call in (get(service, 2), get(service, name="others")):
        error = await refusal(call)
        assert (error.error_code, error.message) == (
            "ResourceNotFoundException",
            "The resource you requested does not exist.",
        )
    for wrong in (f"{ARN}:2", "arn:aws:lambda:::awslayer:AmazonLinux1803"):
        error = await refusal(service.get_layer_version_by_arn(context(), {"Arn": wrong}))
        assert error.message == "The resource you requested does not exist."
    for number in (0, -1):
        for call in (get(service, number), delete(service, number)):
            assert (await refusal(call)).message == "Layer Version Cannot be less than 1"


async def test_layers_of_other_regions_are_out_of_reach_and_of_other_accounts_can_be_read_only(
    service: LambdaService,
) -> None:
    await publish(service)
    there = context(region="eu-west-1")
    request = {"LayerName": "tools", "VersionNumber": 1}
    assert (await refusal(service.get_layer_version(there, request))).http_status == 404
    request["LayerName"] = ARN
    assert (await refusal(service.get_layer_version(there, request))).http_status == 404
    assert (await service.list_layers(there, {}))["Layers"] == []
    stranger = context(OTHER_ACCOUNT)
    assert (await service.get_layer_version(stranger, request))["Version"] == 1
    error = await refusal(service.delete_layer_version(stranger, request))
    assert (error.error_code, error.message) == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{OTHER_ACCOUNT}:root is not authorized to perform: "
        f"lambda:DeleteLayerVersion on resource: {ARN}:1 because no resource-based policy allows "
        "the lambda:DeleteLayerVersion action",
    )


async def test_layers_are_listed_by_name_with_their_newest_version(
    service: LambdaService,
) -> None:
    for name in ("c", "a", "b", "a"):
        await publish(service, name)
    await publish(service, "gone")
    await delete(service, name="gone")
    listed = await service.list_layers(context(), {})
    found = [(each["LayerName"], each["LatestMatchingVersion"]) for each in listed["Layers"]]
    assert [(name, version["Version"]) for name, version in found] == [("a", 2), ("b", 1), ("c", 1)]
    assert listed["Layers"][0]["LayerArn"] == ARN.replace("tools", "a")
    assert "Content" not in found[0][1]
    first = await service.list_layers(context(), {"MaxItems": 2})
    second = await service.list_layers(context(), {"Marker": first["NextMarker"]})
    assert [e["LayerName"] for e in first["Layers"] + second["Layers"]] == ["a", "b", "c"]
    assert "NextMarker" not in second


async def test_versions_are_listed_from_the_newest(service: LambdaService) -> None:
    for _ in range(11):
        await publish(service)
    await delete(service, 5)
    seen, marker = [], None
    while True:
        request: dict[str, Any] = {"LayerName": ARN, "MaxItems": 4}
        page = await service.list_layer_versions(
            context(), request | ({"Marker": marker} if marker else {})
        )
        assert len(page["LayerVersions"]) <= 4
        seen += [each["Version"] for each in page["LayerVersions"]]
        marker = page.get("NextMarker")
        if marker is None:
            break
    assert seen == [11, 10, 9, 8, 7, 6, 4, 3, 2, 1]
    nothing = await service.list_layer_versions(context(), {"LayerName": "nothing"})
    assert nothing == {"LayerVersions": []}
    error = await refusal(
        service.list_layer_versions(context(), {"LayerName": "tools", "Marker": "x"})
    )
    assert error.message == "Marker is not one that ListLayerVersions answered."


async def test_lists_can_be_of_one_runtime_and_one_architecture(service: LambdaService) -> None:
    python, arm = {"CompatibleRuntimes": ["python3.11"]}, {"CompatibleArchitectures": ["arm64"]}
    await publish(service, **python)
    await publish(service, **python, **arm)
    await publish(service, **arm)
    await publish(service)
    for members, expected in (
        ({"CompatibleRuntime": "python3.11"}, [2, 1]),
        ({"CompatibleArchitecture": "arm64"}, [3, 2]),
        ({"CompatibleRuntime": "python3.11", "CompatibleArchitecture": "arm64"}, [2]),
        ({"CompatibleRuntime": "java21"}, []),
        ({}, [4, 3, 2, 1]),
    ):
        listed = await service.list_layer_versions(context(), {"LayerName": "tools"} | members)
        assert [each["Version"] for each in listed["LayerVersions"]] == expected
        newest = await service.list_layers(context(), members)
        assert [each["LatestMatchingVersion"]["Version"] for each in newest["Layers"]] == expected[
            :1
        ]


async def test_a_function_finds_its_layers_merged_in_their_order(
    service: LambdaService, bench: Bench
) -> None:
    one = zipped({"python/both.py": "1", "python/one.py": "1", "bin/x": "1"})
    two = zipped({"python/both.py": "2", "python/two.py": "2"})
    first, second = await arn(service, "one", one), await arn(service, "two", two)
    created = await create(service, first, second)
    assert created["Layers"] == [
        {"Arn": first, "CodeSize": len(one)},
        {"Arn": second, "CodeSize": len(two)},
    ]
    assert await merged(service, bench) == {
        "python/both.py": b"2",
        "python/one.py": b"1",
        "python/two.py": b"2",
        "bin/x": b"1",
    }
    updated = await update(service, second, first)
    assert [each["Arn"] for each in updated["Layers"]] == [second, first]
    assert ((await merged(service, bench)) or {})["python/both.py"] == b"1"
    # Other settings leave them; an empty list removes them.
    await service.update_function_configuration(context(), {"FunctionName": "hello", "Timeout": 9})
    listed = await service.list_functions(context(), {})
    assert len(listed["Functions"][0]["Layers"]) == 2
    assert "Layers" not in await update(service)
    assert await merged(service, bench) is None


async def test_functions_with_the_same_layers_share_one_folder(
    service: LambdaService, bench: Bench
) -> None:
    layer, same = await arn(service), await arn(service)
    await create(service, layer)
    await service.create_function(context(), create_request("other", Layers=[same]))
    folders = [path for path in bench.code.iterdir() if path.name.startswith("layers-")]
    assert len(folders) == 1
    assert (await merged(service, bench)) == {"python/tools.py": b"tools"}


async def test_links_stay_inside_also_by_way_of_another_layer(
    service: LambdaService, bench: Bench
) -> None:
    inside = zipped_entries(file("lib/real.so"), link("lib/name.so", "real.so"))
    await create(service, await arn(service, "inside", inside))
    assert ((await merged(service, bench)) or {})["lib/name.so"] == b"x"
    # Each of these stays inside by itself; the second leads the first one out.
    first = zipped_entries(file("a/b/c"), link("a/out", "b/../../x"))
    second = zipped_entries(file("x"), link("a/b", "../a/.."))
    layers = [await arn(service, "first", first), await arn(service, "second", second)]
    for one in layers:
        await update(service, one)
    error = await refusal(update(service, *layers))
    assert error.message.endswith("(the link 'a/out' points outside of the package)")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["{tools}:1"] * 6, "Cannot reference more than 5 layers."),
        (["{tools}:9"], "Layer version {tools}:9 does not exist."),
        (["{tools}0:1"], "Layer version {tools}0:1 does not exist."),
        (
            ["arn:aws:lambda:::awslayer:AmazonLinux1803"],
            "Layer version arn:aws:lambda:::awslayer:AmazonLinux1803 does not exist.",
        ),
        (
            ["{tools}:1", "{tools}:2"],
            "Two different versions of the same layer are not allowed to be referenced in the same "
            "function. {tools}:1 and {tools}:2 are versions of the same layer.",
        ),
        (
            ["{tools}:1", "{tools}:1"],
            "Two different versions of the same layer are not allowed to be referenced in the same "
            "function. {tools}:1 and {tools}:1 are versions of the same layer.",
        ),
        (
            ["{elsewhere}:1"],
            "Layers are not in the same region as the function. Layers are expected to be in "
            "region us-east-1.",
        ),
        (
            ["{foreign}:1"],
            "Layer version {foreign}:1 does not exist.",
        ),
    ],
)
async def test_layers_that_a_function_cannot_have_are_refused(
    service: LambdaService, layers: list[str], message: str
) -> None:
    arns = {
        "tools": ARN,
        "elsewhere": ARN.replace(REGION, "eu-west-1"),
        "foreign": ARN.replace(ACCOUNT, OTHER_ACCOUNT),
    }
    await publish(service)
    await publish(service)
    given = [each.format(**arns) for each in layers]
    assert (await refusal(create(service, *given))).message == message.format(**arns)
    before = await create(service, f"{ARN}:2")
    assert (await refusal(update(service, *given))).message == message.format(**arns)
    after = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert after == before


async def test_a_deleted_version_goes_on_working_where_it_is_used(bench: Bench) -> None:
    service = await bench.open()
    layer = await arn(service)
    created = await create(service, layer, Publish=True)
    await delete(service)
    await delete(service)
    assert (await refusal(get(service))).http_status == 404
    assert (await refusal(update(service, layer))).message == (
        f"Layer version {layer} does not exist."
    )
    # Also where its folder is lost, and after a restart.
    spec_folder = next(path for path in bench.code.iterdir() if path.name.startswith("layers-"))
    shutil.rmtree(spec_folder)
    service = await bench.open()
    described = await service.get_function_configuration(context(), {"FunctionName": "hello"})
    assert described["Layers"] == created["Layers"]
    assert await merged(service, bench) == {"python/tools.py": b"tools"}
    # Its zip goes with the last that has it: here the published version.
    await update(service)
    assert len(await _blobs(bench)) == 2
    await service.delete_function(context(), {"FunctionName": "hello", "Qualifier": "1"})
    assert len(await _blobs(bench)) == 1
    assert await bench.store.unused_packages() == []


async def _blobs(bench: Bench) -> list[str]:
    blobs = bench.code.parent / "blobs"
    return [path.name for path in blobs.rglob("*") if path.is_file()]


async def test_a_layer_s_zip_goes_with_its_last_version(
    service: LambdaService, bench: Bench
) -> None:
    await publish(service)
    await publish(service)
    await delete(service, 1)
    assert len(await _blobs(bench)) == 1
    await delete(service, 2)
    assert await _blobs(bench) == []


async def test_a_deleted_layer_goes_with_the_update_that_drops_it(
    service: LambdaService, bench: Bench
) -> None:
    await create(service, await arn(service))
    await delete(service)
    assert len(await _blobs(bench)) == 2
    await update(service)
    assert len(await _blobs(bench)) == 1


async def test_merged_folders_are_removed_once_no_sandbox_can_have_them(
    service: LambdaService, bench: Bench
) -> None:
    layer = await arn(service)
    await create(service, layer)
    spec_folder = next(path for path in bench.code.iterdir() if path.name.startswith("layers-"))
    await update(service)
    assert spec_folder.exists()
    # One that is used again in time stays.
    await update(service, layer)
    await bench.clock.advance(LONG_AFTER_S)
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert spec_folder.exists()
    await bench.clock.advance(LONG_AFTER_S)
    await create(service)
    await service.delete_function(context(), {"FunctionName": "hello"})
    assert not spec_folder.exists()


async def test_a_start_removes_merged_folders_that_nothing_uses(bench: Bench) -> None:
    service = await bench.open()
    await create(service, await arn(service))
    (bench.code / ("layers-" + "0" * 64)).mkdir()
    await bench.open()
    names = sorted(path.name for path in bench.code.iterdir())
    assert len(names) == 2
    assert "layers-" + "0" * 64 not in names


@pytest.fixture
async def small(bench: Bench) -> LambdaService:
    """A service whose functions may have a thousand bytes of code and layers."""
    service = await bench.open()
    limits = replace(PACKAGE, unzipped_bytes=1000)
    packages = await Packages.open(bench.store, bench.blobs, bench.code, bench.clock, limits)
    for part in (service, service._functions, service._layers):
        part._packages = packages
    return service


async def test_code_and_layers_together_have_one_limit(small: LambdaService, bench: Bench) -> None:
    layers = [
        await arn(small, name, zipped({name: bytes(size)}))
        for name, size in (("a", 400), ("b", 500), ("c", 200))
    ]
    error = await refusal(create(small, *layers))
    assert error.message == "Layers consume more than the available size of 1000 bytes"
    fits = {"Code": {"ZipFile": zipped({"app.py": bytes(100)})}}
    over = {"Code": {"ZipFile": zipped({"app.py": bytes(101)})}}
    error = await refusal(create(small, *layers[:2], **over))
    assert (error.error_code, error.message) == (
        "InvalidParameterValueException",
        "Function code combined with layers exceeds the maximum allowed size of 1000 bytes. The "
        "actual size is 1001 bytes.",
    )
    await create(small, *layers[:2], **fits)
    error = await refusal(
        small.update_function_code(context(), {"FunctionName": "hello"} | over["Code"])
    )
    assert error.message.endswith("The actual size is 1001 bytes.")
    assert (await refusal(update(small, *layers))).message.startswith("Layers consume more")
    await update(small, *layers[1:])


async def test_sizes_are_known_after_a_restart(bench: Bench) -> None:
    service = await bench.open()
    layer = await arn(service, "a", zipped({"a": bytes(600)}))
    await create(service, Code={"ZipFile": zipped({"app.py": bytes(500)})})
    limits = replace(PACKAGE, unzipped_bytes=1000)
    service = await bench.open()
    packages = await Packages.open(bench.store, bench.blobs, bench.code, bench.clock, limits)
    service._functions._packages = packages
    error = await refusal(update(service, layer))
    assert error.message.endswith("The actual size is 1100 bytes.")


async def test_deleting_a_version_while_a_function_takes_it_loses_nothing(bench: Bench) -> None:
    service = await bench.open()
    for round_ in range(12):
        content = zipped({"data": str(round_)})
        layer = await arn(service, "tools", content)
        number = int(layer.rpartition(":")[2])
        name = f"f{round_}"
        request = create_request(name, Layers=[layer])
        creating = asyncio.create_task(service.create_function(context(), request))
        for _ in range(round_):
            await asyncio.sleep(0)
        await delete(service, number)
        (outcome,) = await asyncio.gather(creating, return_exceptions=True)
        if isinstance(outcome, BaseException):
            assert str(outcome).endswith(f"Layer version {layer} does not exist.")
            continue
        assert await bench.blobs.exists(hashlib.sha256(content).hexdigest())
        await service.invoke(context(), {"FunctionName": name})
        assert bench.invoker.calls[-1][0].layers_dir.exists()
        await service.delete_function(context(), {"FunctionName": name})
    assert await bench.store.unused_packages() == []
    assert await _blobs(bench) == []


async def test_layers_count_towards_the_account_s_code(service: LambdaService) -> None:
    content = zipped({"a": "b"})
    for _ in range(2):
        await publish(service, content=content)
    usage = (await service.get_account_settings(context(), {}))["AccountUsage"]
    assert usage == {"TotalCodeSize": 2 * len(content), "FunctionCount": 0}
