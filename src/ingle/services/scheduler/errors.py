"""The errors of the Amazon EventBridge Scheduler API.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html
"""

from ingle.wire.errors import ServiceError, Validation

__all__ = ["Conflict", "ResourceNotFound", "Validation"]


class ResourceNotFound(ServiceError):
    """There is no such schedule or group."""

    code = "ResourceNotFoundException"


class Conflict(ServiceError):
    """There is a schedule or group of that name."""

    code = "ConflictException"
