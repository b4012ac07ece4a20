"""A function's configuration as a request sets it: checks beyond the model's, and defaults.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (reserved variables).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from ingle.services.lambda_.dead_letters import dead_letter_target
from ingle.services.lambda_.durable.configs import durable_settings, new_durable_settings
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.later import refuse_later
from ingle.services.lambda_.limits import FUNCTION, PACKAGE, Range
from ingle.services.lambda_.package_types import (
    IMAGE,
    ZIP,
    check_members,
    image_overrides,
    is_image,
)
from ingle.wire.errors import RequestTooLarge

_JSON, _LEVEL = "JSON", "INFO"
RESERVED_VARIABLES = frozenset(
    Path(__file__).with_name("reserved_variables.txt").read_text("ascii").split()
)


def changed_settings(request: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings that a request names, as attributes of `Function`.

    Raises:
        InvalidParameterValue: one of them is out of bounds, or asks for what Ingle cannot do.
    """
    refuse_later(request, "function")
    settings: dict[str, Any] = {}
    for member, attribute in (("Role", "role"), ("Runtime", "runtime"), ("Handler", "handler")):
        if member in request:
            settings[attribute] = request[member]
    if "Description" in request:
        settings["description"] = request["Description"]
    if "Timeout" in request:
        settings["timeout_s"] = _within("Timeout", request["Timeout"], FUNCTION.timeout_s)
    if "MemorySize" in request:
        settings["memory_mb"] = _within("MemorySize", request["MemorySize"], FUNCTION.memory_mb)
    if "EphemeralStorage" in request:
        size = request["EphemeralStorage"]["Size"]
        settings["ephemeral_mb"] = _within("EphemeralStorage", size, FUNCTION.ephemeral_mb)
    if "Environment" in request:
        variables = request["Environment"].get("Variables")
        settings["environment"] = None if variables is None else _checked_variables(variables)
    if "Mode" in request.get("TracingConfig", {}):
        settings["tracing"] = request["TracingConfig"]["Mode"]
    if "ApplyOn" in request.get("SnapStart", {}):
        settings["snap_start"] = request["SnapStart"]["ApplyOn"]
    if "DeadLetterConfig" in request:
        settings["dead_letter"] = dead_letter_target(request["DeadLetterConfig"])
    if "LoggingConfig" in request:
        settings |= _logging(request["LoggingConfig"])
    if "DurableConfig" in request:
        settings |= durable_settings(request["DurableConfig"])
    if "ImageConfig" in request:
        settings["image_overrides"] = image_overrides(request["ImageConfig"])
    return settings


def new_settings(request: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Read all settings of a function that is being created, the default ones included.

    Raises:
        InvalidParameterValue: as `changed_settings`, or there is no runtime or handler.
    """
    of_image = is_image(request)
    check_members(request, IMAGE if of_image else ZIP)
    if not of_image and not (request.get("Runtime") and request.get("Handler")):
        raise InvalidParameterValue(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages."
        )
    defaults = {
        "runtime": "",
        "handler": "",
        "description": "",
        "timeout_s": FUNCTION.timeout_s.default,
        "memory_mb": FUNCTION.memory_mb.default,
        "ephemeral_mb": FUNCTION.ephemeral_mb.default,
        "environment": None,
        "log_group": f"/aws/lambda/{name}",
    }
    if request.get("TenancyConfig"):
        defaults["tenant_isolation"] = request["TenancyConfig"]["TenantIsolationMode"]
    return defaults | changed_settings(request) | new_durable_settings(request)


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Check a function's tags.

    Raises:
        InvalidParameterValue: there are too many, or one has AWS's own prefix.
    """
    if len(tags) > FUNCTION.tags:
        raise InvalidParameterValue(
            f"Number of tags exceeds resource tag limit: {len(tags)} given, "
            f"{FUNCTION.tags} allowed."
        )
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameterValue(
                f"The tag key {key!r} is invalid: keys that begin with aws: are reserved."
            )
    return dict(tags)


def checked_architecture(architectures: list[str] | None, own: str) -> str:
    """Check that this machine can run the architecture that a request asks for.

    Args:
        architectures: the member Architectures.
        own: this machine's, as AWS names it.

    Raises:
        InvalidParameterValue: it is another one.
    """
    if architectures and architectures != [own]:
        raise InvalidParameterValue(
            f"Architectures [{', '.join(architectures)}] is not supported: this machine runs "
            f"{own} functions only."
        )
    return own


def zip_file(
    source: Mapping[str, Any], operation: str, path: str = "", what: str = "function"
) -> bytes:
    """Take the zip file of a function or a layer out of a request.

    Args:
        source: the structure that says where the package is.
        operation: the request's, for its error.
        path: what stands before the structure's members in an error, for instance `Code.`.
        what: whose zip file it is, `function` or `layer`.

    Raises:
        InvalidParameterValue: there is no ZipFile, or something that Ingle cannot fetch.
        RequestTooLarge: it is over 50 MB.
    """
    refuse_later(source, "code", path)
    content: bytes | None = source.get("ZipFile")
    if content is None:
        raise InvalidParameterValue(f"Please provide a source for {what} code.")
    if len(content) > PACKAGE.zipped_bytes:
        raise RequestTooLarge(
            f"Request must be smaller than {PACKAGE.request_bytes} bytes for the {operation} "
            "operation"
        )
    return content


def _logging(logging: Mapping[str, Any]) -> dict[str, Any]:
    """Read how a function logs; levels that are not named are AWS's own."""
    settings: dict[str, Any] = {}
    if "LogGroup" in logging:
        settings["log_group"] = logging["LogGroup"]
    levels = {
        "application_log_level": logging.get("ApplicationLogLevel"),
        "system_log_level": logging.get("SystemLogLevel"),
    }
    log_format = logging.get("LogFormat")
    if log_format != _JSON and any(levels.values()):
        raise InvalidParameterValue(
            "ApplicationLogLevel and SystemLogLevel need LogFormat JSON in the same LoggingConfig."
        )
    if log_format == _JSON:
        settings |= {name: level or _LEVEL for name, level in levels.items()}
    elif log_format is not None:
        settings |= levels
    if log_format is not None:
        settings["log_format"] = log_format
    return settings


def _within(member: str, value: int, bounds: Range) -> int:
    for wrong, side, bound in (
        (value < bounds.min, "greater", bounds.min),
        (value > bounds.max, "less", bounds.max),
    ):
        if wrong:
            raise InvalidParameterValue(
                f"'{member}' value failed to satisfy constraint: "
                f"Member must have value {side} than or equal to {bound}"
            )
    return value


def _checked_variables(variables: Mapping[str, str]) -> dict[str, str]:
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    if reserved:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    for name, value in variables.items():
        if "\0" in value:
            raise InvalidParameterValue(
                "Lambda was unable to configure your environment variables because the value of "
                f"{name} holds a null character."
            )
    measured = orjson.dumps(variables)
    if len(measured) > FUNCTION.environment_bytes:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. "
            f"String measured: {measured.decode()}"
        )
    return dict(variables)
