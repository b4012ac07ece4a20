"""Bodies that are sent as they come, over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ingle.http.exchange import Exchange
from ingle.http.server import HttpServer
from ingle.wire.http import Request, Response, StreamCut
from tests.services.clocks import ManualClock

Serve = Callable[..., Awaitable[int]]
MB = 1024 * 1024


class Body:
    """A body that knows what became of it.

    Attributes:
        chunks: what it yields.
        error: what it raises then, if anything.
        go_on: awaited before the last chunk.
        closed: set once nobody reads it any more.
    """

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.go_on = asyncio.Event()
        self.closed = asyncio.Event()

    async def read(self) -> AsyncIterator[bytes]:
        try:
            for number, chunk in enumerate(self.chunks, 1):
                if number == len(self.chunks):
                    await self.go_on.wait()
                yield chunk
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Answer every request with this body: `serve(body, status=200, stall_s=1)` → the port."""
    servers: list[HttpServer] = []

    async def start(body: Body, status: int = 200, stall_s: float = 60.0) -> int:
        async def handle(_request: Request, _exchange: Exchange) -> Response:
            return Response(status, [("x-a", "b")], body.read())

        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        servers.append(HttpServer(handle, ManualClock(), stall_s=stall_s))
        await servers[-1].start(sock)
        port: int = sock.getsockname()[1]
        return port

    yield start
    for server in servers:
        await server.close(1.0)


async def ask(
    port: int, method: str = "GET", version: str = "1.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} / HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    return reader, writer


async def head(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode().lower()


async def test_chunks_are_sent_as_they_come_and_the_connection_is_kept(serve: Serve) -> None:
    body = Body(b"one", b"", b"two")
    reader, writer = await ask(await serve(body))
    for _ in range(2):
        told = await head(reader)
        assert "transfer-encoding: chunked" in told
        assert "connection: close" not in told
        assert await reader.readuntil(b"one\r\n") == b"3\r\none\r\n"
        body.go_on.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_an_answer_that_has_no_body_is_sent_without_one(
    serve: Serve, method: str, status: int
) -> None:
    body = Body(b"one", b"two")
    body.go_on.set()
    reader, writer = await ask(await serve(body, status), method)
    await head(reader)
    await body.closed.wait()
    writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await head(reader)).startswith(f"http/1.1 {status} ")  # nothing stood before it
    writer.close()


async def test_http_1_0_gets_the_plain_body_and_its_end_by_the_close(serve: Serve) -> None:
    body = Body(b"one", b"two")
    body.go_on.set()
    reader, writer = await ask(await serve(body), version="1.0")
    told = await head(reader)
    assert "transfer-encoding" not in told
    assert "connection: close" in told
    assert await reader.read() == b"onetwo"
    writer.close()


@pytest.mark.parametrize("error", [StreamCut(), RuntimeError("a bug")])
async def test_a_body_that_fails_is_cut_after_what_was_sent(
    serve: Serve, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    body = Body(b"one", error=error)
    body.go_on.set()
    reader, writer = await ask(await serve(body))
    await head(reader)
    assert await reader.read() == b"3\r\none\r\n"  # and no last chunk
    assert ("an answer failed halfway" in caplog.text) == isinstance(error, RuntimeError)
    writer.close()


async def test_a_body_is_closed_when_its_client_is_gone(serve: Serve) -> None:
    body = Body(b"one", *[b"x" * 65536] * 1000, b"last")
    reader, writer = await ask(await serve(body))
    await head(reader)
    writer.transport.abort()
    await body.closed.wait()
    assert not body.go_on.is_set()  # it never came to its end


async def test_a_client_that_takes_nothing_holds_the_body_back_and_is_let_go(serve: Serve) -> None:
    sent = 0

    class Endless(Body):
        async def read(self) -> AsyncIterator[bytes]:
            nonlocal sent
            try:
                while True:
                    sent += MB
                    yield b"x" * MB
            finally:
                self.closed.set()

    body = Endless()
    port = await serve(body, stall_s=0.2)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await body.closed.wait()
        assert sent < 32 * MB
