"""The attributes of queues: which there are, what they may be, and what they say.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from collections.abc import Mapping

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.services.sqs import redrive_policies
from ingle.services.sqs.errors import InvalidAttributeName, InvalidAttributeValue
from ingle.services.sqs.limits import ATTRIBUTES, QUEUE
from ingle.services.sqs.model import QueueKey, Settings

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_TOLD = (*COUNTS, "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn")
_FLAGS = ("SqsManagedSseEnabled",)
_TEXTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
_FIFO_FLAGS = ("FifoQueue", "ContentBasedDeduplication")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_LATER = ("KmsMasterKeyId",)
_SETTABLE = frozenset((*ATTRIBUTES, *_FLAGS, *_TEXTS, *_FIFO_FLAGS, *_CHOICES, *_LATER))
KNOWN = _SETTABLE | {*_TOLD, "All"}
_BOOLEANS = ("true", "false")
_UNSAID = frozenset({"KmsDataKeyReusePeriodSeconds"})
"""Not told of a queue that does not have a key of KMS."""


def checked(
    given: Mapping[str, str],
    present: Mapping[str, str],
    key: QueueKey,
    *,
    fifo: bool,
    creating: bool,
) -> dict[str, str]:
    """Check attributes that a queue is to get; return all that it has then.

    An empty policy takes the present one away.

    Args:
        given: the attributes.
        present: those that the queue has.
        key: the queue.
        fifo: whether it is a FIFO queue.
        creating: whether it is being made.

    Raises:
        InvalidAttributeName: there is no such attribute, or not of such queues.
        InvalidAttributeValue: one may not have this value.
        InvalidParameterValue: a redrive policy is none.
    """
    result = dict(present)
    for name, value in given.items():
        _check(name, value, key, fifo=fifo, creating=creating)
        if value == "" and name in (*_TEXTS, *_LATER):
            result.pop(name, None)
        else:
            result[name] = value.lower() if name in (*_FLAGS, *_FIFO_FLAGS) else value
    scope, limit = (result.get(name) for name in _CHOICES)
    if limit == "perMessageGroupId" and scope != "messageGroup":
        raise InvalidAttributeValue(
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is "
            "messageGroup."
        )
    return result


def settings(attributes: Mapping[str, str]) -> Settings:
    """Read what attributes say that were checked."""
    numbers = {
        name: int(attributes.get(name, bounds.default)) for name, bounds in ATTRIBUTES.items()
    }
    return Settings(
        visibility_s=numbers["VisibilityTimeout"],
        delay_s=numbers["DelaySeconds"],
        retention_s=numbers["MessageRetentionPeriod"],
        max_bytes=numbers["MaximumMessageSize"],
        wait_s=numbers["ReceiveMessageWaitTimeSeconds"],
        by_content=attributes.get("ContentBasedDeduplication") == "true",
        by_group=attributes.get("DeduplicationScope") == "messageGroup",
        by_group_limit=attributes.get("FifoThroughputLimit") == "perMessageGroupId",
        encrypted=attributes.get("SqsManagedSseEnabled", "true") == "true",
        redrive=redrive_policies.redrive(attributes.get("RedrivePolicy")),
    )


def effective(attributes: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """Complete the attributes of a queue with what holds where nothing is said."""
    told = {name: str(bounds.default) for name, bounds in ATTRIBUTES.items() if name not in _UNSAID}
    told["SqsManagedSseEnabled"] = "true"
    if fifo:
        told |= {
            "FifoQueue": "true",
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "queue",
            "FifoThroughputLimit": "perQueue",
        }
    return {**told, **attributes}


def check_known(names: list[str]) -> None:
    """Check the names of attributes that somebody asks for.

    Raises:
        InvalidAttributeName: there is no such attribute.
    """
    for name in names:
        if name not in KNOWN:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _check(name: str, value: str, key: QueueKey, *, fifo: bool, creating: bool) -> None:
    if name not in _SETTABLE:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if name in _LATER and value:
        raise InvalidAttributeValue(
            f"{name} is not supported by this version of Ingle. Leave it out."
        )
    if name in ATTRIBUTES:
        bounds = ATTRIBUTES[name]
        number = int(value) if value.isdecimal() and value.isascii() else -1
        if not bounds.least <= number <= bounds.greatest:
            raise _bad(name)
    elif name in _FLAGS:
        if value.lower() not in _BOOLEANS:
            raise _bad(name)
    elif name in _FIFO_FLAGS:
        _check_fifo_flag(name, value, fifo=fifo, creating=creating)
    elif name in _CHOICES:
        if not fifo:
            raise InvalidAttributeName(
                f"You can specify the {name} only when FifoQueue is set to true."
            )
        if value not in _CHOICES[name]:
            raise _bad(name)
    elif value:
        _check_text(name, value, key)


def _check_fifo_flag(name: str, value: str, *, fifo: bool, creating: bool) -> None:
    if not fifo:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if value.lower() not in _BOOLEANS or (name == "FifoQueue" and value.lower() == "false"):
        raise _bad(name)
    if name == "FifoQueue" and not creating:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _check_text(name: str, value: str, key: QueueKey) -> None:
    if name == "RedrivePolicy":
        redrive_policies.redrive(value)
    elif name == "RedriveAllowPolicy":
        redrive_policies.check_allow(value)
    elif name == "Policy":
        if len(value.encode()) > QUEUE.policy_bytes:
            raise _bad(name)
        try:
            Policy.parse(value, PolicyKind.RESOURCE, key.arn)
        except MalformedPolicy as error:
            raise InvalidAttributeValue(
                f"Invalid value for the parameter Policy. {error}"
            ) from error


def _bad(name: str) -> InvalidAttributeValue:
    return InvalidAttributeValue(f"Invalid value for the parameter {name}.")
