"""One sandbox from the pool's side: it starts, serves one invocation at a time, and ends."""

import asyncio
import enum
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from ingle.clock import Clock
from ingle.pool.answer import Answer
from ingle.pool.company import Company
from ingle.pool.environment import Credentials, environment, for_extensions, usable_until
from ingle.pool.output import OutputSplitter
from ingle.pool.runtime_api import Facts, Failure, RuntimeApi
from ingle.pool.spec import FunctionSpec
from ingle.pool.streamed import StreamedAnswer
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
    EXTENSION = "extension"
    NOT_STARTED = "not started"
    NOT_MOUNTED = "not mounted"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start or an invocation gave.

    Attributes:
        ending: which of the ends it was.
        payload: the JSON that the runtime sent, for RESULT, FAULT and INIT_ERROR.
        status: the wait status, for EXIT.
        out_of_memory: whether the kernel ended the process for want of memory.
        reason: AWS's words for EXTENSION, Ingle's own for NOT_STARTED, NOT_MOUNTED and
            PROTOCOL.
        error_type: AWS's, for EXTENSION.
    """

    ending: Ending
    payload: bytes = b""
    status: int = 0
    out_of_memory: bool = False
    reason: str = ""
    error_type: str = ""


_ENDING_S = 0.25
"""How long a process that closed its channel may take to end, and so to tell how."""
_READY = Outcome(Ending.READY)
_TIMEOUT = Outcome(Ending.TIMEOUT)
_EXIT_ERROR = "Runtime.ExitError"


class Sandbox:
    """A locked-in process that belongs to one revision of one function.

    Attributes:
        spec: what it runs.
        log_stream: the name of its stream.
        idle_since: when it last became idle, on the loop's clock.
        source: the snapshot that it is forked of, or None.
        provisioned: it is kept ready, however long it is idle.
        retired: it must not be used again.
        usable_until: after this time of day no invocation may begin.
        emit: called with each log event that the function writes.
        runtime_version: the full version of its interpreter.
        phase: in which phase it is initialised: `init`, or `invoke` when that is tried again.
        initialised: whether that is over.
        after: of the last invocation, where extensions may go on after its answer: None once they
            are done, or the outcome that keeps them from it.
    """

    __slots__ = (
        "_answer",
        "_clock",
        "_company",
        "_credentials",
        "_current",
        "_ending",
        "_endpoint",
        "_extension_splitter",
        "_frozen",
        "_kill",
        "_killed",
        "_loop",
        "_on_end",
        "_outcome",
        "_paused_by",
        "_process",
        "_runtime_api",
        "_runtime_status",
        "_serve_endpoint",
        "_serve_traces",
        "_splitter",
        "_stops",
        "_tenant",
        "_timer",
        "_variables",
        "after",
        "emit",
        "idle_since",
        "initialised",
        "log_stream",
        "peak_at_end",
        "phase",
        "provisioned",
        "retired",
        "runtime_version",
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
        serve_traces: Callable[[socket.socket, FunctionSpec], Callable[[], None]],
        endpoint: str,
        runtime_api: str,
        source: "Sandbox | None" = None,
        provisioned: bool = False,
    ) -> None:
        self.spec = spec
        self.source = source
        self.provisioned = provisioned
        self.log_stream = log_stream
        self.emit = emit
        self.idle_since = 0.0
        self.retired = False
        self.usable_until = usable_until(spec, credentials)
        if source is not None:  # whose credentials it may use still
            self.usable_until = min(self.usable_until, source.usable_until)
        self._credentials = credentials
        self._tenant = spec.tenant_id.encode("ascii")
        self.peak_at_end = 0
        self._clock = clock
        self.runtime_version = ""
        self.phase = "init"
        self.initialised = False
        self.after: asyncio.Future[Outcome | None] | None = None
        self._company: Company | None = None
        self._runtime_api = runtime_api
        self._runtime_status: int | None = None
        self._variables: dict[str, str] = {}
        self._extension_splitter: OutputSplitter | None = None
        self._answer: Answer | StreamedAnswer | None = None
        self._ending = False
        self._kill = kill
        self._killed = False
        self._on_end = on_end
        self._paused_by = overloaded
        self._serve_endpoint = serve_endpoint
        self._serve_traces = serve_traces
        self._endpoint = endpoint
        self._stops: list[Callable[[], None]] = []
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

    @property
    def api(self) -> RuntimeApi | None:
        """What tells its extensions and subscribers how it goes, where there may be some."""
        return None if self._company is None else self._company.api

    @property
    def facts(self) -> Facts:
        """What its processes learn of it."""
        spec = self.spec
        return Facts(
            spec.name,
            spec.version,
            spec.handler,
            spec.account_id,
            spec.memory_mb,
            self.log_stream[-32:],
            self.spec.initialization_type(provisioned=self.provisioned),
        )

    def start(
        self, limit_s: float, runtime_version: str = "", *, phase: str = "init"
    ) -> "asyncio.Future[Outcome]":
        """Load the handler, once every external extension has registered.

        The future gives READY, INIT_ERROR, EXIT, TIMEOUT, EXTENSION, NOT_STARTED or
        NOT_MOUNTED.

        Args:
            limit_s: how long it may take, in seconds.
            runtime_version: the full version of its interpreter.
            phase: `init`, or `invoke` when it is tried again.
        """
        future = self._expect(limit_s)
        self.runtime_version = runtime_version
        self.phase = phase
        self._variables = environment(
            self.spec,
            self.log_stream,
            self._credentials.variables(),
            endpoint=self._endpoint,
            runtime_api=self._runtime_api,
            initialization_type=self.spec.initialization_type(provisioned=self.provisioned),
        )
        if not self.spec.extensions:
            self.initialise()
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
        answer: StreamedAnswer | None = None,
    ) -> "asyncio.Future[Outcome]":
        """Run the handler once; its answer goes to `answer` where there is one, as it comes.

        The future gives RESULT, FAULT, EXIT, TIMEOUT, EXTENSION or PROTOCOL. After any but the
        first two the sandbox is of no more use; after these, `after` tells when it may be used
        again.
        """
        future = self._expect(limit_s)
        if answer is not None:
            answer.attach(self._pause_answer, self._resume_answer)
        self._answer = answer
        identity = request_id.encode("ascii")
        arn, trace = invoked_arn.encode(), trace_id.encode()
        context, tenant = client_context.encode(), self._tenant
        head = frames.INVOKE_HEAD.pack(
            identity, deadline_ms, len(arn), len(trace), len(context), len(tenant)
        )
        self._current = identity
        body = b"".join((head, arn, trace, context, tenant, payload))
        api = self.api
        if api is not None:
            # A runtime without company may be given an event before it asks for one.
            self.after = self._loop.create_future() if api.accompanied else None
            api.invoke(body)
        if not self.spec.speaks_http:
            self._held().send(frames.INVOKE, body)
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

    def kill(self, reason: str = "spindown", error_type: str = "") -> None:
        """End it, at once or when its extensions had time to end; `on_end` follows.

        Args:
            reason: what they are told: `spindown`, `timeout` or `failure`.
            error_type: of what went wrong, for `failure`.
        """
        self.retired = True
        self._killed = True
        process, company = self._process, self._company
        if process is None:
            return
        if company is None or not company.patient or process.ended:
            self._kill(process)
        elif not self._ending:
            self._ending = True
            if reason == "spindown":  # what extensions still do is no more than an epilogue
                self.became_idle()
            self.thaw()
            company.end(reason, error_type, lambda: self._kill(process))

    def resume_output(self) -> None:
        """Read on after the log sink was overloaded."""
        if self._process is not None:
            self._process.resume_output()
        if self._company is not None:
            self._company.resume_output()

    def on_frame(self, kind: int, body: bytes) -> bool:
        """Take a frame from the process; False once it is not to be listened to any more."""
        api = self.api
        if self._killed:
            return False
        if api is None or (self.spec.speaks_http and kind != frames.INIT_ERROR):
            self.take(kind, body)
        else:
            api.from_runtime(kind, body)
        return not self._killed

    def on_channel_end(self) -> None:
        """End a process that can no longer be spoken with, unless it is ending by itself."""
        if self.spec.speaks_http:
            return
        self.retired = True
        company = self._company
        if company is not None and company.supervised:
            self._loop.call_later(_ENDING_S, company.kill_runtime)
        else:
            self._loop.call_later(_ENDING_S, self.kill)

    def on_descriptors(self, fds: list[int]) -> None:
        """Serve the AWS endpoint, the Runtime API and X-Ray's daemon, and start the extensions."""
        if self._company is None:
            endpoint, listening, spare, daemon = fds
            self._stops = [
                self._serve_endpoint(socket.socket(fileno=endpoint)),
                self._serve_traces(socket.socket(fileno=daemon), self.spec),
            ]
            self._company = Company(self, self._clock, listening, spare)
        else:
            self._extension_splitter = OutputSplitter()
            self._company.accompany(fds)

    # What its company tells.

    def initialise(self) -> None:
        """Have the runtime load the handler."""
        settings: dict[str, object] = {
            "handler": self.spec.handler,
            "environment": self._variables,
        }
        image = self.spec.image
        if image is not None:
            settings |= {"arguments": image.arguments, "folder": image.folder}
        self._variables = {}
        self._held().send(frames.INIT, orjson.dumps(settings))

    def extension_environment(self) -> dict[str, str]:
        """Return the variables of the external extensions."""
        return for_extensions(self.spec, self._variables)

    def take(self, kind: int, body: bytes) -> None:
        """Take a frame of the runtime."""
        own = bool(self._current) and body[:36] == self._current
        if own and kind in (frames.RESULT, frames.FAULT):
            self._current = b""
            self._finish_output()
            self._settle(self._outcome_of(kind, body[36:]))
        elif own and kind in (frames.PRELUDE, frames.CHUNK):
            if self._answer is None:
                self._answer = Answer()
            if kind == frames.CHUNK:
                self._answer.add(body[36:])
            else:
                self._answer.begin(body[36:].decode("latin-1"))
        elif kind == frames.READY and self._starting:
            self.initialised = True
            self._finish_output()
            self._settle(_READY)
        elif kind == frames.INIT_ERROR and self._starting:
            self._finish_output()
            self.peak_memory()  # it ends now, and its control group with it
            self._settle(Outcome(Ending.INIT_ERROR, body))
        elif kind in (frames.ENDPOINT, frames.EXTENSIONS) and not body and not self.initialised:
            return  # what came along is served already
        elif kind == frames.SETUP_FAILED and self._starting:
            reason = body.decode("utf-8", "replace")
            self._settle(Outcome(Ending.NOT_STARTED, reason=reason))
        else:
            self._settle(Outcome(Ending.PROTOCOL, reason=f"an unexpected frame of kind {kind}"))
            self.kill("failure", _EXIT_ERROR)

    def became_idle(self) -> None:
        """The runtime and every extension are done with the invocation."""
        self._stop_timer()
        if self.after is not None and not self.after.done():
            self.after.set_result(None)

    def extension_failed(self, failure: Failure) -> None:
        """An extension has ruined it."""
        self._finish_output()
        self.peak_memory()
        self._settle(Outcome(Ending.EXTENSION, reason=failure.message, error_type=failure.kind))
        self._end_soon("failure", failure.kind)

    def extension_wrote(self, data: bytes) -> bool:
        """Take what extensions wrote; False while the log sink is overloaded."""
        if self._extension_splitter is not None:
            for event in self._extension_splitter.feed(data):
                self._log(event, extension=True)
        return not self._paused_by(self)

    def runtime_ended(self, status: int) -> None:
        """The runtime's process ended, and extensions may go on."""
        self._runtime_status = status
        if self._ending:
            return
        self._finish_output()
        self.peak_memory()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            # Perhaps for want of memory, which is known at the end.
            self.kill("failure", _EXIT_ERROR)
            return
        self._settle(Outcome(Ending.EXIT, status=status))
        self._end_soon("failure", _EXIT_ERROR)

    # What its process tells.

    def on_output(self, data: bytes) -> bool:
        """Take what the process wrote; False while the log sink is overloaded."""
        for event in self._splitter.feed(data):
            self._log(event)
        return not self._paused_by(self)

    def on_end(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        """The process is gone."""
        self.retired = True
        company = self._company
        if company is not None:
            company.finish()
        for stop in self._stops:
            stop()
        self.peak_at_end = max(self.peak_at_end, peak)
        for event in self._splitter.flush():
            self._log(event)
        if self._extension_splitter is not None:
            for event in self._extension_splitter.flush():
                self._log(event, extension=True)
        if company is not None:
            company.close()
        if status is None:
            unmounted = self._process is not None and self._process.unmounted
            ending = Ending.NOT_MOUNTED if unmounted else Ending.NOT_STARTED
            self._settle(Outcome(ending, reason=reason))
        else:
            status = status if self._runtime_status is None else self._runtime_status
            self._settle(Outcome(Ending.EXIT, status=status, out_of_memory=out_of_memory))
        self._on_end(self)

    @property
    def _starting(self) -> bool:
        return not self.initialised and self._outcome is not None

    def _held(self) -> LockedProcess:
        if self._process is None:
            raise RuntimeError("the sandbox has no process yet")
        return self._process

    def _expect(self, limit_s: float) -> "asyncio.Future[Outcome]":
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._outcome = future
        self._timer = self._loop.call_later(limit_s, self._time_out)
        return future

    def _outcome_of(self, kind: int, body: bytes) -> Outcome:
        answer, self._answer = self._answer, None
        if kind == frames.FAULT:
            return Outcome(Ending.FAULT, body)
        if answer is None:
            return Outcome(Ending.RESULT, body)
        answer.add(body)
        error = answer.error
        return Outcome(Ending.FAULT, error) if error else Outcome(Ending.RESULT, answer.whole())

    def _pause_answer(self) -> None:
        """Read no more of the runtime's answer, which its reader takes more slowly."""
        if not self.spec.speaks_http:
            self._held().pause_channel()
        elif self.api is not None:
            self.api.pause_stream()

    def _resume_answer(self) -> None:
        if not self.spec.speaks_http:
            self._held().resume_channel()
        elif self.api is not None:
            self.api.resume_stream()

    def _settle(self, outcome: Outcome) -> None:
        """Give the outcome to whoever waits for it."""
        after = self.after
        going_on = after is not None and not after.done()
        if not going_on or outcome.ending not in (Ending.RESULT, Ending.FAULT):
            self._stop_timer()
        future, self._outcome = self._outcome, None
        if future is not None:
            if not future.done():
                future.set_result(outcome)
        elif after is not None and going_on:
            after.set_result(outcome)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_soon(self, reason: str, error_type: str = "") -> None:
        """End it, when whoever waited for an outcome has told of it."""
        self._loop.call_soon(self.kill, reason, error_type)

    def _log(self, event: str, *, extension: bool = False) -> None:
        self.emit(event)
        api = self.api
        if api is not None:
            api.log(event, extension=extension)

    def _time_out(self) -> None:
        self._finish_output()
        self.peak_at_end = self.peak_memory()
        self._settle(_TIMEOUT)
        if self._company is not None and self._company.patient:
            self._end_soon("timeout")
        else:
            self.kill("timeout")

    def _finish_output(self) -> None:
        if self._process is not None:
            self._process.read_output()
        for event in self._splitter.flush():
            self._log(event)
