"""Functions, their versions and their aliases."""

from typing import Any

from tests.e2e.conftest import ROLE, RUNTIME, zip_of
from tests.e2e.documented.cases import CONFLICT, INVALID, MISSING, STALE, Case, each
from tests.e2e.documented.stage import NO_CONFIG, NOBODY, SOURCE, STALE_REVISION, Stage


def _new(**members: Any) -> dict[str, Any]:
    return {
        "FunctionName": NOBODY,
        "Role": ROLE,
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Code": {"ZipFile": zip_of(app=SOURCE)},
        **members,
    }


def _code(name: str, **members: Any) -> dict[str, Any]:
    return {"FunctionName": name, "ZipFile": zip_of(app=SOURCE), **members}


def _foreign(_: Stage) -> dict[str, Any]:
    return _new(FunctionName=f"arn:aws:lambda:eu-west-1:000000000000:function:{NOBODY}")


def _with_layer(stage: Stage) -> dict[str, Any]:
    version = stage.client.get_layer_version(**stage.layer)
    return {"FunctionName": stage.signed, "Layers": [version["LayerVersionArn"]]}


def _alias(stage: Stage, **members: Any) -> dict[str, Any]:
    return {"FunctionName": stage.function, "Name": "live", "FunctionVersion": "1", **members}


def _unweighable(stage: Stage) -> dict[str, Any]:
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    return _alias(stage, Name="weighted", RoutingConfig=weights)


CASES = [
    Case("CreateFunction", INVALID, lambda _: _new(Environment={"Variables": {"AWS_REGION": "x"}})),
    Case("CreateFunction", MISSING, _foreign),
    Case("CreateFunction", CONFLICT, lambda stage: _new(FunctionName=stage.function)),
    Case(
        "CreateFunction",
        "CodeSigningConfigNotFoundException",
        lambda _: _new(CodeSigningConfigArn=NO_CONFIG),
    ),
    Case(
        "CreateFunction",
        "CodeVerificationFailedException",
        lambda stage: _new(CodeSigningConfigArn=stage.enforcing),
    ),
    *each("GetFunction GetFunctionConfiguration", INVALID, lambda stage: stage.differing),
    *each(
        "GetFunction GetFunctionConfiguration DeleteFunction PublishVersion ListAliases "
        "ListVersionsByFunction UpdateFunctionConfiguration",
        MISSING,
        lambda _: {"FunctionName": NOBODY},
    ),
    Case("ListFunctions", INVALID, lambda _: {"Marker": "none"}),
    *each(
        "ListVersionsByFunction ListAliases",
        INVALID,
        lambda stage: {"FunctionName": stage.function, "Marker": "none"},
    ),
    Case("UpdateFunctionCode", INVALID, lambda stage: _code(f"{stage.function}:1")),
    Case("UpdateFunctionCode", MISSING, lambda _: _code(NOBODY)),
    Case("UpdateFunctionCode", STALE, lambda s: _code(s.function, RevisionId=STALE_REVISION)),
    Case("UpdateFunctionCode", "CodeVerificationFailedException", lambda s: _code(s.signed)),
    *each(
        "UpdateFunctionConfiguration PublishVersion",
        INVALID,
        lambda stage: {"FunctionName": f"{stage.function}:1"},
    ),
    *each(
        "UpdateFunctionConfiguration PublishVersion",
        STALE,
        lambda stage: {"FunctionName": stage.function, "RevisionId": STALE_REVISION},
    ),
    Case("UpdateFunctionConfiguration", "CodeVerificationFailedException", _with_layer),
    Case(
        "DeleteFunction",
        INVALID,
        lambda stage: {"FunctionName": stage.function, "Qualifier": "$LATEST"},
    ),
    Case(
        "DeleteFunction",
        CONFLICT,
        lambda stage: {"FunctionName": stage.function, "Qualifier": "1"},
    ),
    Case("CreateAlias", INVALID, _unweighable),
    Case("CreateAlias", MISSING, lambda stage: _alias(stage, Name="new", FunctionVersion="9")),
    Case("CreateAlias", CONFLICT, _alias),
    *each(
        "GetAlias UpdateAlias DeleteAlias",
        INVALID,
        lambda stage: {"FunctionName": f"{stage.function}:1", "Name": "live"},
    ),
    *each(
        "GetAlias UpdateAlias DeleteAlias",
        MISSING,
        lambda stage: {"FunctionName": NOBODY, "Name": "live"},
    ),
    Case("UpdateAlias", STALE, lambda stage: _alias(stage, RevisionId=STALE_REVISION)),
]
