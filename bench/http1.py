"""HTTP/1.1 as the load generator needs it: one response at a time, on a kept connection."""

from dataclasses import dataclass

from bench.errors import BenchError

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Response:
    """One response.

    Attributes:
        status: the status code.
        body: the payload, with a chunked transfer coding undone.
        keep_alive: whether the connection can carry another request.
    """

    status: int
    body: bytes
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    keep_alive: bool
    length: int | None
    """Of the body in bytes; None when it is chunked."""


class ResponseParser:
    """Puts the responses of one connection together from what the socket yields."""

    __slots__ = ("_data", "_head", "_position")

    def __init__(self) -> None:
        self._data = b""
        self._position = 0
        self._head: _Head | None = None

    def feed(self, data: bytes) -> Response | None:
        """Takes received bytes; returns the response once it is complete.

        Raises:
            BenchError: it is not HTTP/1.1, says not how long its body is, or bytes follow it
                although no further request was sent.
        """
        self._data = self._data + data if self._data else data
        if self._head is None:
            end = self._data.find(HEAD_END)
            if end < 0:
                return None
            self._head = _parse_head(self._data[:end])
            self._position = end + len(HEAD_END)
        found = self._body(self._head)
        if found is None:
            return None
        body, end = found
        if end != len(self._data):
            raise BenchError(f"{len(self._data) - end} bytes follow the response")
        response = Response(self._head.status, body, self._head.keep_alive)
        self._data = b""
        self._head = None
        return response

    def _body(self, head: _Head) -> tuple[bytes, int] | None:
        start = self._position
        if head.length is None:
            return _chunks(self._data, start)
        end = start + head.length
        return (self._data[start:end], end) if len(self._data) >= end else None


def _parse_head(head: bytes) -> _Head:
    status_line, _, rest = head.partition(b"\r\n")
    version, _, status = status_line.partition(b" ")
    if version != b"HTTP/1.1" or not status[:3].isdigit():
        raise BenchError(f"not an HTTP/1.1 response: {status_line[:80]!r}")
    headers: dict[bytes, bytes] = {}
    for line in rest.split(b"\r\n"):
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    keep_alive = headers.get(b"connection", b"").lower() != b"close"
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _Head(int(status[:3]), keep_alive, None)
    length = headers.get(b"content-length", b"")
    if not length.isdigit():
        raise BenchError("a response tells not how long its body is")
    return _Head(int(status[:3]), keep_alive, int(length))


def _chunks(data: bytes, start: int) -> tuple[bytes, int] | None:
    """The joined chunks from `start` on and where they end, or None while some are missing."""
    parts: list[bytes] = []
    while True:
        line_end = data.find(b"\r\n", start)
        if line_end < 0:
            return None
        size = int(data[start:line_end].partition(b";")[0], 16)
        start = line_end + 2
        # The last chunk is empty and followed by the trailer's closing line, here always empty.
        if len(data) < start + size + 2:
            return None
        if size == 0:
            return b"".join(parts), start + 2
        parts.append(data[start : start + size])
        start += size + 2
