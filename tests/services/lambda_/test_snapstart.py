from dataclasses import replace

import pytest

from ingle.services.lambda_ import answers, later
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.snapstart import check_snap_start, has_snapshots
from tests.services.conftest import context
from tests.services.lambda_.conftest import RUNTIME, Bench, create_request
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.test_store import FUNCTION

ON = {"ApplyOn": "PublishedVersions"}


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """SnapStart as it is once the pool makes snapshots."""
    monkeypatch.delitem(later._TABLES["function"], "SnapStart", raising=False)


@pytest.mark.parametrize("runtime", ["python3.8", "python3.12", "python3.14", "java11", "java25"])
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


@pytest.mark.usefixtures("switched_on")
async def test_the_versions_of_a_function_with_snap_start_have_it(
    service: LambdaService, bench: Bench
) -> None:
    await service.create_function(context(), create_request(SnapStart=ON, Publish=True))
    await service.update_function_configuration(
        context(), {"FunctionName": "hello", "SnapStart": {"ApplyOn": "None"}}
    )
    await service.publish_version(context(), {"FunctionName": "hello"})
    again = await bench.open()
    for qualifier in ("1", "2", "$LATEST"):
        await again.invoke(context(), {"FunctionName": "hello", "Qualifier": qualifier})
    assert [spec.snap_start for spec, _, _ in bench.invoker.calls] == [True, False, False]


@pytest.mark.usefixtures("switched_on")
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
