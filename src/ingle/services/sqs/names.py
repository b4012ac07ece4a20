"""How queues are named: their names, URLs and ARNs.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

import re
from urllib.parse import unquote, urlsplit

from ingle.services.sqs.errors import InvalidAddress, InvalidParameterValue
from ingle.services.sqs.model import QueueKey
from ingle.wire.service import CallContext

FIFO = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_ARN = re.compile(r"arn:aws[a-zA-Z-]*:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_.-]{1,80})", re.ASCII)


def check_name(name: str, *, fifo: bool) -> None:
    """Check the name of a queue that is to be made.

    Raises:
        InvalidParameterValue: no queue of this type may have it.
    """
    if fifo:
        if not name.endswith(FIFO) or len(name) > 80 or not _NAME.fullmatch(name[: -len(FIFO)]):
            raise InvalidParameterValue(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
                "underscores, must end with .fifo suffix and be 1 to 80 in length."
            )
    elif not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def key_of_url(url: str, context: CallContext) -> QueueKey:
    """Read a queue's URL, whatever host it names; the name alone is one of the caller's queues.

    Raises:
        InvalidAddress: it is none.
    """
    parts = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    if not parts:
        raise InvalidAddress(f"The address {url} is not valid for this endpoint.")
    account_id = parts[-2] if len(parts) > 1 else context.account_id
    if not (account_id.isdecimal() and len(account_id) == 12):
        account_id = context.account_id
    return QueueKey(account_id, context.region, parts[-1])


def key_of_arn(arn: str) -> QueueKey | None:
    """Read a queue's ARN; None where it is none."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    region, account_id, name = match.groups()
    return QueueKey(account_id, region, name)
