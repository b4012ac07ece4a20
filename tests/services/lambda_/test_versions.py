import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.limits import ACCOUNT
from ingle.services.lambda_.model import Function, Package
from ingle.services.lambda_.versions import published
from tests.services.conftest import ACCOUNT as ACCOUNT_ID
from tests.services.conftest import REGION, context
from tests.services.lambda_.conftest import Bench, create_request
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.test_store import FUNCTION
from tests.services.lambda_.zips import zipped

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:hello"


def code(text: str) -> bytes:
    return zipped({"app.py": text})


async def publish(service: LambdaService, **members: Any) -> dict[str, Any]:
    return dict(await service.publish_version(context(), {"FunctionName": "hello"} | members))


async def configuration(service: LambdaService, qualifier: str | None = None) -> dict[str, Any]:
    request = {"FunctionName": "hello"} | ({"Qualifier": qualifier} if qualifier else {})
    return dict(await service.get_function_configuration(context(), request))


async def update(service: LambdaService, **members: Any) -> dict[str, Any]:
    request = {"FunctionName": "hello"} | members
    return dict(await service.update_function_configuration(context(), request))


async def invoked(service: LambdaService, bench: Bench, **members: Any) -> Any:
    await service.invoke(context(), {"FunctionName": "hello"} | members)
    return bench.invoker.calls[-1]


@pytest.fixture
async def ready(service: LambdaService) -> LambdaService:
    await service.create_function(context(), create_request())
    return service


async def test_a_version_is_latest_under_a_number(ready: LambdaService) -> None:
    latest = await configuration(ready)
    version = await publish(ready)
    assert version["RevisionId"] != latest["RevisionId"]
    assert version == latest | {
        "FunctionArn": f"{ARN}:1",
        "Version": "1",
        "RevisionId": version["RevisionId"],
    }
    assert await configuration(ready, "1") == version


async def test_publishing_gives_latest_another_revision_id(ready: LambdaService) -> None:
    before = await configuration(ready)
    await publish(ready, RevisionId=before["RevisionId"])
    after = await configuration(ready)
    assert after["RevisionId"] != before["RevisionId"]
    assert after == before | {"RevisionId": after["RevisionId"]}


async def test_a_version_has_its_own_description_or_that_of_latest(ready: LambdaService) -> None:
    await update(ready, Description="of latest")
    assert (await publish(ready, Description="of the first"))["Description"] == "of the first"
    assert (await configuration(ready))["Description"] == "of latest"
    await update(ready, Description="changed")
    assert (await publish(ready))["Description"] == "changed"
    await update(ready, Timeout=9)
    assert (await publish(ready, Description=""))["Description"] == ""


async def test_publishing_what_has_not_changed_answers_the_same_version(
    ready: LambdaService,
) -> None:
    first = await publish(ready, Description="one")
    latest = await configuration(ready)
    assert await publish(ready, Description="two") == first
    assert await configuration(ready) == latest
    # A new revision that holds the same is no change.
    await update(ready, Timeout=latest["Timeout"])
    assert await publish(ready) == first
    await update(ready, Timeout=latest["Timeout"] + 1)
    assert (await publish(ready))["Version"] == "2"


async def test_code_alone_makes_a_change_too(ready: LambdaService) -> None:
    await publish(ready)
    request = {"FunctionName": "hello", "ZipFile": code("new"), "Publish": True}
    second = dict(await ready.update_function_code(context(), request))
    assert (second["Version"], second["FunctionArn"]) == ("2", f"{ARN}:2")
    again = dict(await ready.update_function_code(context(), request))
    assert again == second
    assert (await configuration(ready))["CodeSha256"] == second["CodeSha256"]


