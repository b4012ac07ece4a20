"""The errors of the Amazon EventBridge API.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html
"""

from ingle.wire.errors import ServiceError, Validation

__all__ = [
    "ConcurrentModification",
    "IllegalStatus",
    "InvalidEventPattern",
    "LimitExceeded",
    "PolicyTooLong",
    "ResourceAlreadyExists",
    "ResourceNotFound",
    "Validation",
    "no_such_bus",
    "no_such_rule",
]


class ResourceNotFound(ServiceError):
    """There is no such bus, rule or statement."""

    code = "ResourceNotFoundException"


class ResourceAlreadyExists(ServiceError):
    """There is a bus of that name."""

    code = "ResourceAlreadyExistsException"


class LimitExceeded(ServiceError):
    """More of something than there may be."""

    code = "LimitExceededException"


class PolicyTooLong(ServiceError):
    """A bus's policy is longer than it may be."""

    code = "PolicyLengthExceededException"


class ConcurrentModification(ServiceError):
    """Somebody else changes the same thing."""

    code = "ConcurrentModificationException"


class IllegalStatus(ServiceError):
    """Something is in a state in which this cannot be done with it."""

    code = "IllegalStatusException"


class InvalidEventPattern(ServiceError):
    """An event pattern is none."""

    code = "InvalidEventPatternException"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid. Reason: {reason}")


def no_such_bus(name: str) -> ResourceNotFound:
    """Make the error for a bus that is not there."""
    return ResourceNotFound(f"Event bus {name} does not exist.")


def no_such_rule(name: str, bus: str) -> ResourceNotFound:
    """Make the error for a rule that is not there."""
    return ResourceNotFound(f"Rule {name} does not exist on EventBus {bus}.")
