"""Smithy RPC v2 CBOR: the operation in the path, everything else in a CBOR body.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from collections.abc import Callable, Mapping
from typing import Any

import cbor2

from ingle.wire.behaviour import Behaviour
from ingle.wire.cbor_values import CborReaders, CborWriters, load_cbor
from ingle.wire.compressed import plain_body
from ingle.wire.errors import UnknownOperation
from ingle.wire.events import EventWriter
from ingle.wire.exceptions import Fault
from ingle.wire.http import Request, Response
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

CONTENT_TYPE = "application/cbor"
_PROTOCOL_HEADER = ("smithy-protocol", "rpc-v2-cbor")
_PATH_PARTS = 4


def path_target(path: str) -> tuple[str, str] | None:
    """The service and operation in a path `/service/X/operation/Y`, or None for another path.

    A prefix before `/service` is allowed.
    """
    parts = path.split("/")[-_PATH_PARTS:]
    if len(parts) < _PATH_PARTS or parts[0] != "service" or parts[2] != "operation":
        return None
    # A service may be named with its namespace.
    return parts[1].rpartition(".")[2], parts[3]


class RpcV2Cbor(Protocol):
    """CBOR over POST /service/X/operation/Y."""

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._readers = CborReaders()
        self._writers = CborWriters()

    def is_spoken_in(self, request: Request) -> bool:
        """CBOR requests say so in a header, and in their path."""
        return (
            request.headers.get("smithy-protocol") == "rpc-v2-cbor"
            or path_target(request.path) is not None
        )

    def find(self, request: Request) -> str:
        """The operation named in the path."""
        target = path_target(request.path)
        if target is None:
            raise UnknownOperation(f"The path {request.path} names no operation")
        service, name = target
        if service != self.model.metadata["targetPrefix"] or not self.model.has_operation(name):
            raise UnknownOperation(f"{service}.{name} is not an operation of this service")
        return name

    def compile_reader(self, operation: OperationModel) -> InputReader:
        """Reads the body."""
        if operation.input is None:
            return read_nothing
        read_value = self._readers.of(operation.input)

        def read(request: Request) -> Input:
            body = plain_body(request)
            value: Input = read_value(load_cbor(body) if body else {})
            return value

        return read

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """Writes the body; an operation without output has none, and no content type."""
        output = operation.output
        if output is None:
            return lambda result, request_id: Response(200, self._headers(request_id))
        stream = output.event_stream
        if stream is not None:
            others = {key: shape for key, shape in output.members.items() if key != stream[0]}
            return rpc_stream_writer(
                stream[0],
                EventWriter(stream[1], self._body_writer, CONTENT_TYPE),
                self._body_writer(output, others),
                self._headers,
            )
        write_value = self._writers.of(output)

        def write(result: Result, request_id: str) -> Response:
            headers = [*self._headers(request_id), ("Content-Type", CONTENT_TYPE)]
            return Response(200, headers, cbor2.dumps(write_value(result)))

        return write

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """A map with the exception's name as `__type`."""
        members = fault.all_members
        if fault.shape is not None:
            write = self._writers.structure(fault.name, fault.shape.members)
            members = {fault.message_member: fault.message, **write(fault.members)}
        headers = [
            *self._headers(request_id),
            ("Content-Type", CONTENT_TYPE),
            *query_error_header(self.model, fault),
            *fault.headers.items(),
        ]
        return Response(fault.status, headers, cbor2.dumps({"__type": fault.name, **members}))

    def _headers(self, request_id: str) -> Headers:
        return [(REQUEST_ID, request_id), _PROTOCOL_HEADER]

    def _body_writer(
        self, shape: Shape, members: Mapping[str, Shape]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        write = self._writers.structure(shape.name, members)
        return lambda value: cbor2.dumps(write(value))