async def test_a_function_can_be_created_with_its_first_version(service: LambdaService) -> None:
    created = dict(await service.create_function(context(), create_request(Publish=True)) or {})
    assert (created["Version"], created["FunctionArn"]) == ("1", ARN)
    assert await configuration(service, "1") == created | {"FunctionArn": f"{ARN}:1"}
    assert (await publish(service))["Version"] == "1"


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"CodeSha256": "other"},
            "InvalidParameterValueException",
            "CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({digest}). "
            "Please try again with the CodeSHA256 in $LATEST.",
        ),
        (
            {"RevisionId": "old"},
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
        ),
        ({"FunctionName": "nobody"}, "ResourceNotFoundException", "Function not found: {nobody}"),
        (
            {"FunctionName": "hello:1"},
            "InvalidParameterValueException",
            "Current operation does not support versions other than $LATEST. Please set the "
            "version to $LATEST or do not set a version in your request.",
        ),
        (
            {"PublishTo": "LATEST_PUBLISHED"},
            "InvalidParameterValueException",
            "PublishTo is not supported by this version of Ingle: it is for functions on Lambda "
            "Managed Instances, which are EC2's. Leave it out.",
        ),
    ],
)
async def test_a_version_is_not_published_on_a_wrong_premise(
    ready: LambdaService, members: dict[str, Any], code: str, message: str
) -> None:
    digest = (await configuration(ready))["CodeSha256"]
    error = await refusal(publish(ready, **members))
    nobody = ARN.replace("hello", "nobody")
    assert (error.error_code, error.message) == (
        code,
        message.format(digest=digest, nobody=nobody),
    )
    assert (await publish(ready, CodeSha256=digest))["Version"] == "1"


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("update_function_code", {"ZipFile": code("")}),
        ("update_function_configuration", {"Timeout": 9}),
    ],
)
async def test_a_version_cannot_be_changed(
    ready: LambdaService, operation: str, members: dict[str, Any]
) -> None:
    version = await publish(ready)
    error = await refusal(
        getattr(ready, operation)(context(), {"FunctionName": "hello:1"} | members)
    )
    assert error.message.startswith("Current operation does not support versions other than")
    assert await configuration(ready, "1") == version
    # Under its own name, `$LATEST` can.
    await getattr(ready, operation)(context(), {"FunctionName": "hello:$LATEST"} | members)


async def test_a_version_runs_what_it_was_while_latest_changes(
    ready: LambdaService, bench: Bench
) -> None:
    await publish(ready)
    await ready.update_function_code(context(), {"FunctionName": "hello", "ZipFile": code("new")})
    await update(ready, Timeout=9, Environment={"Variables": {"A1": "new"}})
    old, _, members = await invoked(ready, bench, Qualifier="1")
    assert members["invoked_arn"] == old.arn == f"{ARN}:1"
    assert (old.version, old.timeout_s, dict(old.environment)) == ("1", 3, {})
    assert b"Hello" in (old.code_dir / "app.py").read_bytes()
    new, _, _ = await invoked(ready, bench)
    assert (new.version, new.timeout_s, dict(new.environment)) == ("$LATEST", 9, {"A1": "new"})
    assert (new.code_dir / "app.py").read_bytes() == b"new"
    assert new.revision_id != old.revision_id
    assert (await invoked(ready, bench, FunctionName="hello:1"))[0] is old


async def test_the_answer_says_which_version_ran(ready: LambdaService) -> None:
    await publish(ready)
    for qualifier in ("1", "$LATEST"):
        answer = await ready.invoke(context(), {"FunctionName": "hello", "Qualifier": qualifier})
        assert answer["ExecutedVersion"] == qualifier


async def test_publishing_keeps_the_sandboxes_of_latest_warm(
    ready: LambdaService, bench: Bench
) -> None:
    before, _, _ = await invoked(ready, bench)
    await publish(ready)
    assert (await invoked(ready, bench))[0] is before
    assert bench.invoker.dropped == []


async def test_an_update_ends_only_the_sandboxes_of_latest(
    ready: LambdaService, bench: Bench
) -> None:
    await publish(ready)
    await update(ready, Timeout=9)
    assert bench.invoker.dropped == [ARN]


