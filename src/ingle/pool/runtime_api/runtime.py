"""The runtime's half: asking for events, answering them, and telling of errors.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

import asyncio
import base64
import binascii
import collections
import enum
from collections.abc import Callable
from typing import Protocol

import orjson

from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.http.exchange import Exchange
from ingle.pool.runtime_api import answers, limits
from ingle.pool.runtime_api.answers import Refused
from ingle.pool.runtime_api.invocation import Invocation
from ingle.runtimes.python import frames
from ingle.wire.http import Request, Response

_STREAMING = "streaming"
_WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json"
_TRUNCATED = "HTTP request detected as truncated"


class State(enum.Enum):
    """Where a runtime is; the values are AWS's names, which its error messages hold."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    RESTORE_READY = "RestoreReady"
    RESTORING = "Restoring"
    RESTORE_ERROR = "RuntimeRestoreErrorState"
    RESPONDING = "InvocationResponse"
    FAILING = "InvocationErrorResponse"
    SENT = "RuntimeResponseSentState"


class Course(Protocol):
    """What is told of the runtime's progress."""

    def initialised(self) -> None:
        """The runtime asks for its first event, or waits to be restored."""
        ...

    def init_failed(self, kind: str, body: bytes) -> None:
        """The runtime could not be initialised."""
        ...

    def restored(self, kind: str) -> None:
        """The runtime's hooks ran after a restore; `kind` is the type of their error, or ""."""
        ...

    def answer_began(self) -> None:
        """The first byte of an answer came."""
        ...

    def answered(self, size: int) -> None:
        """An answer of so many bytes is complete."""
        ...

    def asked_again(self) -> None:
        """The runtime asks for the next event after it has answered."""
        ...


