"""Which functions are durable.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/durable-configuration.html,
https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html; what a durable function has by
default is as AWS's answers show it.
"""

from collections.abc import Mapping
from typing import Any

from ingle.runtimes.catalogue import catalogue
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.later import refuse_later
from ingle.services.lambda_.limits import DURABLE, FUNCTION
from ingle.services.lambda_.model import Function


def durable_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read a DurableConfig, as attributes of `Function`; what it does not name is left out.

    Raises:
        InvalidParameterValue: it asks for what Ingle cannot do.
    """
    refuse_later(config, "durable", "DurableConfig.")
    names = (
        ("ExecutionTimeout", "durable_timeout_s"),
        ("RetentionPeriodInDays", "durable_retention_days"),
    )
    return {attribute: config[member] for member, attribute in names if member in config}


def new_durable_settings(request: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a function has, because it is durable, that is being created without saying so.

    Raises:
        InvalidParameterValue: its executions have no timeout, or its tenants are isolated.
    """
    config = request.get("DurableConfig")
    if config is None:
        return {}
    timeout_s = config.get("ExecutionTimeout")
    if timeout_s is None:
        raise InvalidParameterValue(
            "You cannot create a function with a durable configuration without an executionTimeout"
        )
    if request.get("TenancyConfig"):
        raise InvalidParameterValue(
            "Durable functions are not supported for functions with tenant isolation."
        )
    settings: dict[str, Any] = {}
    if "RetentionPeriodInDays" not in config:
        settings["durable_retention_days"] = DURABLE.retention_days
    if "Timeout" not in request:
        settings["timeout_s"] = min(timeout_s, FUNCTION.timeout_s.max)
    if "LogFormat" not in request.get("LoggingConfig", {}):
        settings |= {
            "log_format": "JSON",
            "application_log_level": "INFO",
            "system_log_level": "INFO",
        }
    return settings


def check_durable_change(function: Function, settings: Mapping[str, Any]) -> None:
    """Check that a function that is there may be given these settings.

    Raises:
        InvalidParameterValue: it was not durable when it was created.
    """
    if not function.is_durable and {"durable_timeout_s", "durable_retention_days"} & set(settings):
        raise InvalidParameterValue(
            "You cannot add a durable configuration to a function that was originally created with "
            "no durable configuration"
        )


def check_durable_runtime(function: Function) -> None:
    """Check that there can be an SDK for durable execution with a function's runtime.

    Raises:
        InvalidParameterValue: there is none.
    """
    if not function.is_durable or function.image is not None:  # an image brings its own SDK
        return
    info = catalogue()[function.runtime]
    if info.version is None:  # the function brings its own
        return
    first = DURABLE.runtimes.get(info.language.id)
    if first is None or info.line < tuple(int(part) for part in first.split(".")):
        raise InvalidParameterValue(f"{function.runtime} is not supported for durable functions.")
