"""rest-xml: HTTP's methods and paths, XML bodies, and what S3 does differently.

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from ingle.wire.behaviour import Behaviour
from ingle.wire.exceptions import Fault
from ingle.wire.http import Response
from ingle.wire.model import Model, OperationModel
from ingle.wire.protocols.base import Result, ResultWriter
from ingle.wire.protocols.rest_base import RestProtocol
from ingle.wire.rest import BodyReader, BodyWriter, Headers, PayloadWriter, ResponseWriter
from ingle.wire.shapes import Shape
from ingle.wire.xml_values import (
    DECLARATION,
    XmlReaders,
    XmlWriters,
    escape_text,
    quote_attribute,
)

_NOT_MODIFIED = 304


class RestXml(RestProtocol):
    """XML over REST."""

    serialization_code = "MalformedXML"
    content_type = "application/xml"

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._readers = XmlReaders(behaviour.unknown_elements)
        self._writers = XmlWriters()
        namespace = model.metadata.get("xmlNamespace")
        self._namespace = f" xmlns={quote_attribute(namespace)}" if namespace else ""

    def members_reader(self, shape: Shape) -> BodyReader:
        """A reader of a root element with the members without another place."""
        read = self._readers.structure(shape.body_members)
        return self._readers.document(shape.wire_name(shape.name), read)

    def member_reader(self, shape: Shape) -> BodyReader:
        """A reader of a root element that is one member."""
        read = self._readers.of(shape)
        return self._readers.document(shape.wire_name(shape.name), read)

    def members_writer(self, shape: Shape) -> BodyWriter:
        """A writer of a root element with the members without another place."""
        write = self._writers.members(shape.name, shape.body_members)
        return self._document(shape.wire_name(shape.name), write)

    def member_writer(self, shape: Shape, name: str) -> PayloadWriter:
        """A writer of a root element that is one member."""
        write = self._writers.members(shape.name, shape.members)
        return self._document(shape.wire_name(shape.name), write)

    def _document(
        self, root: str, write: Callable[[list[str], Mapping[str, Any]], None]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        start, end = f"{DECLARATION}<{root}{self._namespace}>", f"</{root}>"

        def document(value: Mapping[str, Any]) -> bytes:
            out = [start]
            write(out, value)
            out.append(end)
            return "".join(out).encode()

        return document

    def empty_writer(self, shape: Shape, status: int) -> ResponseWriter:
        """An empty structure is an empty body."""
        return ResponseWriter(shape, status, None, None, None)

    def event_writer(
        self, shape: Shape, members: Mapping[str, Shape]
    ) -> Callable[[Mapping[str, Any]], bytes]:
        """A writer of an element."""
        write = self._writers.members(shape.name, members)
        name = shape.wire_name(shape.name)

        def element(value: Mapping[str, Any]) -> bytes:
            out = [f"<{name}>"]
            write(out, value)
            out.append(f"</{name}>")
            return "".join(out).encode()

        return element

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """Writes status, headers and body; some of S3's outputs are the text of the root alone."""
        if operation.name not in self.behaviour.unwrapped_outputs:
            return super().compile_writer(operation)
        assert operation.output is not None, "an output without a shape cannot be unwrapped"
        ((name, shape),) = operation.output.members.items()
        start, end = (
            f"{DECLARATION}<{shape.wire_name(name)}{self._namespace}>",
            (f"</{shape.wire_name(name)}>"),
        )

        def write(result: Result, request_id: str) -> Response:
            text = start + escape_text(result.get(name) or "") + end
            headers = [*self.response_headers(request_id), ("Content-Type", self.content_type)]
            return Response(operation.status, headers, text.encode())

        return write

    def response_headers(self, request_id: str) -> Headers:
        """The request's id, and the second one by which S3's clients know a host."""
        return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """`<Error><Code>NoSuchKey</Code>...`, with an `<ErrorResponse>` around it but in S3."""
        told = escape_text(request_id)
        out = [
            f"<Code>{escape_text(fault.code)}</Code>",
            f"<Message>{escape_text(fault.message)}</Message>",
        ]
        headers = [*self.response_headers(request_id), *fault.headers.items()]
        if fault.status == _NOT_MODIFIED:
            # A type would take the place of the one that a browser has kept with the body.
            return Response(fault.status, headers)
        if fault.shape is not None:
            body_members = fault.shape.body_members
            in_body = {key: value for key, value in fault.members.items() if key in body_members}
            self._writers.members(fault.name, body_members)(out, in_body)
        ids = f"<RequestId>{told}</RequestId><HostId>{host_id(request_id)}</HostId>"
        if self.behaviour.error_wrapped:
            kind = "Sender" if fault.is_callers else "Receiver"
            out.insert(0, f"<ErrorResponse{self._namespace}><Error><Type>{kind}</Type>")
            out.append(f"</Error>{ids}</ErrorResponse>")
        else:
            out.insert(0, "<Error>")
            out += [f"<{name}>{escape_text(str(v))}</{name}>" for name, v in fault.told.items()]
            out.append(f"{ids}</Error>")
        headers.append(("Content-Type", self.content_type))
        return Response(fault.status, headers, (DECLARATION + "".join(out)).encode())


def host_id(request_id: str) -> str:
    """Return the second id of a request of S3's, `x-amz-id-2`."""
    return b64encode(hashlib.sha256(request_id.encode()).digest()).decode()
