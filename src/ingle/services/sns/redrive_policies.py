"""RedrivePolicy, which says where goes what could not be delivered to a subscription.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import orjson

from ingle.services.sns.errors import InvalidParameter


def dead_letter(text: str | None) -> str | None:
    """Read a RedrivePolicy; return the ARN of the queue, or None where there is none.

    Raises:
        InvalidParameter: it is none.
    """
    if not text:
        return None
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidParameter("RedrivePolicy: failed to parse JSON.") from None
    target = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    if not isinstance(target, str):
        raise InvalidParameter("RedrivePolicy: failed to parse JSON. Missing deadLetterTargetArn.")
    parts = target.split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        raise InvalidParameter("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    return target


def check(text: str | None, topic: str, endpoint: str) -> None:
    """Check a RedrivePolicy for a subscription of an endpoint to a topic, whose ARN is given.

    Raises:
        InvalidParameter: it is none, or names a queue of another account, region or type.
    """
    target = dead_letter(text)
    if target is None:
        return
    if target.split(":")[3:5] != topic.split(":")[3:5]:
        raise InvalidParameter(
            "RedrivePolicy: the dead-letter queue must be in the same account and region as the "
            "subscription"
        )
    if target.endswith(".fifo") and not topic.endswith(".fifo"):
        raise InvalidParameter(
            "RedrivePolicy: must use a standard queue as DLQ for a subscription to a standard Topic"
        )
    if topic.endswith(".fifo") and endpoint.endswith(".fifo") and not target.endswith(".fifo"):
        raise InvalidParameter(
            "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
        )
