"""What rest-json and rest-xml share: routes, and the parts of answers that are not JSON or XML."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ingle.wire.behaviour import Behaviour
from ingle.wire.errors import UnknownOperation
from ingle.wire.events import EventWriter
from ingle.wire.eventstream import CONTENT_TYPE as EVENT_STREAM
from ingle.wire.http import Request, Response
from ingle.wire.model import Model, OperationModel
from ingle.wire.protocols.base import (
    InputReader,
    Protocol,
    Result,
    ResultWriter,
    read_nothing,
)
from ingle.wire.rest import (
    BodyReader,
    BodyWriter,
    Headers,
    PayloadWriter,
    ResponseWriter,
    compile_request,
)
from ingle.wire.shapes import Shape
from ingle.wire.uris import Routes, UriTemplate, required_bindings


class RestProtocol(Protocol):
    """A protocol that uses HTTP's methods, paths, queries and headers."""

    content_type: str
    """The type of bodies that hold structures."""

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._routes = _routes(model, behaviour.strict_routes)

    def is_spoken_in(self, request: Request) -> bool:
        """REST services speak nothing else."""
        return True

    def find(self, request: Request) -> str:
        """The operation at the method, path and query."""
        name = self._routes.find(request)
        if name is None:
            raise UnknownOperation(
                self.behaviour.unknown_route_message.format(
                    method=request.method, path=request.path
                ),
                code=self.behaviour.unknown_route_code,
                status=self.behaviour.unknown_route_status,
            )
        return name

    def compile_reader(self, operation: OperationModel) -> InputReader:
        """Reads path, query, headers and body."""
        shape = operation.input
        if shape is None:
            return read_nothing
        if shape.payload is not None:
            payload = shape.members[shape.payload]
            is_structure = payload.type not in ("blob", "string")
            read_payload = self.member_reader(payload) if is_structure else None
            return compile_request(operation, shape, None, read_payload)
        read_members = self.members_reader(shape) if shape.body_members else None
        return compile_request(operation, shape, read_members, None)

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """Writes status, headers and body."""
        shape = operation.output
        if shape is None:
            return lambda result, request_id: Response(
                operation.status, self.response_headers(request_id)
            )
        writer = self.response_writer(shape, operation.status)

        def write(result: Result, request_id: str) -> Response:
            return writer.write(result, self.response_headers(request_id))

        return write

    def response_writer(self, shape: Shape, status: int) -> ResponseWriter:
        """What writes a structure as an answer."""
        if shape.payload is not None:
            payload = shape.members[shape.payload]
            write_payload, content_type = self._payload_writer(payload, shape.payload)
            return ResponseWriter(shape, status, None, write_payload, content_type)
        if not shape.body_members:
            return self.empty_writer(shape, status)
        return ResponseWriter(shape, status, self.members_writer(shape), None, self.content_type)

    def _payload_writer(self, shape: Shape, name: str) -> tuple[PayloadWriter, str]:
        if shape.traits.get("eventstream"):
            return EventWriter(shape, self.event_writer, self.content_type).write, EVENT_STREAM
        if shape.type in ("blob", "string"):
            return _as_bytes, self.behaviour.payload_content_type
        return self.member_writer(shape, name), self.content_type

    def empty_writer(self, shape: Shape, status: int) -> ResponseWriter:
        """What writes a structure that has no members in the body."""
        raise NotImplementedError

    def members_reader(self, shape: Shape) -> BodyReader:
        """A reader of a body that holds the members without another place."""
        raise NotImplementedError

    def member_reader(self, shape: Shape) -> BodyReader:
        """A reader of a body that is one member."""
        raise NotImplementedError

    def members_writer(self, shape: Shape) -> BodyWriter:
        """A writer of a body that holds the members without another place."""
        raise NotImplementedError

    def member_writer(self, shape: Shape, name: str) -> PayloadWriter:
        """A writer of a body that is the one member of this name."""
        raise NotImplementedError

    def event_writer(
        self, shape: Shape, members: Mapping[str, Shape]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        """A writer of these members of an event."""
        raise NotImplementedError

    def response_headers(self, request_id: str) -> Headers:
        """The headers that every answer has."""
        raise NotImplementedError


def _as_bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _routes(model: Model, strict: Collection[str]) -> Routes:
    routes = Routes()
    # Where a deprecated operation has the same route as its successor, the successor answers.
    for name in sorted(model.operation_names, key=model.is_deprecated):
        http = model.http(name)
        headers, query = required_bindings(*model.raw_input(name))
        template = UriTemplate(http["requestUri"])
        routes.add(name, http["method"], template, headers, query, strict=name in strict)
    return routes
