"""What a mapping of a queue may be set to.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.event_patterns import EventPattern, InvalidPattern
from ingle.services.lambda_.destinations import is_arn_of
from ingle.services.lambda_.durable.starts import check_qualified, check_synchronous
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.event_source_mappings.model import EventSourceMapping
from ingle.services.lambda_.limits import MAPPING
from ingle.services.lambda_.lookup import Target
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.queues import Queues
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.tenants import check_not_isolated

ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What the function's role must be allowed to do with the queue."""
_OF_OTHERS = (
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
)
_METRICS = "EventCount"
"""The only metrics that mappings of queues have."""


def check_source(request: Mapping[str, Any]) -> str:
    """Check what a mapping is to take records from; return its ARN.

    Raises:
        InvalidParameterValue: it is nothing that AWS has, or that Ingle has.
    """
    arn: str | None = request.get("EventSourceArn")
    if not arn:
        if request.get("SelfManagedEventSource"):
            raise _not_there("SelfManagedEventSource")
        raise InvalidParameterValue("Unrecognized event source.")
    if is_arn_of("sqs", arn):
        return arn
    for service in ("kinesis", "dynamodb", "kafka", "mq", "rds"):
        if is_arn_of(service, arn):
            raise _not_there(f"The event source {arn}")
    raise InvalidParameterValue("Unrecognized event source.")


def changed_settings(request: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings that a request names, as attributes of a mapping.

    Raises:
        InvalidParameterValue: one is of another kind of source, or is not supported, or a filter
            is none.
    """
    for member in _OF_OTHERS:
        if request.get(member):
            raise _unsupported(member)
    if request.get("KMSKeyArn"):
        raise _not_there("KMSKeyArn")
    settings: dict[str, Any] = {}
    for member, attribute in (
        ("Enabled", "enabled"),
        ("BatchSize", "batch_size"),
        ("MaximumBatchingWindowInSeconds", "window_s"),
    ):
        if request.get(member) is not None:
            settings[attribute] = request[member]
    if request.get("FilterCriteria") is not None:
        settings["filters"] = _checked_filters(request["FilterCriteria"])
    if request.get("FunctionResponseTypes") is not None:
        settings["reports"] = bool(request["FunctionResponseTypes"])
    if request.get("ScalingConfig") is not None:
        settings["most"] = request["ScalingConfig"].get("MaximumConcurrency")
    if request.get("ProvisionedPollerConfig") is not None:
        settings["pollers"] = _checked_pollers(request["ProvisionedPollerConfig"])
    if request.get("MetricsConfig") is not None:
        settings["metrics"] = tuple(request["MetricsConfig"].get("Metrics") or ())
        for metrics in settings["metrics"]:
            if metrics != _METRICS:
                raise _unsupported(metrics)
    return settings


def check_mapping(
    mapping: EventSourceMapping, function: Function, queues: Queues, roles: ExecutionRoles
) -> None:
    """Check that a mapping can work as it is set.

    Raises:
        InvalidParameterValue: it cannot; the message says why.
    """
    check_not_isolated(function, "An event source mapping")
    if mapping.pollers is not None and mapping.most is not None:
        raise InvalidParameterValue(
            "ScalingConfig and ProvisionedPollerConfig cannot be used together: provisioned mode "
            "has no maximum concurrency."
        )
    if function.is_durable:
        check_qualified(Target(function, mapping.qualifier or None))
        check_synchronous(function)
    arn = mapping.source_arn
    if arn.split(":")[3] != mapping.key[1]:
        raise InvalidParameterValue(
            f"The event source {arn} must be in the region of the function, {mapping.key[1]}."
        )
    for action in ACTIONS:
        if roles.may_not(function, f"sqs:{action}", arn):
            raise InvalidParameterValue(
                f"The function execution role does not have permissions to call {action} on SQS"
            )
    queue = queues.find(arn)
    if queue is None:
        raise InvalidParameterValue(
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does "
            "not exist."
        )
    if queue.settings.visibility_s < function.timeout_s:
        raise InvalidParameterValue(
            f"Queue visibility timeout: {queue.settings.visibility_s} seconds is less than "
            f"Function timeout: {function.timeout_s} seconds"
        )
    if queue.is_fifo:
        if mapping.batch_size > MAPPING.batch:
            raise InvalidParameterValue(
                f"Maximum batch size of FIFO queues is {MAPPING.batch}: {mapping.batch_size} is "
                "more."
            )
        if mapping.window_s:
            raise InvalidParameterValue(
                "MaximumBatchingWindowInSeconds is not supported for FIFO queues."
            )
    elif mapping.batch_size > MAPPING.batch and not mapping.window_s:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            f"greater than {MAPPING.batch}"
        )


def no_function() -> InvalidParameterValue:
    """Make the error for a function that is not there."""
    return InvalidParameterValue("Function does not exist")


def _checked_filters(criteria: Mapping[str, Any]) -> tuple[str, ...]:
    patterns = tuple(each.get("Pattern") or "" for each in criteria.get("Filters") or ())
    if len(patterns) > MAPPING.filters:
        raise InvalidParameterValue(
            f"FilterCriteria can have {MAPPING.filters} filters at most; {len(patterns)} given."
        )
    for pattern in patterns:
        try:
            EventPattern(pattern)
        except InvalidPattern as error:
            raise InvalidParameterValue(f"Invalid filter pattern definition. {error}") from error
    return patterns


def _checked_pollers(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Read how many pollers are wanted; nothing, where there are to be none."""
    if not config:
        return None
    if config.get("PollerGroupName"):
        raise _unsupported("PollerGroupName")
    least: int = config.get("MinimumPollers") or MAPPING.pollers_least
    most: int = config.get("MaximumPollers") or max(least, MAPPING.pollers_most)
    for name, value in (("MinimumPollers", least), ("MaximumPollers", most)):
        if value < MAPPING.pollers_least:
            raise InvalidParameterValue(
                f"{name} must be at least {MAPPING.pollers_least} for Amazon SQS event source "
                f"mappings; {value} is less."
            )
    if least > most:
        raise InvalidParameterValue(
            f"MinimumPollers must not be greater than MaximumPollers: {least} is more than {most}."
        )
    return least, most


def _unsupported(member: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Unsupported {member} parameter for given event source mapping type."
    )


def _not_there(what: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"{what} is not supported by this version of Ingle.")
