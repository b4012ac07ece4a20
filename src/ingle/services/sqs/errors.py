"""The errors of the Amazon SQS API, by the names that its model has for them.

Those that the model does not have are told by their codes.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html and
the pages of the operations.
"""

from ingle.wire.errors import ServiceError


class QueueDoesNotExist(ServiceError):
    """There is no such queue."""

    code = "QueueDoesNotExist"

    def __init__(self, *, form: bool = False) -> None:
        version = " for this wsdl version" if form else ""
        super().__init__(f"The specified queue does not exist{version}.")


class QueueNameExists(ServiceError):
    """There is a queue of that name, which is another one."""

    code = "QueueNameExists"


class QueueDeletedRecently(ServiceError):
    """A queue of that name was deleted a moment ago."""

    code = "QueueDeletedRecently"


class PurgeQueueInProgress(ServiceError):
    """The queue was purged a moment ago."""

    code = "PurgeQueueInProgress"


class InvalidAddress(ServiceError):
    """A queue URL is none."""

    code = "InvalidAddress"


class InvalidAttributeName(ServiceError):
    """There is no such attribute, or no queue of this type has it."""

    code = "InvalidAttributeName"


class InvalidAttributeValue(ServiceError):
    """An attribute may not have this value."""

    code = "InvalidAttributeValue"


class InvalidParameterValue(ServiceError):
    """A parameter may not have this value."""

    code = "InvalidParameterValue"
    status = 400


class MissingParameter(ServiceError):
    """A parameter is needed that the request does not have."""

    code = "MissingParameter"
    status = 400

    def __init__(self, name: str) -> None:
        super().__init__(f"The request must contain the parameter {name}.")


class InvalidMessageContents(ServiceError):
    """A body has characters that no message may have."""

    code = "InvalidMessageContents"


class ReceiptHandleIsInvalid(ServiceError):
    """A receipt handle is none that ReceiveMessage gave for this queue."""

    code = "ReceiptHandleIsInvalid"

    def __init__(self, handle: str) -> None:
        super().__init__(f'The input receipt handle "{handle}" is not a valid receipt handle.')


class MessageNotInflight(ServiceError):
    """The message is not in flight."""

    code = "MessageNotInflight"


class EmptyBatchRequest(ServiceError):
    """A batch has no entries."""

    code = "EmptyBatchRequest"


class TooManyEntries(ServiceError):
    """A batch has more entries than it may."""

    code = "TooManyEntriesInBatchRequest"


class BatchEntryIdsNotDistinct(ServiceError):
    """Two entries of a batch have the same id."""

    code = "BatchEntryIdsNotDistinct"


class InvalidBatchEntryId(ServiceError):
    """An entry's id is not of the form that it must have."""

    code = "InvalidBatchEntryId"


class BatchRequestTooLong(ServiceError):
    """The messages of a batch are larger together than they may be."""

    code = "BatchRequestTooLong"


class OverLimit(ServiceError):
    """More of something than there may be."""

    code = "OverLimit"


class RequestThrottled(ServiceError):
    """A FIFO queue has had as many calls in this second as it takes."""

    code = "RequestThrottled"

    def __init__(self) -> None:
        super().__init__("Request is throttled.")


class UnsupportedOperation(ServiceError):
    """The operation is not for such queues, or not now."""

    code = "UnsupportedOperation"


class ResourceNotFound(ServiceError):
    """A task to move messages, or a queue of one, is not there."""

    code = "ResourceNotFoundException"


class AccessRefused(ServiceError):
    """Another service may not send to the queue."""

    code = "AccessDenied"
    status = 403


def invalid(name: str, value: object, reason: str) -> InvalidParameterValue:
    """Make the error for a parameter with a value that it may not have, in AWS's words."""
    return InvalidParameterValue(f"Value {value} for parameter {name} is invalid. Reason: {reason}")
