"""The query protocol: a form in, XML out.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ingle.wire.behaviour import Behaviour
from ingle.wire.compressed import plain_body
from ingle.wire.errors import Serialization, UnknownOperation
from ingle.wire.exceptions import Fault
from ingle.wire.form_values import FormReaders, form_name, form_tree
from ingle.wire.http import Request, Response
from ingle.wire.model import Model, OperationModel
from ingle.wire.protocols.base import (
    REQUEST_ID,
    Input,
    InputReader,
    Protocol,
    Result,
    ResultWriter,
    read_nothing,
)
from ingle.wire.shapes import Shape
from ingle.wire.xml_values import XmlWriters, escape_text

CONTENT_TYPE = "text/xml"
# Every parameter of the largest request that AWS documents fits many times over.
_MAX_FIELDS = 20_000


def form_fields(request: Request) -> list[tuple[str, str]]:
    """The fields of a request's query string and form body.

    Raises:
        Serialization: the body is not a form.
    """
    fields: list[tuple[str, str]] = []
    try:
        if request.query:
            fields += parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        body = plain_body(request)
        if body:
            fields += parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as problem:
        raise Serialization(
            f"Could not parse request body into a form: {problem}", code="MalformedQueryString"
        ) from None
    return fields


class _FormXmlWriters(XmlWriters):
    def element_name(self, name: str, shape: Shape) -> str:
        """The name of a member's element."""
        return form_name(name, shape)


class Query(Protocol):
    """Forms over GET and POST."""

    serialization_code = "MalformedInput"

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        super().__init__(model, behaviour)
        self._readers = FormReaders()
        self._writers = _FormXmlWriters()
        self._namespace: str = model.metadata["xmlNamespace"]

    def is_spoken_in(self, request: Request) -> bool:
        """Forms say so in their content type; a GET has its form in the query."""
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return True
        return request.query.startswith("Action=") or "&Action=" in request.query

    def find(self, request: Request) -> str:
        """The operation named by the parameter Action."""
        fields = dict(form_fields(request))
        action = fields.get("Action")
        if not action:
            raise UnknownOperation(
                "The request must contain the parameter Action", code="MissingAction", status=400
            )
        if not self.model.has_operation(action):
            version = fields.get("Version", "NO_VERSION_SPECIFIED")
            raise UnknownOperation(
                f"Could not find operation {action} for version {version}",
                code="InvalidAction",
                status=400,
            )
        return action

    def compile_reader(self, operation: OperationModel) -> InputReader:
        """Reads the form."""
        if operation.input is None:
            return read_nothing
        read_tree = self._readers.structure(operation.input.members)
        by_path = self.behaviour.path_member
        if by_path not in operation.input.members:
            by_path = None

        def read(request: Request) -> Input:
            value: Input = read_tree(form_tree(form_fields(request)))
            if by_path is not None and by_path not in value and request.path != "/":
                value[by_path] = request.path
            return value

        return read

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """Writes `<XResponse><XResult>...</XResult><ResponseMetadata>...`."""
        root, wrapper = f"{operation.name}Response", operation.result_wrapper
        output = operation.output
        write_members = None
        if output is not None:
            write_members = self._writers.members(output.name, output.members)
        start = f'<{root} xmlns="{self._namespace}">'

        def write(result: Result, request_id: str) -> Response:
            out = [start]
            if write_members is not None:
                out.append(f"<{wrapper}>")
                write_members(out, result)
                out.append(f"</{wrapper}>")
            told = escape_text(request_id)
            out.append(
                f"<ResponseMetadata><RequestId>{told}</RequestId></ResponseMetadata></{root}>"
            )
            return _response(200, out, request_id)

        return write

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """`<ErrorResponse><Error><Type>Sender</Type><Code>...`."""
        out = [
            f'<ErrorResponse xmlns="{self._namespace}"><Error>',
            f"<Type>{'Sender' if fault.is_callers else 'Receiver'}</Type>",
            f"<Code>{escape_text(fault.code)}</Code>",
            f"<Message>{escape_text(fault.message)}</Message>",
        ]
        if fault.shape is not None:
            self._writers.members(fault.name, fault.shape.members)(out, fault.members)
        out.append(f"</Error><RequestId>{escape_text(request_id)}</RequestId></ErrorResponse>")
        return _response(fault.status, out, request_id, fault.headers)


def _response(
    status: int, out: list[str], request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        status,
        [(REQUEST_ID, request_id), ("Content-Type", CONTENT_TYPE), *(headers or {}).items()],
        "".join(out).encode(),
    )
