"""Code signing configurations."""

from tests.e2e.documented.cases import CONFLICT, INVALID, MISSING, Case, each
from tests.e2e.documented.stage import NO_CONFIG, NOBODY, PROFILE

NO_SIGNING = "CodeSigningConfigNotFoundException"
_TAGS = {f"key-{number}": "" for number in range(51)}

CASES = [
    Case(
        "CreateCodeSigningConfig",
        INVALID,
        lambda _: {"AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]}, "Tags": _TAGS},
    ),
    *each(
        "GetCodeSigningConfig UpdateCodeSigningConfig DeleteCodeSigningConfig "
        "ListFunctionsByCodeSigningConfig",
        MISSING,
        lambda _: {"CodeSigningConfigArn": NO_CONFIG},
    ),
    Case("ListCodeSigningConfigs", INVALID, lambda _: {"Marker": "none"}),
    Case(
        "ListFunctionsByCodeSigningConfig",
        INVALID,
        lambda stage: {"CodeSigningConfigArn": stage.enforcing, "Marker": "none"},
    ),
    Case(
        "DeleteCodeSigningConfig",
        CONFLICT,
        lambda stage: {
            "CodeSigningConfigArn": stage.client.get_function_code_signing_config(
                FunctionName=stage.signed
            )["CodeSigningConfigArn"]
        },
    ),
    *each(
        "GetFunctionCodeSigningConfig DeleteFunctionCodeSigningConfig",
        INVALID,
        lambda stage: {"FunctionName": f"{stage.function}:1"},
    ),
    *each(
        "GetFunctionCodeSigningConfig DeleteFunctionCodeSigningConfig",
        MISSING,
        lambda _: {"FunctionName": NOBODY},
    ),
    Case(
        "PutFunctionCodeSigningConfig",
        INVALID,
        lambda s: {"FunctionName": f"{s.function}:1", "CodeSigningConfigArn": s.enforcing},
    ),
    Case(
        "PutFunctionCodeSigningConfig",
        MISSING,
        lambda s: {"FunctionName": NOBODY, "CodeSigningConfigArn": s.enforcing},
    ),
    Case(
        "PutFunctionCodeSigningConfig",
        NO_SIGNING,
        lambda s: {"FunctionName": s.function, "CodeSigningConfigArn": NO_CONFIG},
    ),
]