async def test_nothing_is_kept_of_what_no_longer_runs(ready: LambdaService, bench: Bench) -> None:
    await publish(ready)
    for timeout in range(4, 8):
        await update(ready, Timeout=timeout)
        for qualifier in ("1", "$LATEST"):
            await invoked(ready, bench, Qualifier=qualifier)
    assert len(ready._invocations._specs) == 2
    await ready.delete_function(context(), {"FunctionName": "hello"})
    assert len(ready._invocations._specs) == 0


async def test_versions_are_listed_after_latest_by_number(ready: LambdaService) -> None:
    for timeout in range(4, 15):
        await update(ready, Timeout=timeout)
        await publish(ready)
    listed = await ready.list_versions_by_function(context(), {"FunctionName": "hello"})
    numbers = ["$LATEST", *map(str, range(1, 12))]
    assert [each["Version"] for each in listed["Versions"]] == numbers
    assert [each["FunctionArn"] for each in listed["Versions"]] == [f"{ARN}:{n}" for n in numbers]
    assert "State" not in listed["Versions"][0]
    seen, marker = [], None
    while True:
        request: dict[str, Any] = {"FunctionName": ARN, "MaxItems": 5}
        page = await ready.list_versions_by_function(
            context(), request | ({"Marker": marker} if marker else {})
        )
        assert len(page["Versions"]) <= 5
        seen += [each["Version"] for each in page["Versions"]]
        marker = page.get("NextMarker")
        if marker is None:
            break
    assert seen == numbers


async def test_every_version_of_every_function_can_be_listed(service: LambdaService) -> None:
    for name in ("a", "a-b", "b"):
        await service.create_function(context(), create_request(name, Publish=True))
    listed = await service.list_functions(context(), {"FunctionVersion": "ALL", "MaxItems": 3})
    rest = await service.list_functions(
        context(), {"FunctionVersion": "ALL", "Marker": listed["NextMarker"]}
    )
    arns = [each["FunctionArn"].partition("function:")[2] for each in listed["Functions"]]
    arns += [each["FunctionArn"].partition("function:")[2] for each in rest["Functions"]]
    assert arns == ["a:$LATEST", "a:1", "a-b:$LATEST", "a-b:1", "b:$LATEST", "b:1"]
    plain = await service.list_functions(context(), {})
    assert [each["Version"] for each in plain["Functions"]] == ["$LATEST"] * 3


@pytest.mark.parametrize("operation", ["list_versions_by_function", "get_function"])
async def test_what_lists_and_describes_knows_what_is_missing(
    service: LambdaService, operation: str
) -> None:
    error = await refusal(getattr(service, operation)(context(), {"FunctionName": "hello"}))
    assert error.message == f"Function not found: {ARN}"


async def test_a_foreign_marker_is_refused(ready: LambdaService) -> None:
    request = {"FunctionName": "hello", "Marker": "x"}
    error = await refusal(ready.list_versions_by_function(context(), request))
    assert error.error_code == "InvalidParameterValueException"


async def test_a_deleted_version_is_gone_and_its_number_not_used_again(
    ready: LambdaService, bench: Bench
) -> None:
    await publish(ready)
    await ready.delete_function(context(), {"FunctionName": "hello", "Qualifier": "1"})
    assert bench.invoker.dropped == [f"{ARN}:1"]
    for operation in (ready.get_function, ready.invoke):
        error = await refusal(operation(context(), {"FunctionName": "hello:1"}))
        assert error.message == f"Function not found: {ARN}:1"
    # There is no version that is the same, so this one is new.
    assert (await publish(ready))["Version"] == "2"
    assert (await configuration(ready))["Version"] == "$LATEST"


async def test_deleting_a_version_of_no_function_names_the_function(
    service: LambdaService,
) -> None:
    error = await refusal(service.delete_function(context(), {"FunctionName": "hello:1"}))
    assert error.message == f"Function not found: {ARN}"


