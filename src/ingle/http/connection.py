"""One client's connection: parses requests one after another and writes their answers."""

import asyncio
import collections
import http
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import httptools

from ingle.http.errors import BodyIncomplete
from ingle.http.exchange import Exchange
from ingle.wire.http import Request, Response, StreamCut, close_stream

if TYPE_CHECKING:
    from ingle.http.server import HttpServer

_logger = logging.getLogger("ingle.http")

MAX_HEAD = 65_536
"""Bytes of request line and headers."""
KEEP_ALIVE_S = 75.0
"""How long an idle connection stays open."""
HEAD_S = 20.0
"""How long a client may take to send the head of a request."""

Handler = Callable[[Request, Exchange], Awaitable[Response]]
"""Answers a request; its second argument gives the body, `await body(limit)`."""

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in http.HTTPStatus
}
_NO_BODY = frozenset({204, 304})


class _HeadTooLarge(Exception):
    """Stops the parser."""


class Connection(asyncio.Protocol):
    """Serves one connection with a task of its own.

    Args:
        server: whose connection it is.
        foreign: it comes from another network, where addresses mean something else.

    Attributes:
        deadline: when the server closes it if it is still waiting for a request; the loop's clock.
    """

    def __init__(self, server: "HttpServer", *, foreign: bool = False) -> None:
        self.deadline = 0.0
        self._foreign = foreign
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._client: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: collections.deque[Exchange] = collections.deque()
        self._arrival: asyncio.Future[None] | None = None
        self._incoming: Exchange | None = None
        self._answering: Exchange | None = None
        self._headers: dict[str, str] = {}
        self._url = b""
        self._head_size = 0
        self._in_head = False
        self._unparsed_head = 0
        self._half_closed = False
        self._lost = False
        self._writable: asyncio.Future[None] | None = None

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        if self._server.full:
            self._transport.abort()
            return
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer and not self._foreign else None
        self.deadline = self._loop.time() + HEAD_S
        self._task = self._server.connected(self, self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; a request that is being answered goes on."""
        self._lost = True
        if self._incoming is not None:
            self._incoming.fail("The connection was closed before the request body was whole.")
        self._tell_gone()
        self._wake(self._arrival)
        self._wake(self._writable)
        self._parser = None

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        was_in_head = self._in_head
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error.__context__, _HeadTooLarge):
                self._refuse_head()
            else:
                self._refuse(400, f"The request is not HTTP/1.1 that Ingle can read: {error}")
            return
        if was_in_head and self._in_head:
            # The parser tells of a header once it is whole; one without end shows only here.
            self._unparsed_head += len(data)
            if self._unparsed_head > MAX_HEAD:
                self._refuse_head()

    def eof_received(self) -> bool:
        """The client sends no more; it still gets the answers that it is due."""
        self._half_closed = True
        if self._incoming is not None:
            self._incoming.fail("The request body ended before all of it had come.")
        self._tell_gone()
        self._wake(self._arrival)
        return True

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._wake(self._writable)
        self._writable = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._headers = {}
        self._url = b""
        self._head_size = self._unparsed_head = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target came."""
        self._url += url
        self._grow_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header came."""
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").strip()
        # A trailer is no header: it must not change what was verified before it came.
        into = self._headers if self._in_head or self._incoming is None else self._incoming.trailers
        have = into.get(key)
        into[key] = text if have is None else f"{have},{text}"
        self._grow_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        parser = self._parser
        path, _, query = self._url.decode("latin-1").partition("?")
        if path.startswith("http://"):  # absolute form, as proxies send it
            path = "/" + path[7:].partition("/")[2]
        request = Request(
            parser.get_method().decode("ascii"),
            path,
            query,
            self._headers,
            b"",
            self._client,
        )
        self._incoming = Exchange(
            request,
            parser.should_keep_alive(),
            self._server.body_timeout_s,
            pause=self._pause,
            resume=self._resume,
            write=self._write,
            old=parser.get_http_version() == "1.0",
        )
        self._waiting.append(self._incoming)
        if len(self._waiting) > 1 or self._answering is not None:
            self._pause()  # a pipelined request waits its turn
        self._wake(self._arrival)

    def on_body(self, body: bytes) -> None:
        """A piece of the body came."""
        if self._incoming is not None:
            self._incoming.feed(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.finish()

    # What the server calls.

    @property
    def idle(self) -> bool:
        """Whether it waits for a request."""
        return self._answering is None and not self._waiting

    def close(self) -> None:
        """Close it once what is written has gone out."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    async def _serve(self) -> None:
        try:
            while not self._lost:
                if not self._waiting:
                    if self._half_closed or self._server.closing:
                        break
                    self._arrival = self._loop.create_future()
                    await self._arrival
                    continue
                exchange = self._waiting.popleft()
                self._answering = exchange
                keep = await self._answer(exchange)
                self._answering = None
                if not keep:
                    break
                self.deadline = self._loop.time() + KEEP_ALIVE_S
                self._resume()
        finally:
            self.close()

    async def _answer(self, exchange: Exchange) -> bool:
        try:
            response = await self._server.handler(exchange.request, exchange)
        except Exception:
            _logger.exception("a request failed")
            response = Response(500)
            exchange.keep_alive = False
        keep = exchange.keep_alive and not self._half_closed and not self._server.closing
        held_back = exchange.held_back
        keep = keep and not exchange.broken and not held_back
        if not exchange.complete:
            exchange.discard()
        if isinstance(response.body, bytes):
            length = len(response.body) if response.length is None else response.length
            self._write(self._head(response, length, exchange, keep))
        else:
            keep = await self._stream(response, response.body, exchange, keep)
        if not exchange.complete and not held_back:
            try:
                async with asyncio.timeout(self._server.body_timeout_s):
                    await exchange.drained()
            except (BodyIncomplete, TimeoutError):
                return False
        return keep

    def _head(
        self, response: Response, length: int | None, exchange: Exchange, keep: bool
    ) -> bytes:
        status = response.status
        parts = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n".encode()]
        text = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
        parts.append(text.encode("latin-1", "replace"))
        parts.append(self._server.date_line)
        if status in _NO_BODY:
            pass
        elif length is not None:
            parts.append(b"content-length: %d\r\n" % length)
        elif not exchange.old:
            parts.append(b"transfer-encoding: chunked\r\n")
        if not keep:
            parts.append(b"connection: close\r\n\r\n")
        else:
            parts.append(b"connection: keep-alive\r\n\r\n" if exchange.old else b"\r\n")
        silent = status in _NO_BODY or exchange.request.method == "HEAD"
        if length and not silent and isinstance(response.body, bytes):
            parts.append(response.body)
        return b"".join(parts)

    async def _stream(
        self, response: Response, chunks: AsyncIterator[bytes], exchange: Exchange, keep: bool
    ) -> bool:
        length = response.length
        framed = length is None and not exchange.old
        # Whom we cannot tell the length sees the end by the close.
        keep = keep and (framed or length is not None)
        silent = response.status in _NO_BODY or exchange.request.method == "HEAD"
        self._write(self._head(response, length, exchange, keep))
        try:
            async for chunk in chunks:
                if self._lost:
                    return False
                if chunk and not silent:
                    self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if framed else chunk)
                    if self._writable is not None and not await self._taken(self._writable):
                        return False
        except StreamCut:
            return False  # without the last chunk, the client sees that it is not whole
        except Exception:
            _logger.exception("an answer failed halfway")
            return False
        finally:
            await close_stream(chunks)
        if framed and not silent:
            self._write(b"0\r\n\r\n")
        return keep

    async def _taken(self, writable: "asyncio.Future[None]") -> bool:
        """Wait for a client that reads more slowly than we write; False when it stopped."""
        try:
            async with asyncio.timeout(self._server.stall_s):
                await writable
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()  # it would take no goodbye either
            return False
        return True

    def _tell_gone(self) -> None:
        if self._answering is not None and self._answering.on_gone is not None:
            self._answering.on_gone()

    def _grow_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEAD:
            raise _HeadTooLarge

    def _refuse_head(self) -> None:
        self._refuse(431, f"The request's head is larger than {MAX_HEAD} bytes.")

    def _refuse(self, status: int, message: str) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        body = message.encode("utf-8", "replace")
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n" % len(body)
        self._write(
            _STATUS_LINES[status] + head + self._server.date_line + b"connection: close\r\n\r\n"
        )
        self._write(body)
        self._half_closed = True
        self._wake(self._arrival)
        self.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._lost:
            self._transport.write(data)

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    @staticmethod
    def _wake(future: "asyncio.Future[None] | None") -> None:
        if future is not None and not future.done():
            future.set_result(None)
