"""What the batch operations have in common.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

import re
from collections.abc import Sequence
from typing import Any

from ingle.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntries,
)
from ingle.services.sqs.limits import MESSAGE
from ingle.wire.errors import ServiceError
from ingle.wire.service import ServiceOutput

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


def check(entries: Sequence[dict[str, Any]]) -> None:
    """Check the entries of a batch, whatever they are about.

    Raises:
        ServiceError: there are none, or too many, or their ids are bad or the same.
    """
    if not entries:
        raise EmptyBatchRequest("There should be at least one entry in the request.")
    if len(entries) > MESSAGE.batch:
        raise TooManyEntries(
            f"Maximum number of entries per request are {MESSAGE.batch}. You have sent "
            f"{len(entries)}."
        )
    seen: set[str] = set()
    for entry in entries:
        if not _ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at most 80 letters long."
            )
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(f"Id {entry['Id']} repeated.")
        seen.add(entry["Id"])


def answer(successful: list[ServiceOutput], failed: list[ServiceOutput]) -> ServiceOutput:
    """Tell which entries succeeded and which failed, as far as there are such."""
    told = {"Successful": successful, "Failed": failed}
    return {name: entries for name, entries in told.items() if entries}


def failure(entry: dict[str, Any], error: ServiceError) -> ServiceOutput:
    """Tell of an entry that failed, of which the others know nothing."""
    return {
        "Id": entry["Id"],
        "SenderFault": (error.http_status or 400) < 500,
        "Code": error.error_code,
        "Message": error.message,
    }
