"""From an operation of the model to the method of the service that has it."""

from collections.abc import Awaitable, Callable
from typing import Any

from ingle.wire.errors import NotImplementedByIngle
from ingle.wire.protocol import Operation
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

BoundOperation = Callable[[CallContext, ServiceInput], Awaitable[ServiceOutput | None]]

_has_method: dict[tuple[type[Service], str], bool] = {}


def bind(service: Service, operation: Operation) -> BoundOperation:
    """The service's coroutine method for an operation.

    Raises:
        NotImplementedByIngle: the service does not have the operation yet.
    """
    key = (type(service), operation.method)
    has_method = _has_method.get(key)
    if has_method is None:
        has_method = _has_method[key] = hasattr(type(service), operation.method)
    if not has_method:
        raise NotImplementedByIngle(
            f"The operation {operation.name} of {operation.service} is not implemented by Ingle yet"
        )
    method: Any = getattr(service, operation.method)
    bound: BoundOperation = method
    return bound
