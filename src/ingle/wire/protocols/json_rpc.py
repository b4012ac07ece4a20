"""JSON 1.0 and 1.1: the operation in X-Amz-Target, everything else in a JSON body.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from ingle.wire.behaviour import Behaviour
from ingle.wire.compressed import plain_body
from ingle.wire.errors import UnknownOperation
from ingle.wire.events import EventWriter
from ingle.wire.exceptions import Fault
from ingle.wire.http import Request, Response
from ingle.wire.json_values import JsonReaders, JsonWriters, load_json
from ingle.wire.model import Model, OperationModel
from ingle.wire.protocols.base import (
    REQUEST_ID,
    Input,
    InputReader,
    Protocol,
    Result,
    ResultWriter,
    query_error_header,
    read_nothing,
    rpc_stream_writer,
)
from ingle.wire.rest import Headers
from ingle.wire.shapes import Shape


class JsonRpc(Protocol):
    """JSON over POST /."""

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._content_type = f"application/x-amz-json-{model.metadata['jsonVersion']}"
        self._target = f"{model.metadata['targetPrefix']}."
        self._readers = JsonReaders()
        self._writers = JsonWriters()

    def is_spoken_in(self, request: Request) -> bool:
        """JSON requests carry a target."""
        return "x-amz-target" in request.headers

    def find(self, request: Request) -> str:
        """The operation named in X-Amz-Target."""
        target = request.headers.get("x-amz-target", "")
        prefix, dot, name = target.rpartition(".")
        if not target:
            raise UnknownOperation("The request has no X-Amz-Target header to name its operation")
        if not dot or prefix + dot != self._target or not self.model.has_operation(name):
            raise UnknownOperation(f"The target {target} is not an operation of this service")
        return name

    def compile_reader(self, operation: OperationModel) -> InputReader:
        """Reads the body."""
        if operation.input is None:
            return read_nothing
        read_value = self._readers.of(operation.input)

        def read(request: Request) -> Input:
            body = plain_body(request)
            value: Input = read_value(load_json(body) if body else {})
            return value

        return read

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """Writes the body."""
        output = operation.output
        if output is None:
            return lambda result, request_id: Response(200, self._headers(request_id))
        stream = output.event_stream
        if stream is not None:
            others = {key: shape for key, shape in output.members.items() if key != stream[0]}
            return rpc_stream_writer(
                stream[0],
                EventWriter(stream[1], self._body_writer, "application/json"),
                self._body_writer(output, others),
                lambda request_id: [(REQUEST_ID, request_id)],
            )
        write_value = self._writers.of(output)

        def write(result: Result, request_id: str) -> Response:
            return Response(200, self._headers(request_id), orjson.dumps(write_value(result)))

        return write

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """`{"__type": "ResourceNotFoundException", "message": "..."}`."""
        namespace = self.behaviour.error_namespace
        is_own = fault.shape is not None and namespace is not None
        kind = f"{namespace}#{fault.name}" if is_own else fault.name
        members = fault.all_members
        if fault.shape is not None:
            write = self._writers.structure(fault.name, fault.shape.members)
            members = {fault.message_member: fault.message, **write(fault.members)}
        headers = [
            *self._headers(request_id),
            *query_error_header(self.model, fault),
            *fault.headers.items(),
        ]
        return Response(fault.status, headers, orjson.dumps({"__type": kind, **members}))

    def _headers(self, request_id: str) -> Headers:
        return [(REQUEST_ID, request_id), ("Content-Type", self._content_type)]

    def _body_writer(
        self, shape: Shape, members: Mapping[str, Shape]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        write = self._writers.structure(shape.name, members)
        return lambda value: orjson.dumps(write(value))
