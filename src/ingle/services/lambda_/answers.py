"""Functions and layers as the members of AWS's answers.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html,
https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

from ingle.services.lambda_.image_model import SUCCESSFUL, FunctionImage
from ingle.services.lambda_.model import ACTIVE, Alias, Function, LayerVersion, Package
from ingle.services.lambda_.names import function_arn
from ingle.services.lambda_.snapstart import has_snapshots

# ListFunctions leaves these out, as its documentation says.
_NOT_LISTED = (
    "State",
    "StateReason",
    "StateReasonCode",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
)


def configuration(function: Function, qualifier: str | None = None) -> dict[str, Any]:
    """Describe a version of a function as GetFunctionConfiguration does.

    A package is unpacked before its operation answers, so there is no state but `Active`, except
    for versions with SnapStart and for container images, and no update status but `Successful`,
    except for the latter.

    Args:
        function: what to describe.
        qualifier: the one that the request named; the ARN then has it.
    """
    answer: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": function_arn(function.account_id, function.region, function.name, qualifier),
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.package.size,
        "CodeSha256": function_sha256(function),
        "Description": function.description,
        "Timeout": function.timeout_s,
        "MemorySize": function.memory_mb,
        "LastModified": lambda_time(function.last_modified_ms),
        "Version": function.version,
        "TracingConfig": {"Mode": function.tracing},
        "RevisionId": function.revision_id,
        "State": function.state,
        "LastUpdateStatus": SUCCESSFUL,
        "PackageType": "Zip",
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.ephemeral_mb},
        "SnapStart": {
            "ApplyOn": function.snap_start,
            "OptimizationStatus": "On" if has_snapshots(function) else "Off",
        },
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version_arn(function)},
        "LoggingConfig": _logging(function),
    }
    if function.image is not None:
        _describe_image(function, answer)
    if function.state != ACTIVE:
        answer["StateReason"] = function.state_reason
        answer["StateReasonCode"] = function.state_reason_code
    if function.is_durable:
        answer["DurableConfig"] = durable_config(function)
    if function.environment is not None:
        answer["Environment"] = {"Variables": dict(function.environment)}
    if function.dead_letter is not None:
        answer["DeadLetterConfig"] = {"TargetArn": function.dead_letter}
    if function.mounts:
        answer["FileSystemConfigs"] = [
            {"Arn": each.arn, "LocalMountPath": each.path} for each in function.mounts
        ]
    if function.vpc is not None:
        answer["VpcConfig"] = {
            "SubnetIds": list(function.vpc.subnets),
            "SecurityGroupIds": list(function.vpc.security_groups),
            "VpcId": function.vpc.vpc_id,
            "Ipv6AllowedForDualStack": False,
        }
    if function.tenant_isolation is not None:
        answer["TenancyConfig"] = {"TenantIsolationMode": function.tenant_isolation}
    if function.layers:
        answer["Layers"] = [
            {"Arn": each.arn, "CodeSize": each.package.size} for each in function.layers
        ]
    return answer


def durable_config(function: Function) -> dict[str, Any]:
    """Describe how long the executions of a durable function may take, and are kept."""
    return {
        "ExecutionTimeout": function.durable_timeout_s,
        "RetentionPeriodInDays": function.durable_retention_days,
    }


def listed_configuration(function: Function, qualifier: str | None = None) -> dict[str, Any]:
    """Describe a function as ListFunctions does: with fewer members."""
    answer = configuration(function, qualifier)
    for member in _NOT_LISTED:
        answer.pop(member, None)
    return answer


def alias(alias: Alias) -> dict[str, Any]:
    """Describe an alias as GetAlias does."""
    answer: dict[str, Any] = {
        "AliasArn": alias.arn,
        "Name": alias.name,
        "FunctionVersion": alias.function_version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.additional:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.additional)}
    return answer


def layer_version(version: LayerVersion, location: str) -> dict[str, Any]:
    """Describe a version of a layer as GetLayerVersion does.

    Args:
        version: what to describe.
        location: where its zip can be fetched.
    """
    return {
        "LayerArn": version.layer_arn,
        "Content": {
            "Location": location,
            "CodeSha256": code_sha256(version.package),
            "CodeSize": version.package.size,
        },
        **listed_layer_version(version),
    }


def listed_layer_version(version: LayerVersion) -> dict[str, Any]:
    """Describe a version of a layer as ListLayerVersions does: without its content."""
    answer: dict[str, Any] = {
        "LayerVersionArn": version.arn,
        "Version": version.version,
        "Description": version.description,
        "CreatedDate": lambda_time(version.created_ms),
    }
    for member, value in (
        ("CompatibleRuntimes", version.runtimes),
        ("CompatibleArchitectures", version.architectures),
        ("LicenseInfo", version.license_info),
    ):
        if value is not None:
            answer[member] = list(value) if isinstance(value, tuple) else value
    return answer


def code_location(image: FunctionImage) -> dict[str, str]:
    """Say where an image comes from, as GetFunction does."""
    return {
        "RepositoryType": "ECR",
        "ImageUri": image.uri,
        "ResolvedImageUri": image.resolved_uri,
    }


def function_sha256(function: Function) -> str:
    """Give the digest of a function's code in AWS's form: in Base64, but hexadecimal of images."""
    package = function.package
    return code_sha256(package) if function.image is None else package.sha256


def code_sha256(package: Package) -> str:
    """Give a package's digest in AWS's form, Base64."""
    return base64.b64encode(bytes.fromhex(package.sha256)).decode("ascii")


def lambda_time(milliseconds: int) -> str:
    """Write a time since the epoch as Lambda does: `2026-01-01T00:00:00.000+0000`."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}+0000"


def _describe_image(function: Function, answer: dict[str, Any]) -> None:
    """Make the description of a function one of a container image."""
    for member in ("Runtime", "Handler", "RuntimeVersionConfig"):
        del answer[member]
    answer["PackageType"] = "Image"
    overrides = function.image_overrides
    members = {
        "EntryPoint": overrides.entry_point,
        "Command": overrides.command,
        "WorkingDirectory": overrides.folder,
    }
    config = {
        member: list(value) if isinstance(value, tuple) else value
        for member, value in members.items()
        if value is not None
    }
    answer["ImageConfigResponse"] = {"ImageConfig": config} if config else {}
    update = function.image_update
    if update is not None:
        answer["LastUpdateStatus"] = update.status
        answer["LastUpdateStatusReason"] = update.reason
        answer["LastUpdateStatusReasonCode"] = update.reason_code


def _logging(function: Function) -> dict[str, Any]:
    levels = {
        "ApplicationLogLevel": function.application_log_level,
        "SystemLogLevel": function.system_log_level,
    }
    answer = {"LogFormat": function.log_format, "LogGroup": function.log_group}
    return answer | {member: level for member, level in levels.items() if level is not None}


def runtime_version_arn(function: Function) -> str:
    """Name the version of its runtime that a function runs with."""
    # AWS's ends in a digest of the runtime's image, which clients take as opaque.
    digest = hashlib.sha256(function.runtime.encode("ascii")).hexdigest()
    return f"arn:aws:lambda:{function.region}::runtime:{digest}"
