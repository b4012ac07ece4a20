"""HTTP bindings that rest-json and rest-xml share: labels, query, headers, payload, status.

https://smithy.io/2.0/spec/http-bindings.html
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from ingle.wire.errors import Serialization, Unreadable
from ingle.wire.http import Request, Response
from ingle.wire.model import OperationModel
from ingle.wire.scalars import text_reader, text_writer
from ingle.wire.shapes import Shape
from ingle.wire.timestamps import ISO8601, RFC822
from ingle.wire.uris import Query, UriTemplate, parse_query, split_path

RequestReader = Callable[[Request], dict[str, Any]]
BodyReader = Callable[[bytes], Any]
BodyWriter = Callable[[Mapping[str, Any]], bytes]
Body = bytes | AsyncIterator[bytes]
PayloadWriter = Callable[[Any], Body]
Headers = list[tuple[str, str]]


def compile_request(
    operation: OperationModel,
    shape: Shape,
    read_members: BodyReader | None,
    read_payload: BodyReader | None,
) -> RequestReader:
    """A reader of an operation's requests into its input, by the model's member names.

    Args:
        operation: the operation, for its URI.
        shape: the input's shape.
        read_members: reads a body that holds the members without another place, or None when
            there are none.
        read_payload: reads a body that is one structure, or None where the payload is a blob, a
            string or absent.
    """
    template = UriTemplate(operation.uri)
    labels, queries, headers, prefixes = [], [], [], []
    query_map: tuple[str, bool] | None = None
    for name, member in shape.members.items():
        wire = member.wire_name(name)
        if member.location == "uri":
            labels.append((name, template.label(wire), text_reader(member, ISO8601)))
        elif member.location == "querystring":
            if member.type == "map":
                query_map = (name, member.value.type == "list")
            else:
                queries.append((name, wire, _query_reader(member)))
        elif member.location == "header":
            headers.append((name, wire.lower(), _header_reader(member)))
        elif member.location == "headers":
            prefixes.append((name, wire.lower()))
    bound = {wire for _, wire, _ in queries} | set(template.literals)
    payload = shape.payload
    payload_is_text = payload is not None and shape.members[payload].type == "string"

    def read(request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if labels:
            segments = split_path(request.target)
            for name, label, read_text in labels:
                found[name] = read_text(label(segments))
        if request.query and (queries or query_map is not None):
            query = parse_query(request.query)
            for name, wire, read_values in queries:
                values = query.get(wire)
                if values is not None:
                    try:
                        found[name] = read_values(values)
                    except Serialization as problem:
                        raise Unreadable(problem, wire, ",".join(values)) from None
            if query_map is not None:
                found[query_map[0]] = _unbound(query, bound, query_map[1])
        sent = request.headers
        for name, wire, read_value in headers:
            value = sent.get(wire)
            if value is not None:
                try:
                    found[name] = read_value(value)
                except Serialization as problem:
                    raise Unreadable(problem, wire, value) from None
        for name, prefix in prefixes:
            prefixed = _prefixed(sent, prefix)
            if prefixed:
                found[name] = prefixed
        body = request.body
        if body:
            if read_members is not None:
                found.update(read_members(body))
            elif payload is not None:
                if read_payload is not None:
                    found[payload] = read_payload(body)
                else:
                    found[payload] = _decode_utf8(body) if payload_is_text else body
        return found

    return read


def _query_reader(shape: Shape) -> Callable[[list[str]], Any]:
    if shape.type == "list":
        read_item = text_reader(shape.member, ISO8601)
        return lambda values: [read_item(value) for value in values]
    read = text_reader(shape, ISO8601)
    return lambda values: read(values[-1])


def _header_reader(shape: Shape) -> Callable[[str], Any]:
    if shape.type == "list":
        read_item = text_reader(shape.member, RFC822)
        return lambda value: [read_item(item) for item in split_header_list(value)]
    return text_reader(shape, RFC822)


def split_header_list(value: str) -> list[str]:
    """The items of a comma-separated header; an item in double quotes may hold commas."""
    if '"' not in value:
        return [item.strip() for item in value.split(",")]
    items, current, quoted, escaped = [], "", False, False
    for character in value:
        if escaped:
            current, escaped = current + character, False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            items.append(current.strip())
            current = ""
        else:
            current += character
    return [*items, current.strip()]


def _unbound(query: Query, bound: set[str], keeps_lists: bool) -> dict[str, Any]:
    return {
        key: values if keeps_lists else values[-1]
        for key, values in query.items()
        if key not in bound
    }


def _prefixed(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    length = len(prefix)
    return {name[length:]: value for name, value in headers.items() if name.startswith(prefix)}


def _decode_utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as problem:
        raise Serialization(f"The body is not UTF-8 text: {problem}") from None


class ResponseWriter:
    """Writes the results of an operation, or the members of an exception, as HTTP.

    Args:
        shape: the output's or exception's shape.
        status: the status where no member sets it.
        write_members: writes the body that holds the members without another place; None when
            there are none.
        write_payload: writes the member that is the whole body; None when there is none.
        content_type: the type of such bodies.
    """

    def __init__(
        self,
        shape: Shape,
        status: int,
        write_members: BodyWriter | None,
        write_payload: PayloadWriter | None,
        content_type: str | None,
    ) -> None:
        self._name = shape.name
        self._status = status
        self._write_members = write_members
        self._write_payload = write_payload
        self._content_type = content_type
        self._payload = shape.payload
        self._headers: dict[str, tuple[str, Callable[[Any], str]]] = {}
        self._prefixes: dict[str, str] = {}
        self._status_member: str | None = None
        for name, member in shape.members.items():
            if member.location == "header":
                self._headers[name] = (member.wire_name(name), _header_writer(member))
            elif member.location == "headers":
                self._prefixes[name] = member.wire_name(name)
            elif member.location == "statusCode":
                self._status_member = name
        self._body_members = shape.body_members

    def write(self, result: Mapping[str, Any], headers: Headers) -> Response:
        """A response; `headers` go first and the list is taken over.

        Raises:
            KeyError: the result has a member that the model does not know.
        """
        status = self._status
        length: int | None = None
        in_body: dict[str, Any] = {}
        body: Body = b""
        typed = False
        bound = self._headers
        for name, value in result.items():
            if value is None:
                continue
            header = bound.get(name)
            if header is not None:
                if header[0] == "Content-Length":
                    length = value
                    continue
                if header[0] == "Content-Range":
                    status = 206  # https://www.rfc-editor.org/rfc/rfc9110#status.206
                headers.append((header[0], header[1](value)))
                typed = typed or header[0] == "Content-Type"
            elif name == self._status_member:
                status = value
            elif name == self._payload and self._write_payload is not None:
                body = self._write_payload(value)
            elif name in self._prefixes:
                prefix = self._prefixes[name]
                headers.extend((prefix + key, _one_line(text)) for key, text in value.items())
            elif name in self._body_members:
                in_body[name] = value
            else:
                raise KeyError(f"{self._name} has no member {name}")
        if status == 204:
            return Response(status, headers)
        if self._write_members is not None:
            body = self._write_members(in_body)
        if self._content_type is not None and not typed:
            headers.append(("Content-Type", self._content_type))
        return Response(status, headers, body, length)


def _header_writer(shape: Shape) -> Callable[[Any], str]:
    if shape.type == "list":
        write_item = text_writer(shape.member, RFC822)
        if shape.member.type == "string":
            return lambda items: join_header_list([_one_line(item) for item in items])
        return lambda items: ",".join(write_item(item) for item in items)
    if shape.type == "string" and not shape.traits.get("jsonvalue"):
        return _one_line
    return text_writer(shape, RFC822)


def _one_line(text: str) -> str:
    # What a client sent must not add headers to an answer.
    return text if text.isprintable() else " ".join(text.splitlines())


def join_header_list(items: Iterable[str]) -> str:
    """A comma-separated header; items with commas or quotes are put in quotes."""
    return ",".join(_quoted(item) for item in items)


def _quoted(item: str) -> str:
    if '"' in item or "," in item:
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return item
