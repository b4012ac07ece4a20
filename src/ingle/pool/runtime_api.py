"""The Runtime API, as one sandbox's runtime finds it on its own loopback.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import orjson

from ingle.clock import Clock
from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.http.server import HttpServer
from ingle.runtimes.python import frames
from ingle.wire.http import Request, Response

_PREFIX = "/2018-06-01/runtime/"
_MAX_ANSWER = 6_291_556
_BODY_TIMEOUT_S = 900.0
_JSON = ("content-type", "application/json")

OnFrame = Callable[[int, bytes], None]


class RuntimeApi:
    """Speaks HTTP with a runtime, and frames with the sandbox that it belongs to.

    Args:
        listening: the socket that was bound inside the sandbox.
        clock: gives the Date header.
        on_frame: told what the runtime sends, in the frames of a managed runtime.
    """

    def __init__(self, listening: int, clock: Clock, on_frame: OnFrame) -> None:
        self._on_frame = on_frame
        self._server = HttpServer(self._handle, clock, _BODY_TIMEOUT_S)
        self._next: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._event: tuple[list[tuple[str, str]], bytes] | None = None
        self._current = ""
        self._ready = False
        self._closed = False
        sock = socket.socket(fileno=listening)
        sock.setblocking(False)
        self._starting = asyncio.get_running_loop().create_task(self._server.start(sock))

    def invoke(self, body: bytes) -> None:
        """Hand an invocation, the body of an INVOKE frame, to the runtime that waits for it."""
        identity, deadline_ms, arn_length, trace_length, context_length = (
            frames.INVOKE_HEAD.unpack_from(body)
        )
        start = frames.INVOKE_HEAD.size
        arn_end = start + arn_length
        trace_end = arn_end + trace_length
        context_end = trace_end + context_length
        self._current = identity.decode("ascii")
        headers = [
            _JSON,
            ("Lambda-Runtime-Aws-Request-Id", self._current),
            ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", body[start:arn_end].decode()),
        ]
        if trace_length:
            headers.append(("Lambda-Runtime-Trace-Id", body[arn_end:trace_end].decode()))
        if context_length:
            headers.append(("Lambda-Runtime-Client-Context", body[trace_end:context_end].decode()))
        self._event = (headers, body[context_end:])
        self._wake()

    def close(self) -> None:
        """Let go of the socket and of every connection."""
        self._closed = True
        self._starting.cancel()
        self._server.abort()
        self._wake()

    async def _handle(
        self, request: Request, read_body: Callable[[int], Awaitable[bytes]]
    ) -> Response:
        route = request.path.removeprefix(_PREFIX)
        if route == request.path:
            return _error(404, "ResourceNotFound", f"There is nothing at {request.path}.")
        if request.method == "GET" and route == "invocation/next":
            return await self._next_invocation()
        if request.method != "POST":
            return _error(405, "MethodNotAllowed", f"{request.method} is not allowed here.")
        if route == "init/error":
            return await self._init_error(read_body)
        parts = route.split("/")
        if len(parts) != 3 or parts[0] != "invocation" or parts[2] not in ("response", "error"):
            return _error(404, "ResourceNotFound", f"There is nothing at {request.path}.")
        if parts[1] != self._current:
            return _error(400, "InvalidRequestID", "Invalid request ID")
        return await self._answer(request, parts[2], read_body)

    async def _next_invocation(self) -> Response:
        if not self._ready:
            self._ready = True
            self._on_frame(frames.READY, b"")
        while self._event is None:
            if self._closed:
                return _error(410, "Gone", "The sandbox is ending.")
            await self._next
        (headers, event), self._event = self._event, None
        return Response(200, headers, event)

    async def _answer(
        self, request: Request, kind: str, read_body: Callable[[int], Awaitable[bytes]]
    ) -> Response:
        identity = self._current.encode("ascii")
        try:
            body = await read_body(_MAX_ANSWER)
        except BodyTooLarge:
            self._current = ""
            message = (
                "Response payload size exceeded maximum allowed payload size "
                f"({_MAX_ANSWER} bytes)."
            )
            told = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
            self._on_frame(frames.FAULT, identity + orjson.dumps(told))
            return _error(413, "RequestEntityTooLarge", message)
        except BodyIncomplete as error:
            return _error(400, "IncompleteBody", str(error))
        self._current = ""
        if kind == "response":
            self._on_frame(frames.RESULT, identity + body)
        else:
            self._on_frame(frames.FAULT, identity + (body or _described(request)))
        return Response(202, [_JSON], b'{"status":"OK"}\n')

    async def _init_error(self, read_body: Callable[[int], Awaitable[bytes]]) -> Response:
        try:
            body = await read_body(_MAX_ANSWER)
        except (BodyTooLarge, BodyIncomplete) as error:
            return _error(400, "InvalidBody", str(error) or "The error is too long.")
        if self._ready:
            return _error(403, "InvalidStateTransition", "The runtime is initialised already.")
        self._on_frame(frames.INIT_ERROR, body)
        return Response(202, [_JSON], b'{"status":"OK"}\n')

    def _wake(self) -> None:
        waiting, self._next = self._next, asyncio.get_running_loop().create_future()
        if not waiting.done():
            waiting.set_result(None)


def _described(request: Request) -> bytes:
    """An error without a body, by its header."""
    kind = request.headers.get("lambda-runtime-function-error-type", "Unhandled")
    return orjson.dumps({"errorMessage": "", "errorType": kind})


def _error(status: int, kind: str, message: str) -> Response:
    return Response(status, [_JSON], orjson.dumps({"errorMessage": message, "errorType": kind}))
