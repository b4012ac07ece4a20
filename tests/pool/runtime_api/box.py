"""A sandbox without walls: the APIs on a real socket, and clients that speak HTTP with them."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import httpx

from ingle.pool.runtime_api import Facts, Failure, RuntimeApi
from ingle.runtimes.python import frames
from tests.services.clocks import ManualClock

RUNTIME = "/2018-06-01/runtime"
EXTENSION = "/2020-01-01/extension"
IDENTIFIER = "Lambda-Extension-Identifier"
FACTS = Facts("greeter", "7", "app.handler", "123456789012", 256, "instance-1")
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
OTHER_ID = "156cb537-e2d4-11e8-9b34-d36013741fb9"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:greeter"
TRACE = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"


def invoke_body(
    request_id: str = REQUEST_ID,
    event: bytes = b'{"username":"Sally"}',
    trace_id: str = TRACE,
    client_context: str = "",
    deadline_ms: int = 1_542_409_706_888,
    tenant_id: str = "",
) -> bytes:
    """The body of an INVOKE frame."""
    arn, trace, context = ARN.encode(), trace_id.encode(), client_context.encode()
    head = frames.INVOKE_HEAD.pack(
        request_id.encode(), deadline_ms, len(arn), len(trace), len(context), len(tenant_id)
    )
    return head + arn + trace + context + tenant_id.encode() + event


class Box:
    """What stands in for the sandbox: it takes what the APIs tell of.

    Attributes:
        frames: (kind, body) of everything that went to the sandbox.
        idle: set after every invocation that is over; tests clear it.
        failures: what extensions did to the sandbox.
        lines: for the function's log.
    """

    def __init__(
        self, *, extensions: Sequence[str] = (), sockets: int = 2, **settings: Any
    ) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self.port: int = listening.getsockname()[1]
        self.clock = ManualClock()
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.idle = asyncio.Event()
        self.failed = asyncio.Event()
        self.failures: list[Failure] = []
        self.lines: list[str] = []
        self.api = RuntimeApi(
            listening.detach(),
            self.clock,
            lambda kind, body: self.frames.put_nowait((kind, body)),
            on_idle=self.idle.set,
            on_failure=self._fail,
            emit=self.lines.append,
            facts=FACTS,
            extensions=extensions,
            sockets=[socket.socket().detach() for _ in range(sockets)],
            **settings,
        )
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=None)
        self._polls: list[tuple[asyncio.Task[httpx.Response], asyncio.Event]] = []

    def _fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.failed.set()

    async def close(self) -> None:
        await self.http.aclose()
        self.api.close()
        tasks = [task for task, _ in self._polls]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame that goes to the sandbox."""
        return await self.frames.get()

    async def settled(self) -> None:
        """Everything that was asked of the APIs before has been answered or waits."""
        for _, sent in self._polls:
            await sent.wait()
        for _ in range(2):  # the second finds a connection that is taken already
            assert (await self.http.get("/nothing")).status_code == 404

    def _poll(self, path: str, identifier: str = "") -> "asyncio.Task[httpx.Response]":
        sent = asyncio.Event()
        task = asyncio.create_task(self._ask(path, identifier, sent))
        self._polls.append((task, sent))
        return task

    async def _ask(self, path: str, identifier: str, sent: asyncio.Event) -> httpx.Response:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            # What comes next on a connection that is taken already is read at once.
            writer.write(b"GET /nothing HTTP/1.1\r\n\r\n")
            assert (await _response(reader)).status_code == 404
            writer.write(f"GET {path} HTTP/1.1\r\n{IDENTIFIER}: {identifier}\r\n\r\n".encode())
            sent.set()
            return await _response(reader)
        finally:
            writer.close()

    # A runtime.

    def next(self) -> "asyncio.Task[httpx.Response]":
        """Ask for an event."""
        return self._poll(f"{RUNTIME}/invocation/next")

    async def started(self) -> "asyncio.Task[httpx.Response]":
        """A runtime that waits for its first event."""
        waiting = self.next()
        assert await self.frame() == (frames.READY, b"")
        return waiting

    async def running(self) -> httpx.Response:
        """A runtime that has its first event."""
        waiting = await self.started()
        self.api.invoke(invoke_body())
        return await waiting

    async def answer(
        self, content: bytes = b'"Hello"', *, request_id: str = REQUEST_ID, **settings: Any
    ) -> httpx.Response:
        """Answer an invocation."""
        path = f"{RUNTIME}/invocation/{request_id}/response"
        return await self.http.post(path, content=content, **settings)

    async def error(
        self, content: bytes, headers: dict[str, str] | None = None, request_id: str = REQUEST_ID
    ) -> httpx.Response:
        """Answer an invocation with an error."""
        path = f"{RUNTIME}/invocation/{request_id}/error"
        return await self.http.post(path, content=content, headers=headers)

    # An extension.

    async def register(
        self, name: str, *events: str, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Register an extension."""
        return await self.http.post(
            f"{EXTENSION}/register",
            headers={"Lambda-Extension-Name": name, **(headers or {})},
            json={"events": events},
        )

    async def extension(self, name: str, *events: str) -> str:
        """Register an extension and return its identifier."""
        response = await self.register(name, *events)
        assert response.status_code == 200, response.text
        return response.headers[IDENTIFIER]

    def event(self, identifier: str) -> "asyncio.Task[httpx.Response]":
        """Ask for an extension's next event."""
        return self._poll(f"{EXTENSION}/event/next", identifier)

    async def report(
        self, path: str, identifier: str, kind: str = "Extension.Broken"
    ) -> httpx.Response:
        """Report an extension's error."""
        headers = {IDENTIFIER: identifier}
        if kind:
            headers["Lambda-Extension-Function-Error-Type"] = kind
        return await self.http.post(f"{EXTENSION}/{path}", headers=headers, json={})


async def _response(reader: asyncio.StreamReader) -> httpx.Response:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        raise httpx.RemoteProtocolError("closed without an answer") from None
    first, *lines = head[:-4].split(b"\r\n")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    response = httpx.Response(int(first.split()[1]), headers=headers)
    content = await reader.readexactly(int(response.headers["content-length"]))
    return httpx.Response(response.status_code, headers=headers, content=content)


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """The status, error type and message of what was refused."""
    told = response.json()
    assert response.headers["content-type"] == "application/json"
    assert told.keys() == {"errorMessage", "errorType"}
    return response.status_code, told["errorType"], told["errorMessage"]