class Runtime:
    """The state of a runtime that speaks HTTP.

    Args:
        course: is told of its progress.
        on_frame: is told what it sends, in the frames of managed runtimes.
        snapstart: whether it may wait to be restored from a snapshot.

    Attributes:
        state: where it is.
        current: the id of the invocation that it may answer, or "".
    """

    def __init__(
        self, course: Course, on_frame: Callable[[int, bytes], None], *, snapstart: bool
    ) -> None:
        self.state = State.STARTED
        self.current = ""
        self._course = course
        self._on_frame = on_frame
        self._snapstart = snapstart
        self._event: Response | None = None
        self._waiting: collections.deque[asyncio.Future[bool]] = collections.deque()
        self._restore: asyncio.Future[bool] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._closed = False

    def give(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime that asked for one, or asks next."""
        headers = [
            answers.JSON,
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", invocation.arn),
        ]
        if invocation.trace_id:
            headers.append(("Lambda-Runtime-Trace-Id", invocation.trace_id))
        if invocation.tenant_id:
            headers.append(("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id))
        if invocation.client_context:
            headers.append(("Lambda-Runtime-Client-Context", _header(invocation.client_context)))
        self.current = invocation.request_id
        self._event = Response(200, headers, invocation.event)
        self._wake(True)

    def release(self) -> None:
        """Let go of the invocation, which is over."""
        self.current = ""

    def restore(self) -> bool:
        """Let a runtime go on that waits to be restored; False where it does not."""
        if self.state is not State.RESTORE_READY or self._restore is None:
            return False
        self.state = State.RESTORING
        if not self._restore.done():
            self._restore.set_result(True)
        return True

    def pause(self) -> None:
        """Read no more of a streamed answer for now."""
        self._flowing.clear()

    def resume(self) -> None:
        """Read on."""
        self._flowing.set()

    def close(self) -> None:
        """Answer whoever waits."""
        self._closed = True
        self._event = None
        self._flowing.set()
        while self._waiting:
            self._wake(False)
        if self._restore is not None and not self._restore.done():
            self._restore.set_result(False)

    async def next(self, body: Exchange) -> Response:
        """GET /runtime/invocation/next."""
        if self.state is State.STARTED:
            self.state = State.READY
            self._course.initialised()
        elif self.state is State.RESTORING:
            self.state = State.READY
            self._course.restored("")
        elif self.state is State.SENT:
            self.state = State.READY
            self._course.asked_again()
        elif self.state not in (State.READY, State.RUNNING):
            raise self._not_allowed(State.READY)
        while True:
            if self._closed:
                return answers.GONE
            # A runtime that asks once more, perhaps because its connection broke, has it again.
            if self._event is not None:
                self.state = State.RUNNING
                return self._event
            if not await self._turn(body):
                return answers.GONE

    async def response(self, request_id: str, request: Request, body: Exchange) -> Response:
        """POST /runtime/invocation/{id}/response."""
        identity = self._begin(request_id, State.RESPONDING)
        mode = request.headers.get("lambda-runtime-function-response-mode", "")
        if mode not in ("", _STREAMING):
            message = "Invalid function response mode"
            self._fail(identity, "Runtime.InvalidResponseModeHeader", message)
            raise Refused(400, "InvalidFunctionResponseMode", message)
        limit = limits.MAX_STREAM if mode else limits.MAX_ANSWER
        try:
            if mode:
                await self._stream(identity, request, body, limit)
            else:
                answer = await body(limit)
                self._conclude(frames.RESULT, identity, answer, len(answer))
        except BodyTooLarge:
            self._fail(
                identity,
                "Function.ResponseSizeTooLarge",
                f"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
            )
            message = f"Exceeded maximum allowed payload size ({limit} bytes)."
            raise Refused(413, "RequestEntityTooLarge", message) from None
        except BodyIncomplete:
            self._truncated(identity)
        return answers.accepted()

    async def error(self, request_id: str, request: Request, body: Exchange) -> Response:
        """POST /runtime/invocation/{id}/error."""
        identity = self._begin(request_id, State.FAILING)
        try:
            told = await body(limits.MAX_ANSWER)
        except BodyTooLarge:
            message = f"Exceeded maximum allowed payload size ({limits.MAX_ANSWER} bytes)."
            self._fail(identity, "Function.ResponseSizeTooLarge", message)
            raise Refused(413, "RequestEntityTooLarge", message) from None
        except BodyIncomplete:
            self._truncated(identity)
        if request.headers.get("content-type") == _WITH_CAUSE:
            told = _without_cause(told)
        told = told or answers.described(answers.error_type(request), "")
        self._conclude(frames.FAULT, identity, told, len(told))
        return answers.accepted()

    async def init_error(self, request: Request, body: Exchange) -> Response:
        """POST /runtime/init/error; runtimes also send an error of a restore's hooks here."""
        if self.state is State.RESTORING:
            return await self.restore_error(request, body)
        if self.state is not State.STARTED:
            raise self._not_allowed(State.INIT_ERROR)
        self.state = State.INIT_ERROR
        told = await self._other(body)
        kind = answers.error_type(request)
        self._course.init_failed(kind, told or answers.described(kind, ""))
        return answers.accepted()

    async def restore_next(self, body: Exchange) -> Response:
        """GET /runtime/restore/next."""
        self._need_snapstart()
        if self.state is not State.STARTED:
            raise self._not_allowed(State.READY)
        self.state = State.RESTORE_READY
        self._restore = asyncio.get_running_loop().create_future()
        body.on_gone = self._abandon_restore
        self._course.initialised()
        return Response(200) if await self._restore else answers.GONE

    async def restore_error(self, request: Request, body: Exchange) -> Response:
        """POST /runtime/restore/error."""
        self._need_snapstart()
        if self.state is not State.RESTORING:
            raise self._not_allowed(State.RESTORE_ERROR)
        self.state = State.RESTORE_ERROR
        await self._other(body)
        self._course.restored(answers.error_type(request))
        return answers.accepted()

    def _begin(self, request_id: str, state: State) -> bytes:
        if not self.current or request_id != self.current:
            raise Refused(400, "InvalidRequestID", "Invalid request ID")
        if self.state is not State.RUNNING:
            raise self._not_allowed(state)
        self.state = state
        self._event = None
        self._course.answer_began()
        return self.current.encode("ascii")

    async def _stream(self, identity: bytes, request: Request, body: Exchange, limit: int) -> None:
        kind = request.headers.get("content-type", "")
        self._send(frames.PRELUDE, identity + kind.encode("latin-1"))
        size = 0
        async for piece in body.pieces(limit):
            size += len(piece)
            self._send(frames.CHUNK, identity + piece)
            await self._flowing.wait()
        kind = body.trailers.get("lambda-runtime-function-error-type", "")
        if kind:
            told = _decoded(body.trailers.get("lambda-runtime-function-error-body", ""))
            self._conclude(
                frames.FAULT, identity, told or answers.described(kind, ""), size + len(told)
            )
        else:
            self._conclude(frames.RESULT, identity, b"", size)

    def _truncated(self, identity: bytes) -> None:
        self._fail(identity, "Runtime.TruncatedResponse", _TRUNCATED)
        raise Refused(400, "TruncatedHTTPRequest", _TRUNCATED) from None

    def _fail(self, identity: bytes, kind: str, message: str) -> None:
        self._conclude(frames.FAULT, identity, answers.described(kind, message), 0)

    def _conclude(self, kind: int, identity: bytes, body: bytes, size: int) -> None:
        self.state = State.SENT
        self._course.answered(size)
        self._send(kind, identity + body)

    def _send(self, kind: int, body: bytes) -> None:
        if not self._closed:
            self._on_frame(kind, body)

    async def _turn(self, body: Exchange) -> bool:
        """Wait for an event; False when the runtime has hung up or the sandbox ends."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        body.on_gone = lambda: self._abandon(turn)
        return await turn

    def _abandon(self, turn: "asyncio.Future[bool]") -> None:
        if not turn.done():
            self._waiting.remove(turn)
            turn.set_result(False)

    def _abandon_restore(self) -> None:
        if self._restore is not None and not self._restore.done():
            self.state = State.STARTED
            self._restore.set_result(False)

    def _wake(self, there_is_one: bool) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(there_is_one)

    async def _other(self, body: Exchange) -> bytes:
        try:
            return await body(limits.MAX_OTHER)
        except BodyTooLarge:
            message = f"Exceeded maximum allowed payload size ({limits.MAX_OTHER} bytes)."
            raise Refused(413, "RequestEntityTooLarge", message) from None
        except BodyIncomplete:
            raise Refused(400, "TruncatedHTTPRequest", _TRUNCATED) from None

    def _need_snapstart(self) -> None:
        if not self._snapstart:
            raise Refused(404, "ResourceNotFound", "This function is not restored from a snapshot.")

    def _not_allowed(self, target: State) -> Refused:
        return Refused(
            403,
            "InvalidStateTransition",
            f"State transition from {self.state.value} to {target.value} failed for runtime. "
            "Error: State transition is not allowed",
        )


def _header(text: str) -> str:
    """Return JSON as a header's value: in one line, and as UTF-8 on the wire."""
    return text.replace("\r", " ").replace("\n", " ").encode().decode("latin-1")


def _without_cause(body: bytes) -> bytes:
    """Return an error without the part that is meant for X-Ray."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return b'"Invalid error body"'
    kept = {
        name: told[name] for name in ("errorMessage", "errorType", "stackTrace") if told.get(name)
    }
    return orjson.dumps(kept)


def _decoded(text: str) -> bytes:
    """Return the error in a trailer, which is base64 by contract."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
