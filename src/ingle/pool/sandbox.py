"""One sandbox from the pool's side: it starts, serves one invocation at a time, and ends."""

import asyncio
import enum
import socket
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from ingle.clock import Clock
from ingle.pool.environment import Credentials, environment, usable_until
from ingle.pool.output import OutputSplitter
from ingle.pool.runtime_api import RuntimeApi
from ingle.pool.spec import FunctionSpec
from ingle.runtimes.python import frames
from ingle.sandbox.process import LockedProcess


class Ending(enum.Enum):
    """How a start or an invocation came out."""

    RESULT = "result"
    FAULT = "fault"
    INIT_ERROR = "init error"
    READY = "ready"
    EXIT = "exit"
    TIMEOUT = "timeout"
    NOT_STARTED = "not started"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start or an invocation gave.

    Attributes:
        ending: which of the ends it was.
        payload: the JSON that the runtime sent, for RESULT, FAULT and INIT_ERROR.
        status: the wait status, for EXIT.
        out_of_memory: whether the kernel ended the process for want of memory.
        reason: Ingle's own words, for NOT_STARTED and PROTOCOL.
    """

    ending: Ending
    payload: bytes = b""
    status: int = 0
    out_of_memory: bool = False
    reason: str = ""


_ENDING_S = 0.25
"""How long a process that closed its channel may take to end, and so to tell how."""
_READY = Outcome(Ending.READY)
_TIMEOUT = Outcome(Ending.TIMEOUT)


class Sandbox:
    """A locked-in process that belongs to one revision of one function.

    Attributes:
        spec: what it runs.
        log_stream: the name of its stream.
        idle_since: when it last became idle, on the loop's clock.
        source: the snapshot that it is forked of, or None.
        retired: it must not be used again.
        usable_until: after this time of day no invocation may begin.
        emit: called with each log event that the function writes.
    """

    __slots__ = (
        "_api",
        "_clock",
        "_credentials",
        "_current",
        "_endpoint",
        "_frozen",
        "_kill",
        "_killed",
        "_loop",
        "_on_end",
        "_outcome",
        "_paused_by",
        "_process",
        "_serve_endpoint",
        "_splitter",
        "_stop_endpoint",
        "_timer",
        "emit",
        "idle_since",
        "log_stream",
        "peak_at_end",
        "retired",
        "source",
        "spec",
        "usable_until",
    )

    def __init__(
        self,
        spec: FunctionSpec,
        log_stream: str,
        emit: Callable[[str], None],
        credentials: Credentials,
        *,
        clock: Clock,
        kill: Callable[[LockedProcess], None],
        on_end: Callable[["Sandbox"], None],
        overloaded: Callable[["Sandbox"], bool],
        serve_endpoint: Callable[[socket.socket], Callable[[], None]],
        endpoint: str,
        source: "Sandbox | None" = None,
    ) -> None:
        self.spec = spec
        self.source = source
        self.log_stream = log_stream
        self.emit = emit
        self.idle_since = 0.0
        self.retired = False
        self.usable_until = usable_until(spec, credentials)
        if source is not None:  # whose credentials it may use still
            self.usable_until = min(self.usable_until, source.usable_until)
        self._credentials = credentials
        self.peak_at_end = 0
        self._clock = clock
        self._api: RuntimeApi | None = None
        self._kill = kill
        self._killed = False
        self._on_end = on_end
        self._paused_by = overloaded
        self._serve_endpoint = serve_endpoint
        self._endpoint = endpoint
        self._stop_endpoint: Callable[[], None] | None = None
        self._frozen = False
        self._loop = asyncio.get_running_loop()
        self._process: LockedProcess | None = None
        self._splitter = OutputSplitter()
        self._outcome: asyncio.Future[Outcome] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._current = b""

    @property
    def alive(self) -> bool:
        """Whether its process may still serve."""
        return self._process is not None and not self._process.ended

    @property
    def process(self) -> LockedProcess | None:
        """Its process, once there is one."""
        return self._process

    def attach(self, process: LockedProcess) -> None:
        """Take charge of the process that the warden is making."""
        self._process = process

    def start(self, limit_s: float) -> "asyncio.Future[Outcome]":
        """Load the handler; the future gives READY, INIT_ERROR, EXIT, TIMEOUT or NOT_STARTED."""
        future = self._expect(limit_s)
        settings = {
            "handler": self.spec.handler,
            "environment": environment(
                self.spec,
                self.log_stream,
                self._credentials.variables(),
                endpoint=self._endpoint,
                initialization_type="snap-start" if self.spec.snap_start else "on-demand",
            ),
        }
        self._held().send(frames.INIT, orjson.dumps(settings))
        return future

    def invoke(
        self,
        request_id: str,
        deadline_ms: int,
        invoked_arn: str,
        trace_id: str,
        client_context: str,
        payload: bytes,
        limit_s: float,
    ) -> "asyncio.Future[Outcome]":
        """Run the handler once; the future gives RESULT, FAULT, EXIT, TIMEOUT or PROTOCOL.

        After any but the first two the sandbox is of no more use.
        """
        future = self._expect(limit_s)
        identity = request_id.encode("ascii")
        arn, trace = invoked_arn.encode(), trace_id.encode()
        context = client_context.encode()
        head = frames.INVOKE_HEAD.pack(identity, deadline_ms, len(arn), len(trace), len(context))
        self._current = identity
        body = b"".join((head, arn, trace, context, payload))
        if self._api is None:
            self._held().send(frames.INVOKE, body)
        else:
            self._api.invoke(body)
        return future

    def peak_memory(self) -> int:
        """The most memory it has used, in bytes; 0 where it is not measured."""
        if self._process is None or self._process.ended or self.retired:
            return self.peak_at_end
        try:
            self.peak_at_end = self._process.peak_memory()
        except OSError:  # the control group went with its last process, and on_end follows
            return self.peak_at_end
        return self.peak_at_end

    def freeze(self) -> None:
        """Stop its processes while it is idle, where the machine can."""
        if self._process is not None and not self.retired:
            self._frozen = self._process.freeze()

    def thaw(self) -> None:
        """Let them run on."""
        if self._frozen and self._process is not None:
            self._frozen = False
            self._process.thaw()

    def kill(self) -> None:
        """End it; `on_end` follows."""
        self.retired = True
        self._killed = True
        if self._process is not None:
            self._kill(self._process)

    def resume_output(self) -> None:
        """Read on after the log sink was overloaded."""
        if self._process is not None:
            self._process.resume_output()

    def on_frame(self, kind: int, body: bytes) -> bool:
        """Take a frame from the process; False once it is not to be listened to any more."""
        if not self._killed:
            self._take_frame(kind, body)
        return not self._killed

    def _take_frame(self, kind: int, body: bytes) -> None:
        starting = self._outcome is not None and not self._current
        if kind in (frames.RESULT, frames.FAULT):
            if not self._current or body[:36] != self._current:
                self._settle(
                    Outcome(Ending.PROTOCOL, reason="an answer to no invocation of its own")
                )
                self.kill()
                return
            self._current = b""
            self._finish_output()
            ending = Ending.RESULT if kind == frames.RESULT else Ending.FAULT
            self._settle(Outcome(ending, body[36:]))
        elif kind == frames.READY and starting:
            self._finish_output()
            self._settle(_READY)
        elif kind == frames.INIT_ERROR and starting:
            self._finish_output()
            self.peak_memory()  # it ends now, and its control group with it
            self._settle(Outcome(Ending.INIT_ERROR, body))
        elif kind in (frames.ENDPOINT, frames.LISTENING) and starting and not body:
            return  # what came along is served already
        elif kind == frames.SETUP_FAILED and starting:
            reason = body.decode("utf-8", "replace")
            self._settle(Outcome(Ending.NOT_STARTED, reason=reason))
        else:
            self._settle(Outcome(Ending.PROTOCOL, reason=f"a frame of unknown kind {kind}"))
            self.kill()

    def on_channel_end(self) -> None:
        """End a process that can no longer be spoken with, unless it is ending by itself."""
        if self._api is None:
            self.retired = True
            self._loop.call_later(_ENDING_S, self.kill)

    def on_descriptor(self, fd: int) -> None:
        """Serve the AWS endpoint, and then the Runtime API, on sockets of its own network."""
        if self._stop_endpoint is None:
            self._stop_endpoint = self._serve_endpoint(socket.socket(fileno=fd))
        else:
            self._api = RuntimeApi(fd, self._clock, self._take_frame)

    def on_output(self, data: bytes) -> bool:
        """Take what the process wrote; False while the log sink is overloaded."""
        for event in self._splitter.feed(data):
            self.emit(event)
        return not self._paused_by(self)

    def on_end(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        """The process is gone."""
        self.retired = True
        if self._api is not None:
            self._api.close()
        if self._stop_endpoint is not None:
            self._stop_endpoint()
        self.peak_at_end = max(self.peak_at_end, peak)
        for event in self._splitter.flush():
            self.emit(event)
        if status is None:
            self._settle(Outcome(Ending.NOT_STARTED, reason=reason))
        else:
            self._settle(Outcome(Ending.EXIT, status=status, out_of_memory=out_of_memory))
        self._on_end(self)

    def _held(self) -> LockedProcess:
        if self._process is None:
            raise RuntimeError("the sandbox has no process yet")
        return self._process

    def _expect(self, limit_s: float) -> "asyncio.Future[Outcome]":
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._outcome = future
        self._timer = self._loop.call_later(limit_s, self._time_out)
        return future

    def _settle(self, outcome: Outcome) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        future, self._outcome = self._outcome, None
        if future is not None and not future.done():
            future.set_result(outcome)

    def _time_out(self) -> None:
        self._finish_output()
        self.peak_at_end = self.peak_memory()
        self._settle(_TIMEOUT)
        self.kill()

    def _finish_output(self) -> None:
        if self._process is not None:
            self._process.read_output()
        for event in self._splitter.flush():
            self.emit(event)
