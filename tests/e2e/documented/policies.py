"""The policies of functions and of layers, and layers themselves."""

from typing import Any

from tests.e2e.conftest import zip_of
from tests.e2e.documented.cases import CONFLICT, INVALID, MISSING, STALE, TOO_LONG, Case, each
from tests.e2e.documented.stage import ARN, NOBODY, STALE_REVISION, Stage


def _too_long(stage: Stage) -> dict[str, Any]:
    """Add statements until there is no room for a long one."""
    name = stage.new()
    source = f"arn:aws:s3:::{'b' * 100}"
    for number in range(47):
        sid = f"{number:03}" + "s" * 90
        stage.client.add_permission(**stage.permission(name, sid), SourceArn=source)
    return stage.permission(name, "last") | {"SourceArn": source + "b" * 40}


def _policy(stage: Stage, name: str | None = None, **members: Any) -> dict[str, Any]:
    arn = f"{ARN}function:{name or stage.permitted}"
    return {"ResourceArn": arn, "Policy": stage.policy(arn), **members}


def _long_policy(stage: Stage) -> dict[str, Any]:
    arn = f"{ARN}function:{stage.permitted}"
    # As short as the model wants it, until AWS writes it in ASCII.
    condition = {"StringEquals": {"aws:SourceAccount": "€" * 10_000}}
    policy = stage.policy(arn, Condition=condition).encode().decode("unicode_escape")
    return {"ResourceArn": arn, "Policy": policy}


def _long_layer_policy(stage: Stage) -> dict[str, Any]:
    version = {"LayerName": f"{stage.layer['LayerName']}-long", "VersionNumber": 1}
    stage.client.publish_layer_version(
        LayerName=version["LayerName"], Content={"ZipFile": zip_of(tool="X = 2")}
    )
    for number in range(81):
        sid = f"{number:03}" + "s" * 90
        stage.client.add_layer_version_permission(**version, **stage.sharing(sid))
    return {**version, **stage.sharing("l" * 100), "OrganizationId": "o-" + "0" * 32}


def _layer(stage: Stage, **members: Any) -> dict[str, Any]:
    return {**stage.layer, **members}


FOREIGN_LAYER = f"arn:aws:lambda:eu-west-1:000000000000:layer:{NOBODY}"
NO_LAYER: dict[str, Any] = {"LayerName": NOBODY, "VersionNumber": 1}

CASES = [
    Case(
        "AddPermission",
        INVALID,
        lambda stage: stage.permission(stage.permitted, "new") | {"Principal": "nobody"},
    ),
    Case("AddPermission", MISSING, lambda stage: stage.permission(NOBODY)),
    Case("AddPermission", CONFLICT, lambda stage: stage.permission(stage.permitted)),
    Case(
        "AddPermission",
        STALE,
        lambda s: s.permission(s.permitted, "new") | {"RevisionId": STALE_REVISION},
    ),
    Case("AddPermission", TOO_LONG, _too_long),
    Case("GetPolicy", INVALID, lambda stage: stage.differing),
    Case("GetPolicy", MISSING, lambda _: {"FunctionName": NOBODY}),
    Case("RemovePermission", INVALID, lambda stage: stage.differing | {"StatementId": "there"}),
    Case(
        "RemovePermission", MISSING, lambda s: {"FunctionName": s.permitted, "StatementId": "none"}
    ),
    Case(
        "RemovePermission",
        STALE,
        lambda s: {
            "FunctionName": s.permitted,
            "StatementId": "there",
            "RevisionId": STALE_REVISION,
        },
    ),
    Case("PutResourcePolicy", INVALID, lambda stage: _policy(stage, Policy="{}")),
    Case("PutResourcePolicy", MISSING, lambda stage: _policy(stage, NOBODY)),
    Case("PutResourcePolicy", TOO_LONG, _long_policy),
    Case("PutResourcePolicy", STALE, lambda stage: _policy(stage, RevisionId=STALE_REVISION)),
    *each(
        "GetResourcePolicy DeleteResourcePolicy",
        INVALID,
        lambda _: {"ResourceArn": f"{ARN}runtime/python"},
    ),
    *each(
        "GetResourcePolicy DeleteResourcePolicy",
        MISSING,
        lambda _: {"ResourceArn": f"{ARN}function:{NOBODY}"},
    ),
    Case(
        "DeleteResourcePolicy",
        STALE,
        lambda stage: {
            "ResourceArn": f"{ARN}function:{stage.permitted}",
            "RevisionId": STALE_REVISION,
        },
    ),
    Case("PublishLayerVersion", INVALID, lambda stage: {"LayerName": NOBODY, "Content": {}}),
    Case(
        "PublishLayerVersion",
        MISSING,
        lambda _: {
            "LayerName": FOREIGN_LAYER,
            "Content": {"ZipFile": zip_of(tool="X = 1")},
        },
    ),
    *each(
        "GetLayerVersion GetLayerVersionPolicy DeleteLayerVersion",
        INVALID,
        lambda stage: _layer(stage, VersionNumber=0),
    ),
    *each("GetLayerVersion GetLayerVersionPolicy", MISSING, lambda _: NO_LAYER),
    Case("ListLayerVersions", MISSING, lambda _: {"LayerName": FOREIGN_LAYER}),
    Case(
        "DeleteLayerVersion",
        MISSING,
        lambda _: {"LayerName": FOREIGN_LAYER, "VersionNumber": 1},
    ),
    Case("GetLayerVersionByArn", INVALID, lambda _: {"Arn": f"{ARN}layer:{NOBODY}:0"}),
    Case("GetLayerVersionByArn", MISSING, lambda _: {"Arn": f"{ARN}layer:{NOBODY}:1"}),
    Case("ListLayers", INVALID, lambda _: {"Marker": "none"}),
    Case(
        "ListLayerVersions",
        INVALID,
        lambda stage: {"LayerName": stage.layer["LayerName"], "Marker": "none"},
    ),
    Case(
        "AddLayerVersionPermission",
        INVALID,
        lambda stage: _layer(stage, **stage.sharing("new"), VersionNumber=0),
    ),
    Case("AddLayerVersionPermission", MISSING, lambda s: {**NO_LAYER, **s.sharing("new")}),
    Case("AddLayerVersionPermission", CONFLICT, lambda s: _layer(s, **s.sharing("there"))),
    Case(
        "AddLayerVersionPermission",
        STALE,
        lambda stage: _layer(stage, **stage.sharing("new"), RevisionId=STALE_REVISION),
    ),
    Case("AddLayerVersionPermission", TOO_LONG, _long_layer_policy),
    Case(
        "RemoveLayerVersionPermission",
        INVALID,
        lambda stage: _layer(stage, StatementId="there", VersionNumber=0),
    ),
    Case("RemoveLayerVersionPermission", MISSING, lambda s: _layer(s, StatementId="none")),
    Case(
        "RemoveLayerVersionPermission",
        STALE,
        lambda stage: _layer(stage, StatementId="there", RevisionId=STALE_REVISION),
    ),
]
