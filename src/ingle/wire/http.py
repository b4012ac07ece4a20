"""The HTTP request and response that every other layer speaks of."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any


class Request:
    """One HTTP request, its body read in full.

    Attributes:
        method: the verb, in upper case.
        path: the path as it was sent, still percent-encoded, without the query.
        query: the raw query string, without the question mark; "" when there is none.
        headers: values by lower-case name; a repeated header's values are joined with ",".
        body: the payload's bytes.
        client: the peer's IP address, or None where it is unknown.
        scheme: "http" or "https".
        target: the path by which operations are found: the one that was sent, or where the host
            name says a part of it (as a bucket), both together.
    """

    __slots__ = ("body", "client", "headers", "method", "path", "query", "scheme", "target")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        client: str | None = None,
        scheme: str = "http",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers: Mapping[str, str] = headers if headers is not None else {}
        self.body = body
        self.client = client
        self.scheme = scheme
        self.target = path

    @property
    def host(self) -> str:
        """The Host header, or ""."""
        return self.headers.get("host", "")


class Response:
    """One HTTP response.

    Attributes:
        status: the status code.
        headers: (name, value) pairs in the order in which they are sent.
        body: the payload, or an asynchronous iterator of its chunks when it is streamed.
        length: how many bytes a streamed body has, or the body that a HEAD asks about; None where
            that is not known before its end, or `body` says it.
    """

    __slots__ = ("body", "headers", "length", "status")

    def __init__(
        self,
        status: int,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | AsyncIterator[bytes] = b"",
        length: int | None = None,
    ) -> None:
        self.status = status
        self.headers: list[tuple[str, str]] = list(headers)
        self.body = body
        self.length = length


class StreamCut(Exception):
    """Ends a streamed body that will not be whole, as the client must see."""


async def close_stream(stream: AsyncIterator[Any]) -> None:
    """Tell a stream that nobody reads it any more, whether it was read to its end or not."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()
