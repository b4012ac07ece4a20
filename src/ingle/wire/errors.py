"""Errors as AWS's clients understand them: a code, a message, a status."""

from typing import Any, ClassVar


class ServiceError(Exception):
    """An error that an AWS client gets as an answer.

    A service either raises this class with a code, or subclasses it with class attributes, one
    subclass for each modelled exception.

    Args:
        message: what was wrong, naming the member or resource.
        code: AWS's error code; the class's own by default.
        status: the HTTP status; by default the model's for that code, else the class's.
        members: further members of the modelled exception, by their model names.
        headers: HTTP headers that go with the answer, for instance Retry-After.
    """

    code: ClassVar[str] = "InternalFailure"
    status: ClassVar[int | None] = None

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        members: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or type(self).code
        self.http_status = status if status is not None else type(self).status
        self.members = members or {}
        self.headers = headers or {}

    def __str__(self) -> str:
        return f"{self.error_code}: {self.message}"


class UnknownOperation(ServiceError):
    """No operation is at this route; AWS's own answer to it."""

    code = "UnknownOperationException"
    status = 404


class NotImplementedByIngle(ServiceError):
    """The operation is AWS's, and Ingle does not have it yet."""

    code = "NotImplemented"
    status = 501


class Serialization(ServiceError):
    """The bytes of a request cannot be read in the service's protocol."""

    code = "SerializationException"
    status = 400


class Unreadable(Serialization):
    """A header or a part of the query is not of its type.

    Args:
        problem: what is wrong with it.
        name: of the header or the part of the query.
        value: what was sent.
    """

    def __init__(self, problem: Serialization, name: str, value: str) -> None:
        super().__init__(problem.message)
        self.name = name
        self.value = value


class Validation(ServiceError):
    """A member of a request breaks the model's rules."""

    code = "ValidationException"
    status = 400


class RequestTooLarge(ServiceError):
    """The body is larger than the operation takes."""

    code = "RequestEntityTooLargeException"
    status = 413
