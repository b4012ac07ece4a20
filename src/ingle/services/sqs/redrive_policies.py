"""RedrivePolicy and RedriveAllowPolicy, which say where dead letters go, and whose may come.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingle.services.sqs.errors import invalid
from ingle.services.sqs.limits import MESSAGE, QUEUE
from ingle.services.sqs.model import Queue, QueueKey, Redrive
from ingle.services.sqs.names import FIFO, key_of_arn

_REDRIVE, _ALLOW = "RedrivePolicy", "RedriveAllowPolicy"
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")


def redrive(text: str | None) -> Redrive | None:
    """Read a RedrivePolicy.

    Raises:
        InvalidParameterValue: it is none.
    """
    if not text:
        return None
    policy = _loaded(_REDRIVE, text)
    target, most = policy.get("deadLetterTargetArn"), policy.get("maxReceiveCount")
    for name, value in (("deadLetterTargetArn", target), ("maxReceiveCount", most)):
        if value in (None, ""):
            raise invalid(
                _REDRIVE, text, f"Redrive policy does not contain mandatory attribute: {name}."
            )
    for name in policy:
        if name not in ("deadLetterTargetArn", "maxReceiveCount"):
            raise invalid(
                _REDRIVE,
                text,
                f"Only following attributes are supported: "
                f"[deadLetterTargetArn, maxReceiveCount]. {name} is not.",
            )
    if not isinstance(target, str) or key_of_arn(target) is None:
        raise invalid(_REDRIVE, text, "Invalid value for deadLetterTargetArn.")
    count = _whole(most)
    if count is None or not 1 <= count <= MESSAGE.max_receives:
        raise invalid(
            _REDRIVE,
            text,
            f"Invalid value for maxReceiveCount: {most}, valid values are from 1 to "
            f"{MESSAGE.max_receives} both inclusive.",
        )
    return Redrive(target, count)


def check_target(key: QueueKey, text: str, find: Callable[[QueueKey], Queue | None]) -> None:
    """Check that the dead-letter queue of a RedrivePolicy is there, and takes this queue's.

    Args:
        key: the queue that is to have the policy.
        text: the policy, which `redrive` has checked.
        find: finds queues.

    Raises:
        InvalidParameterValue: it is not.
    """
    policy = redrive(text)
    target = None if policy is None else key_of_arn(policy.target)
    if target is None:
        return
    if target[:2] != key[:2]:
        raise invalid(
            _REDRIVE,
            text,
            "Dead letter target must be in the same account and region as the source.",
        )
    queue = find(target)
    if queue is None:
        raise invalid(_REDRIVE, text, "Dead letter target does not exist.")
    if queue.is_fifo != key.name.endswith(FIFO):
        raise invalid(_REDRIVE, text, "Dead-letter queue must be same type of queue as the source.")
    if not _allows(queue, key.arn):
        raise invalid(
            _REDRIVE,
            text,
            "The redrive allow policy of the dead letter queue does not allow this queue.",
        )


def check_allow(text: str) -> None:
    """Check a RedriveAllowPolicy.

    Raises:
        InvalidParameterValue: it is none.
    """
    policy = _loaded(_ALLOW, text)
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    for name in policy:
        if name not in ("redrivePermission", "sourceQueueArns"):
            raise invalid(
                _ALLOW,
                text,
                f"Amazon SQS can't create the redrive allow policy, as it "
                f"contains the unsupported attribute {name}.",
            )
    if permission not in _PERMISSIONS:
        raise invalid(
            _ALLOW,
            text,
            "Amazon SQS can't create the redrive allow policy, as it's in an "
            "unsupported format: redrivePermission must be allowAll, denyAll or byQueue.",
        )
    if permission != "byQueue":
        if sources is not None:
            raise invalid(
                _ALLOW,
                text,
                "sourceQueueArns can be specified only with redrivePermission byQueue.",
            )
        return
    if not isinstance(sources, list) or not 1 <= len(sources) <= QUEUE.allowed_sources:
        raise invalid(
            _ALLOW,
            text,
            f"redrivePermission byQueue requires 1 to {QUEUE.allowed_sources} sourceQueueArns.",
        )
    if not all(isinstance(each, str) and key_of_arn(each) for each in sources):
        raise invalid(_ALLOW, text, "sourceQueueArns must hold ARNs of queues.")


def _allows(queue: Queue, arn: str) -> bool:
    text = queue.attributes.get(_ALLOW)
    if not text:
        return True
    policy = orjson.loads(text)
    permission = policy["redrivePermission"]
    return permission == "allowAll" or (
        permission == "byQueue" and arn in policy["sourceQueueArns"]
    )


def _loaded(name: str, text: str) -> Mapping[str, Any]:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict):
        raise invalid(name, text, "Redrive policy is not a valid JSON map.")
    return policy


def _whole(value: Any) -> int | None:
    """Read a number that may be written as a text, as AWS lets it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None
