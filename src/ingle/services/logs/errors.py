"""The errors of the CloudWatch Logs API, by AWS's codes; all of them have status 400.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html.
"""

from ingle.wire.errors import ServiceError


class InvalidParameter(ServiceError):
    """A member's value is not one that the operation takes."""

    code = "InvalidParameterException"
    status = 400


class ResourceNotFound(ServiceError):
    """No such log group or stream."""

    code = "ResourceNotFoundException"
    status = 400


class ResourceAlreadyExists(ServiceError):
    """There is a log group or stream of that name."""

    code = "ResourceAlreadyExistsException"
    status = 400


class LimitExceeded(ServiceError):
    """There are as many of something as there may be."""

    code = "LimitExceededException"
    status = 400


class InvalidOperation(ServiceError):
    """The operation cannot be done with this resource."""

    code = "InvalidOperationException"
    status = 400


class MalformedQuery(ServiceError):
    """The text is no query of Logs Insights."""

    code = "MalformedQueryException"
    status = 400


class TooManyTags(ServiceError):
    """A resource would have more tags than it may."""

    code = "TooManyTagsException"
    status = 400


class ServiceUnavailable(ServiceError):
    """The service cannot answer now."""

    code = "ServiceUnavailableException"
    status = 503


def no_such_group() -> ResourceNotFound:
    """Make the error for a log group that does not exist."""
    return ResourceNotFound("The specified log group does not exist.")


def no_such_stream() -> ResourceNotFound:
    """Make the error for a log stream that does not exist."""
    return ResourceNotFound("The specified log stream does not exist.")


def bad_token() -> InvalidParameter:
    """Make the error for a nextToken that no answer held."""
    return InvalidParameter("The specified nextToken is invalid.")
