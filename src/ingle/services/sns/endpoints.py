"""What may be subscribed: protocols, and what an endpoint of each looks like.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.model import Topic

HTTP = ("http", "https")
MAIL = ("email", "email-json")
_AWS = ("lambda", "sqs")
_LATER = ("application", "firehose", "sms")
_FUNCTION = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?",
    re.ASCII,
)
_QUEUE = re.compile(r"arn:aws[a-zA-Z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(\.fifo)?", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")


def check_protocol(protocol: str, deliverable: Collection[str]) -> None:
    """Check a protocol.

    Args:
        protocol: it.
        deliverable: those that can be delivered by.

    Raises:
        InvalidParameter: there is none such, or Ingle lacks what it takes.
    """
    if protocol in MAIL and protocol not in deliverable:
        raise InvalidParameter(
            f"Protocol Reason: {protocol} needs a mail relay, and none is configured. Set "
            "mail_relay and mail_sender, and start Ingle again."
        )
    if protocol in _LATER:
        raise InvalidParameter(
            f"Protocol Reason: {protocol} is not supported by this version of Ingle"
        )
    if protocol not in deliverable:
        raise InvalidParameter(f"Amazon SNS does not support this protocol string: {protocol}")


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Check an endpoint that is to be subscribed to a topic.

    Raises:
        InvalidParameter: it is none of this protocol, or not for a topic of this type.
    """
    if topic.is_fifo and protocol != "sqs":
        raise InvalidParameter(f"Invalid protocol type: {protocol}")
    if protocol == "sqs":
        if not _QUEUE.fullmatch(endpoint):
            raise InvalidParameter("SQS endpoint ARN")
        if endpoint.endswith(".fifo") and not topic.is_fifo:
            raise InvalidParameter(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to "
                "standard SNS topics"
            )
    elif protocol == "lambda":
        if not _FUNCTION.fullmatch(endpoint):
            raise InvalidParameter("Lambda endpoint ARN")
    elif protocol in MAIL:
        if not _ADDRESS.fullmatch(endpoint):
            raise InvalidParameter("Email address")
    else:
        _check_url(protocol, endpoint)


def account_of(protocol: str, endpoint: str) -> str | None:
    """The account that a queue or function is of; None for what is outside."""
    return endpoint.split(":")[4] if protocol in _AWS else None


def _check_url(protocol: str, endpoint: str) -> None:
    if not endpoint.lower().startswith(f"{protocol}://"):
        raise InvalidParameter("Endpoint must match the specified protocol")
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(each.isspace() or ord(each) < 32 for each in endpoint):
        raise InvalidParameter(f"Endpoint Reason: {endpoint} is not a URL")
