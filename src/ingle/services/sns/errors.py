"""The errors of the Amazon SNS API, by AWS's codes; the statuses are those of the model.

Source: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html and the operations' pages.
"""

from ingle.wire.errors import ServiceError


class InvalidParameter(ServiceError):
    """A parameter may not have this value.

    Attributes:
        what: which, and why.
    """

    code = "InvalidParameter"
    status = 400

    def __init__(self, what: str) -> None:
        super().__init__(f"Invalid parameter: {what}")
        self.what = what


class InvalidState(ServiceError):
    """What a topic has forbids this."""

    code = "InvalidState"
    status = 400


class InvalidParameterValue(ServiceError):
    """A message attribute may not be so."""

    code = "ParameterValueInvalid"
    status = 400


class NotFound(ServiceError):
    """There is no such topic or subscription."""

    code = "NotFound"
    status = 404


class ResourceNotFound(ServiceError):
    """There is no such topic to have tags."""

    code = "ResourceNotFound"
    status = 404

    def __init__(self) -> None:
        super().__init__("Resource does not exist")


class AuthorizationError(ServiceError):
    """Somebody may not do this."""

    code = "AuthorizationError"
    status = 403


class TagLimitExceeded(ServiceError):
    """A topic would have more tags than it may."""

    code = "TagLimitExceeded"
    status = 400

    def __init__(self) -> None:
        super().__init__("Could not complete request: tag quota of per resource exceeded")


class FilterPolicyLimitExceeded(ServiceError):
    """A topic would have more filter policies than it may."""

    code = "FilterPolicyLimitExceeded"
    status = 403


class BatchError(ServiceError):
    """A batch as a whole is none; the code says why."""

    status = 400


def no_topic() -> NotFound:
    """Make the error for a topic that is not there."""
    return NotFound("Topic does not exist")


def no_subscription() -> NotFound:
    """Make the error for a subscription that is not there."""
    return NotFound("Subscription does not exist")
