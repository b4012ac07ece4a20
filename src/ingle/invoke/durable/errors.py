"""What is refused of durable executions.

Source: the error lists at https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html; the
words are those of AWS's answers, and of its local test runner.
"""

from ingle.wire.errors import ServiceError

_USER = {"Type": "User"}


class InvalidUpdate(ServiceError):
    """A checkpoint, a marker or a callback's id is not one that the execution can take."""

    code = "InvalidParameterValueException"
    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message, members=_USER)


class InvalidToken(InvalidUpdate):
    """The checkpoint token is not the current one.

    The SDKs know this text: whoever gets it was replaced by another invocation, and ends.
    """

    def __init__(self) -> None:
        super().__init__("Invalid checkpoint token")


class ExecutionNotFound(ServiceError):
    """There is no such execution, or not any more."""

    code = "ResourceNotFoundException"
    status = 404

    def __init__(self) -> None:
        super().__init__("Durable Execution does not exist", members=_USER)


class CallbackOver(ServiceError):
    """Nobody waits for the callback any more."""

    code = "CallbackTimeoutException"
    status = 400

    def __init__(self) -> None:
        super().__init__("The callback is either timed out or already completed", members=_USER)


class ExecutionConflict(ServiceError):
    """The execution's status does not allow what is asked for."""

    code = "ResourceConflictException"
    status = 409

    def __init__(self, message: str) -> None:
        super().__init__(message, members=_USER)


class AlreadyStarted(ServiceError):
    """The function has an execution of that name with another payload, or of another version.

    Args:
        arn: the execution's.
    """

    code = "DurableExecutionAlreadyStartedException"
    status = 409

    def __init__(self, arn: str) -> None:
        super().__init__(f"Execution already started: {arn}", members=_USER)
