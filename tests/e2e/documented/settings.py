"""What a function has beside its code: concurrency, events, a URL, tags, its runtime's updates."""

from typing import Any

from tests.e2e.documented.cases import CONFLICT, INVALID, MISSING, Case, each
from tests.e2e.documented.stage import ARN, NOBODY, Stage

NO_PROVISION = "ProvisionedConcurrencyConfigNotFoundException"


def _named(name: str, **members: Any) -> dict[str, Any]:
    return {"FunctionName": name, **members}


def _provisioned_twice(stage: Stage) -> dict[str, Any]:
    name = stage.new()
    stage.client.publish_version(FunctionName=name)
    stage.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    one = {"FunctionName": name, "ProvisionedConcurrentExecutions": 1}
    stage.client.put_provisioned_concurrency_config(**one, Qualifier="1")
    return {**one, "Qualifier": "live"}


CASES = [
    Case(
        "PutFunctionConcurrency",
        INVALID,
        lambda stage: _named(stage.function, ReservedConcurrentExecutions=10**6),
    ),
    Case(
        "PutFunctionConcurrency", MISSING, lambda _: _named(NOBODY, ReservedConcurrentExecutions=1)
    ),
    *each(
        "GetFunctionConcurrency DeleteFunctionConcurrency",
        INVALID,
        lambda stage: _named(f"{stage.function}:1"),
    ),
    *each(
        "GetFunctionConcurrency DeleteFunctionConcurrency GetFunctionRecursionConfig "
        "GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig "
        "ListFunctionEventInvokeConfigs ListProvisionedConcurrencyConfigs "
        "GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig "
        "ListFunctionUrlConfigs GetRuntimeManagementConfig",
        MISSING,
        lambda _: _named(NOBODY),
    ),
    Case(
        "PutProvisionedConcurrencyConfig",
        INVALID,
        lambda s: _named(s.function, Qualifier="1", ProvisionedConcurrentExecutions=10**6),
    ),
    Case(
        "PutProvisionedConcurrencyConfig",
        MISSING,
        lambda _: _named(NOBODY, Qualifier="1", ProvisionedConcurrentExecutions=1),
    ),
    Case("PutProvisionedConcurrencyConfig", CONFLICT, _provisioned_twice),
    *each(
        "GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig "
        "GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
        INVALID,
        lambda stage: stage.differing,
    ),
    *each(
        "GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig",
        INVALID,
        lambda stage: _named(f"{stage.function}:live", Qualifier="other"),
    ),
    *each(
        "GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig",
        MISSING,
        lambda _: _named(NOBODY, Qualifier="1"),
    ),
    Case(
        "GetProvisionedConcurrencyConfig",
        NO_PROVISION,
        lambda stage: _named(stage.function, Qualifier="1"),
    ),
    *each(
        "ListProvisionedConcurrencyConfigs ListFunctionEventInvokeConfigs ListFunctionUrlConfigs",
        INVALID,
        lambda stage: _named(stage.function, Marker="none"),
    ),
    *each(
        "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
        INVALID,
        lambda stage: _named(stage.function),
    ),
    *each(
        "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
        MISSING,
        lambda _: _named(NOBODY, MaximumRetryAttempts=1),
    ),
    Case(
        "CreateFunctionUrlConfig",
        INVALID,
        lambda s: _named(f"{s.function}:live", Qualifier="other", AuthType="NONE"),
    ),
    Case("CreateFunctionUrlConfig", MISSING, lambda _: _named(NOBODY, AuthType="NONE")),
    Case("CreateFunctionUrlConfig", CONFLICT, lambda stage: _named(stage.url, AuthType="NONE")),
    Case("PutFunctionRecursionConfig", MISSING, lambda _: _named(NOBODY, RecursiveLoop="Allow")),
    Case(
        "PutRuntimeManagementConfig",
        INVALID,
        lambda stage: _named(stage.function, UpdateRuntimeOn="Manual"),
    ),
    Case("PutRuntimeManagementConfig", MISSING, lambda _: _named(NOBODY, UpdateRuntimeOn="Auto")),
    Case(
        "GetRuntimeManagementConfig",
        INVALID,
        lambda stage: _named(stage.function, Qualifier="live"),
    ),
    *(
        Case(operation, error, lambda stage, place=place, more=more: _tagged(stage, place, more))
        for operation, more in (
            ("TagResource", {"Tags": {"a": "b"}}),
            ("UntagResource", {"TagKeys": ["a"]}),
            ("ListTags", {}),
        )
        for error, place in ((INVALID, "version"), (MISSING, "nobody"))
    ),
]


def _tagged(stage: Stage, place: str, more: dict[str, Any]) -> dict[str, Any]:
    name = f"{stage.function}:1" if place == "version" else NOBODY
    return {"Resource": f"{ARN}function:{name}", **more}
