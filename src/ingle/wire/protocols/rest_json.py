"""rest-json: HTTP's methods and paths, JSON bodies.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingle.wire.behaviour import Behaviour
from ingle.wire.exceptions import Fault
from ingle.wire.http import Response
from ingle.wire.json_values import JsonReaders, JsonWriters, load_json
from ingle.wire.model import Model
from ingle.wire.protocols.base import REQUEST_ID
from ingle.wire.protocols.rest_base import RestProtocol
from ingle.wire.rest import BodyReader, BodyWriter, Headers, PayloadWriter, ResponseWriter
from ingle.wire.shapes import Shape


class RestJson(RestProtocol):
    """JSON over REST."""

    content_type = "application/json"

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._readers = JsonReaders()
        self._writers = JsonWriters()

    def members_reader(self, shape: Shape) -> BodyReader:
        """A reader of an object with the members without another place."""
        read = self._readers.structure(shape.body_members)
        return lambda body: read(load_json(body))

    def member_reader(self, shape: Shape) -> BodyReader:
        """A reader of a body that is one member."""
        read = self._readers.of(shape)
        return lambda body: read(load_json(body))

    def members_writer(self, shape: Shape) -> BodyWriter:
        """A writer of an object with the members without another place."""
        write = self._writers.structure(shape.name, shape.body_members)
        return lambda members: orjson.dumps(write(members))

    def member_writer(self, shape: Shape, name: str) -> PayloadWriter:
        """A writer of a body that is one member."""
        write = self._writers.of(shape)
        return lambda value: orjson.dumps(write(value))

    def empty_writer(self, shape: Shape, status: int) -> ResponseWriter:
        """An empty structure is an empty object."""
        return ResponseWriter(shape, status, lambda members: b"{}", None, self.content_type)

    def event_writer(
        self, shape: Shape, members: Mapping[str, Shape]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        """A writer of an object."""
        write = self._writers.structure(shape.name, members)
        return lambda value: orjson.dumps(write(value))

    def response_headers(self, request_id: str) -> Headers:
        """The request's id."""
        return [(REQUEST_ID, request_id)]

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """`{"message": "..."}` and the exception's name in a header."""
        headers = self.response_headers(request_id)
        headers += [("x-amzn-ErrorType", fault.name), *fault.headers.items()]
        members = fault.all_members
        if fault.shape is None:
            headers.append(("Content-Type", self.content_type))
            return Response(fault.status, headers, orjson.dumps(members))
        origin = self.behaviour.error_origin_member
        if origin is not None and origin in fault.shape.members:
            members.setdefault(origin, "User" if fault.is_callers else "Service")
        told = members
        if fault.message_member not in fault.shape.members:
            told = fault.members
        return self.response_writer(fault.shape, fault.status).write(told, headers)
