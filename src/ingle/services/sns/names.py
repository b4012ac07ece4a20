"""How topics and subscriptions are named: names and ARNs.

Source: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

import re

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.model import TopicKey

FIFO = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo", re.ASCII)
_PARTS = 6


def check_name(name: str, *, fifo: bool) -> None:
    """Check the name of a topic that is to be made.

    Raises:
        InvalidParameter: no topic of this type may have it.
    """
    if fifo and not _FIFO_NAME.fullmatch(name):
        raise InvalidParameter(
            "Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only "
            "uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be "
            "between 1 and 256 characters long."
        )
    if not fifo and not _NAME.fullmatch(name):
        raise InvalidParameter("Topic Name")


def topic_key(arn: str, member: str = "TopicArn") -> TopicKey:
    """Read a topic's ARN.

    Args:
        arn: the ARN.
        member: where it was, for errors.

    Raises:
        InvalidParameter: it is no topic's.
    """
    found = key_of_arn(arn)
    if found is None:
        raise InvalidParameter(_why(arn, member))
    return found


def key_of_arn(arn: str) -> TopicKey | None:
    """Read a topic's ARN; None where it is none."""
    parts = arn.split(":")
    if len(parts) != _PARTS or parts[0] != "arn" or parts[2] != "sns":
        return None
    return TopicKey(parts[4], parts[3], parts[5])


def subscription_id(arn: str) -> tuple[TopicKey, str]:
    """Read a subscription's ARN: its topic and its id.

    Raises:
        InvalidParameter: it is none.
    """
    topic, _, number = arn.rpartition(":")
    key = key_of_arn(topic)
    if key is None:
        raise InvalidParameter(_why(arn, "SubscriptionArn"))
    return key, number


def _why(arn: str, member: str) -> str:
    count = arn.count(":") + 1
    if count < _PARTS:
        return f"{member} Reason: An ARN must have at least 6 elements, not {count}"
    return f"{member}"
