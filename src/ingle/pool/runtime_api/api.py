"""What the processes of one sandbox find at AWS_LAMBDA_RUNTIME_API."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

from ingle.clock import Clock
from ingle.http.server import HttpServer
from ingle.pool.runtime_api import answers, limits, records
from ingle.pool.runtime_api.extensions import Failure
from ingle.pool.runtime_api.facts import Facts
from ingle.pool.runtime_api.invocation import Invocation, trace_context
from ingle.pool.runtime_api.lifecycle import Lifecycle, Phase
from ingle.pool.runtime_api.routes import Routes
from ingle.pool.runtime_api.runtime import Runtime
from ingle.pool.runtime_api.telemetry import Telemetry
from ingle.runtimes.python import frames

_BODY_TIMEOUT_S = 900.0
"""As long as an invocation may take; its own timeout ends it before."""
_FLUSH_SHARE = 0.25
"""How much of a shutdown may be spent on delivering telemetry before SHUTDOWN events are sent."""
_TOO_MANY = f"Extension limit ({limits.MAX_EXTENSIONS}) reached"
_ANSWERS = (frames.RESULT, frames.FAULT)
_PIECES = (frames.PRELUDE, frames.CHUNK)


class RuntimeApi:
    """Serves the Runtime, Extensions, Telemetry and Logs APIs of one sandbox.

    Args:
        listening: descriptor of the socket that was bound inside the sandbox.
        clock: times everything.
        on_frame: told what the runtime sends, in the frames of managed runtimes. READY comes when
            the runtime and every extension are, an answer as soon as the runtime gave it.
        on_idle: called when the runtime and every extension that took part in the invocation are
            done with it: now the sandbox may be frozen, and have the next.
        on_failure: told when an extension ruins the sandbox, which must then be ended.
        emit: takes lines for the function's log.
        facts: what the processes learn of the function.
        extensions: names of the executables in /opt/extensions that the launcher starts.
        managed: whether the runtime speaks frames, which come by `from_runtime`; then only
            extensions use HTTP.
        snapstart: whether the runtime may wait to be restored.
        sockets: descriptors of unconnected TCP sockets that were made inside the sandbox, one for
            each subscriber of telemetry.
    """

    def __init__(
        self,
        listening: int,
        clock: Clock,
        on_frame: Callable[[int, bytes], None],
        *,
        on_idle: Callable[[], None] = lambda: None,
        on_failure: Callable[[Failure], None] = lambda failure: None,
        emit: Callable[[str], None] = lambda line: None,
        facts: Facts | None = None,
        extensions: Sequence[str] = (),
        managed: bool = False,
        snapstart: bool = False,
        sockets: Sequence[int] = (),
    ) -> None:
        self._clock = clock
        self._on_frame = on_frame
        self._on_idle = on_idle
        self._facts = facts or Facts()
        self._telemetry = Telemetry(clock, sockets, emit)
        self._life = Lifecycle(
            clock,
            self._facts,
            self._telemetry,
            tuple(extensions),
            on_frame=on_frame,
            on_idle=self._idle,
            on_failure=on_failure,
            emit=emit,
        )
        self._runtime = None if managed else Runtime(self._life, on_frame, snapstart=snapstart)
        self._next: Invocation | None = None
        routes = Routes(self._runtime, self._life.extensions, self._telemetry)
        self._server = HttpServer(
            routes.answer, clock, _BODY_TIMEOUT_S, limit=limits.MAX_CONNECTIONS
        )
        self._sock = socket.socket(fileno=listening)
        self._sock.setblocking(False)
        loop = asyncio.get_running_loop()
        self._starting = loop.create_task(self._start())
        for name in extensions[limits.MAX_EXTENSIONS :]:
            loop.call_soon(self._life.not_launched, name, "TooManyExtensions", _TOO_MANY)

    # The init phase.

    def init_started(self, runtime_version: str = "", *, phase: str = "init") -> None:
        """The init phase begins; `phase` is `invoke` when it is tried again."""
        self._life.started(runtime_version, phase)

    async def extensions_registered(self) -> None:
        """Return once all external extensions have registered: AWS starts the runtime then."""
        await self._life.registered()

    def extension_not_launched(self, name: str, reason: str, *, permission: bool) -> None:
        """An executable of /opt/extensions could not be started.

        Args:
            name: the file's.
            reason: in AWS's words, `fork/exec /opt/extensions/x: permission denied`.
            permission: whether it was for want of permission.
        """
        kind = "PermissionDenied" if permission else "UnknownError"
        self._life.not_launched(name, kind, reason)

    def init_reported(self, seconds: float, status: str = "success", error_type: str = "") -> None:
        """The init phase took so long and came out so: `success`, `error` or `timeout`."""
        record: dict[str, Any] = {
            "initializationType": self._facts.initialization,
            "phase": self._life.init_phase,
            "status": status,
            "metrics": {"durationMs": records.milliseconds(seconds)},
        }
        if error_type:
            record["errorType"] = error_type
        self._telemetry.publish("platform.initReport", record)

    async def restore(self) -> str:
        """Let a runtime go on that waits to be restored, and run its hooks.

        Returns:
            The type of the error that the hooks gave, or "".
        """
        started = self._clock.monotonic()
        done = self._life.restoring()
        waited = self._runtime is not None and self._runtime.restore()
        error_type = await done if waited else ""
        seconds = self._clock.monotonic() - started
        status: dict[str, Any] = {"status": "error" if error_type else "success"}
        if error_type:
            status["errorType"] = error_type
        self._telemetry.publish("platform.restoreRuntimeDone", status)
        metrics = {"durationMs": records.milliseconds(seconds)}
        self._telemetry.publish("platform.restoreReport", {**status, "metrics": metrics})
        return error_type

    # Invocations.

    def invoke(self, body: bytes) -> None:
        """Hand out an invocation, the body of an INVOKE frame.

        While the runtime or an extension has still to ask for its next event, it waits for them.
        """
        invocation = Invocation.parse(body)
        if self._life.phase is Phase.INVOKE:
            self._next = invocation
            return
        self._begin(invocation)

    def from_runtime(self, kind: int, body: bytes) -> None:
        """Take a frame from a managed runtime; what the sandbox is to know goes to `on_frame`."""
        life = self._life
        if kind == frames.READY:
            life.initialised()
            return
        if kind == frames.INIT_ERROR:
            life.init_failed(answers.fault_type(body) or "Runtime.Unknown", body)
            return
        progress = life.progress
        current = "" if progress is None else progress.invocation.request_id
        own = progress is not None and body[:36] == current.encode("ascii")
        if own and progress is not None and kind in _PIECES:
            life.answer_began()
            progress.size += len(body) - 36 if kind == frames.CHUNK else 0
        elif own and progress is not None and kind in _ANSWERS:
            life.answered(progress.size + len(body) - 36)
        self._on_frame(kind, body)
        if own and kind in _ANSWERS:
            life.asked_again()

    def pause_stream(self) -> None:
        """Read no more of a streamed answer, because its reader is slower."""
        if self._runtime is not None:
            self._runtime.pause()

    def resume_stream(self) -> None:
        """Read on."""
        if self._runtime is not None:
            self._runtime.resume()

    def reported(
        self,
        request_id: str,
        *,
        seconds: float,
        billed_ms: int,
        peak_mb: int,
        init_seconds: float | None = None,
        restore_seconds: float | None = None,
        status: str = "success",
        error_type: str = "",
        trace_id: str = "",
    ) -> None:
        """An invocation is over: the figures of its REPORT line.

        Args:
            request_id: whose they are.
            seconds: how long it took.
            billed_ms: what is charged, in milliseconds.
            peak_mb: the most memory that was used, in MB.
            init_seconds: how long the init phase took, where it was a cold start.
            restore_seconds: how long the restore took, where there was one.
            status: `success`, `timeout`, `error` or `failure`.
            error_type: where it is not a success.
            trace_id: the X-Ray trace header, or "".
        """
        metrics: dict[str, Any] = {
            "durationMs": records.milliseconds(seconds),
            "billedDurationMs": billed_ms,
            "memorySizeMB": self._facts.memory_mb,
            "maxMemoryUsedMB": peak_mb,
        }
        if init_seconds is not None:
            metrics["initDurationMs"] = records.milliseconds(init_seconds)
        if restore_seconds is not None:
            metrics["restoreDurationMs"] = records.milliseconds(restore_seconds)
        record: dict[str, Any] = {"requestId": request_id, "metrics": metrics, "status": status}
        if error_type:
            record["errorType"] = error_type
        if trace_id:
            record["tracing"] = trace_context(trace_id)
        overhead = self._life.extension_overhead
        if overhead is not None:
            record["spans"] = [records.span("extensionOverhead", *overhead)]
        self._telemetry.publish("platform.end", {"requestId": request_id})
        self._telemetry.publish("platform.report", record)

    def fault(self, message: str) -> None:
        """The platform ended an invocation: the log event about it."""
        self._telemetry.publish("platform.fault", message)

    def log(self, text: str, *, extension: bool = False) -> None:
        """The function, or one of its extensions, wrote a log event."""
        self._telemetry.publish("extension" if extension else "function", text)

    # The end.

    @property
    def accompanied(self) -> bool:
        """Whether there are extensions."""
        return self._life.extensions.any

    @property
    def shutdown_s(self) -> float:
        """How long a shutdown may take, in seconds; 0 where nobody has to be asked."""
        extensions = self._life.extensions
        if extensions.any_external:
            return limits.SHUTDOWN_MS["external"] / 1000
        return limits.SHUTDOWN_MS["internal" if extensions.any_internal else "none"] / 1000

    @property
    def runtime_shutdown_s(self) -> float:
        """How much of that the runtime may have, from SIGTERM on, before extensions are asked."""
        if not self._life.extensions.any:
            return 0.0
        with_internal = self._life.extensions.any_internal
        name = "runtime_with_internal" if with_internal else "runtime_without_internal"
        return limits.SHUTDOWN_MS[name] / 1000

    @property
    def fatal_error_type(self) -> str:
        """The type of an error that an extension reported before its process ended, or ""."""
        return self._life.extensions.fatal

    def extension_exited(self, name: str, status: int) -> None:
        """The process of an external extension ended with this wait status."""
        self._life.exited(name, status)

    async def shutdown(self, reason: str, deadline_ms: int, error_type: str = "") -> None:
        """Let the extensions end; return when they have, or at the deadline.

        Call it when the runtime is gone, with the sandbox thawed.

        Args:
            reason: `spindown`, `timeout` or `failure`.
            deadline_ms: in milliseconds since the epoch.
            error_type: of what went wrong, for `failure`.
        """
        status = {"timeout": "timeout", "failure": "error"}.get(reason, "")
        if error_type.startswith("Sandbox.") and reason == "failure":
            status = "failure"
        self._life.ending(status, error_type if reason == "failure" else "")
        left = max(0.0, deadline_ms / 1000 - self._clock.time())
        await self._within(left * _FLUSH_SHARE, self._telemetry.flush())
        left = max(0.0, deadline_ms / 1000 - self._clock.time())
        await self._within(left, self._life.left(reason, deadline_ms))

    def close(self) -> None:
        """Let go of the sockets and of every connection; nothing more is called."""
        self._starting.cancel()
        self._life.close()
        if self._runtime is not None:
            self._runtime.close()
        self._telemetry.close()
        self._server.abort()
        self._sock.close()

    async def _start(self) -> None:
        await self._server.start(self._sock)
        self._server.date_line = b""  # it would be of the start, and nobody needs it

    def _begin(self, invocation: Invocation) -> None:
        self._life.invoke(invocation)
        if self._runtime is not None:
            self._runtime.give(invocation)

    def _idle(self) -> None:
        if self._runtime is not None:
            self._runtime.release()
        following, self._next = self._next, None
        if following is None:
            self._on_idle()
        else:
            self._begin(following)

    async def _within(self, seconds: float, work: Any) -> None:
        loop = asyncio.get_running_loop()
        both = (loop.create_task(work), loop.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