async def test_a_function_takes_its_versions_along(ready: LambdaService, bench: Bench) -> None:
    await publish(ready)
    await ready.update_function_code(
        context(), {"FunctionName": "hello", "ZipFile": code("new"), "Publish": True}
    )
    await ready.delete_function(context(), {"FunctionName": "hello"})
    assert set(bench.invoker.dropped) == {ARN, f"{ARN}:1", f"{ARN}:2"}
    assert await bench.store.unused_packages() == []
    assert [path for path in (bench.code.parent / "blobs").rglob("*") if path.is_file()] == []
    # A function of the same name begins anew.
    await ready.create_function(context(), create_request())
    assert (await publish(ready))["Version"] == "1"


async def test_the_code_of_a_version_stays_until_nobody_needs_it(
    ready: LambdaService, bench: Bench
) -> None:
    await publish(ready)
    spec, _, _ = await invoked(ready, bench, Qualifier="1")
    await ready.update_function_code(context(), {"FunctionName": "hello", "ZipFile": code("new")})
    digest = spec.code_dir.name
    assert await bench.blobs.exists(digest)
    service = await bench.open()
    assert spec.code_dir.exists()
    await service.delete_function(context(), {"FunctionName": "hello", "Qualifier": "1"})
    assert not await bench.blobs.exists(digest)


async def test_versions_survive_a_restart(bench: Bench) -> None:
    service = await bench.open()
    await service.create_function(
        context(), create_request(Environment={"Variables": {"A1": "b"}}, Tags={"team": "x"})
    )
    await publish(service, Description="one")
    await update(service, Timeout=9)
    await publish(service)
    await service.delete_function(context(), {"FunctionName": "hello", "Qualifier": "2"})
    before = [await configuration(service, each) for each in ("$LATEST", "1")]
    again = await bench.open()
    assert [await configuration(again, each) for each in ("$LATEST", "1")] == before
    described = await again.get_function(context(), {"FunctionName": "hello:1"})
    assert described["Tags"] == {"team": "x"}
    assert (await refusal(configuration(again, "2"))).error_code == "ResourceNotFoundException"
    assert (await publish(again))["Version"] == "3"
    assert (await publish(again))["Version"] == "3"


async def test_of_many_who_publish_the_same_at_once_all_get_one_version(
    ready: LambdaService,
) -> None:
    versions = await asyncio.gather(*(publish(ready) for _ in range(8)))
    assert {each["Version"] for each in versions} == {"1"}


async def test_versions_count_towards_the_account_s_code(
    ready: LambdaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = (await ready.get_account_settings(context(), {}))["AccountUsage"]
    await publish(ready)
    after = (await ready.get_account_settings(context(), {}))["AccountUsage"]
    assert after == {"TotalCodeSize": 2 * usage["TotalCodeSize"], "FunctionCount": 1}
    await update(ready, Timeout=9)
    small = replace(ACCOUNT, code_bytes=after["TotalCodeSize"])
    monkeypatch.setattr("ingle.services.lambda_.account.ACCOUNT", small)
    error = await refusal(publish(ready))
    assert error.error_code == "CodeStorageExceededException"


@given(st.lists(st.sampled_from(["publish", "update", "publish with a description"]), max_size=20))
def test_numbers_only_ever_grow_and_versions_never_change(steps: list[str]) -> None:
    latest = FUNCTION
    made: list[Function] = []
    for number, step in enumerate(steps):
        if step == "update":
            latest = replace(latest, package=Package(f"{number:064}", number), changed=True)
            continue
        description = "given" if step.endswith("description") else None
        before, (latest, version) = latest, published(latest, description)
        assert version.number == before.last_version + 1 == latest.last_version
        assert version.package == latest.package == before.package
        assert version.description == (description or before.description)
        assert not latest.changed
        made.append(version)
    ids = [each.content_id for each in made] + [each.revision_id for each in made]
    assert len({*ids, latest.content_id, latest.revision_id}) == len(ids) + 2
    assert [each.number for each in made] == list(range(1, len(made) + 1))
