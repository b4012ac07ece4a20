"""What an extension runs inside a sandbox to be sent telemetry."""

import asyncio
import json
from typing import Any


class HttpListener:
    """Takes batches over HTTP; answers as it is told.

    Attributes:
        port: where it listens.
        heads: of the requests, their first line and headers.
        batches: the requests' bodies.
        status: what it answers with.
        answering: it answers only while this is set.
    """

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[str] = []
        self.batches: asyncio.Queue[list[dict[str, Any]]] = asyncio.Queue()
        self.status = "200 OK"
        self.answering = asyncio.Event()
        self.answering.set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> "HttpListener":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Take batches until there was an event of each of these kinds; return all events."""
        found: list[dict[str, Any]] = []
        while not set(kinds) <= {event["type"] for event in found}:
            found += await self.batches.get()
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
            body = await reader.readexactly(length)
            self.batches.put_nowait(json.loads(body))
            await self.answering.wait()
            writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender has gone
        finally:
            writer.close()


class TcpListener:
    """Takes lines of JSON over TCP.

    Attributes:
        port: where it listens.
        connections: how many were made.
        events: what came.
    """

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._server: asyncio.Server | None = None

    async def start(self) -> "TcpListener":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while line := await reader.readline():
                self.events.put_nowait(json.loads(line))
        except ConnectionError:
            pass  # the sender has gone
        finally:
            writer.close()
