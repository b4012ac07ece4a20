"""How a `ServiceError` maps to the exception shape of a model."""

from collections.abc import Mapping
from typing import Any

from ingle.wire.errors import ServiceError
from ingle.wire.model import Model, OperationModel
from ingle.wire.shapes import Shape

DEFAULT_STATUS = 400


class Fault:
    """An error as it goes on the wire.

    Attributes:
        shape: the modelled exception, or None where the model has none for the code.
        name: the exception's name, for protocols that tell shapes by name.
        code: the code, for protocols that have codes of their own (query, and S3).
        status: the HTTP status.
        message: the text.
        members: the modelled members other than the message.
        headers: HTTP headers that the error brings.
        told: further members, which the model does not have.
        is_callers: whether the caller rather than the service is at fault.
    """

    __slots__ = (
        "code",
        "headers",
        "is_callers",
        "members",
        "message",
        "name",
        "shape",
        "status",
        "told",
    )

    def __init__(self, error: ServiceError, model: Model, operation: OperationModel | None) -> None:
        shape = find_exception(error.error_code, model, operation)
        trait: Mapping[str, Any] = shape.traits.get("error", {}) if shape is not None else {}
        self.shape = shape
        self.name = shape.name if shape is not None else error.error_code
        self.code: str = trait.get("code", self.name)
        self.status = _status(error, shape, trait)
        self.message = error.message
        self.members = (
            {name: value for name, value in error.members.items() if name in shape.members}
            if shape is not None
            else {}
        )
        self.told = {n: value for n, value in error.members.items() if n not in self.members}
        self.headers = error.headers
        self.is_callers = self.status < 500

    @property
    def message_member(self) -> str:
        """The name of the member that holds the message."""
        return message_member(self.shape) or "message"

    @property
    def all_members(self) -> dict[str, Any]:
        """The modelled members, with the message under its modelled name."""
        return {self.message_member: self.message, **self.members}


def find_exception(code: str, model: Model, operation: OperationModel | None) -> Shape | None:
    """The shape of an error's name or code: the operation's own first, then the service's."""
    if operation is not None:
        for name in operation.errors:
            shape = model.shapes.named(name)
            if code in (name, shape.traits.get("error", {}).get("code")):
                return shape
    return model.exception(code)


def exception_members(shape: Shape, error: ServiceError) -> dict[str, Any]:
    """The members of a modelled exception that an error fills."""
    members = {name: value for name, value in error.members.items() if name in shape.members}
    message = message_member(shape)
    return members if message is None else {message: error.message, **members}


def message_member(shape: Shape | None) -> str | None:
    """The member for the text: `message` in some models, `Message` in others."""
    if shape is None:
        return None
    return next((name for name in shape.members if name.lower() == "message"), None)


def _status(error: ServiceError, shape: Shape | None, trait: Mapping[str, Any]) -> int:
    if error.http_status is not None:
        return error.http_status
    if "httpStatusCode" in trait:
        return int(trait["httpStatusCode"])
    if (shape is not None and shape.traits.get("fault")) or error.error_code == "InternalFailure":
        return 500
    return DEFAULT_STATUS
