"""The phases of a sandbox's life, which the runtime and all extensions go through together.

The init phase ends when the runtime and every extension have asked for their first event; an
invocation, when the runtime and every extension that wants INVOKE events have asked for the next.
The caller has its answer before that, as soon as the runtime gave it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

import asyncio
import enum
from collections.abc import Callable
from typing import Any

from ingle.clock import Clock
from ingle.pool.runtime_api.extensions import Extensions, Failure
from ingle.pool.runtime_api.facts import Facts
from ingle.pool.runtime_api.invocation import Invocation
from ingle.pool.runtime_api.progress import Progress
from ingle.pool.runtime_api.telemetry import Telemetry
from ingle.runtimes.python import frames


class Phase(enum.Enum):
    """Where a sandbox is."""

    INIT = "init"
    IDLE = "idle"
    INVOKE = "invoke"
    ENDED = "ended"


class Lifecycle:
    """Keeps the runtime and the extensions in step; implements `runtime.Course`.

    Args:
        clock: times the phases.
        facts: what telemetry tells of the function.
        telemetry: is told of every step.
        extensions: names of the external ones.
        on_frame: is told of the end of the init phase.
        on_idle: is told of the end of an invocation.
        on_failure: is told when an extension ruins the sandbox.
        emit: takes a line for the function's log.

    Attributes:
        phase: where the sandbox is.
        extensions: those that there are.
        progress: of the invocation that runs, else None.
        init_phase: `init`, or `invoke` when the init phase is tried again.
        extension_overhead: when, since the epoch, the runtime was done with the last invocation,
            and for how many seconds the extensions went on; None where there are none.
    """

    def __init__(
        self,
        clock: Clock,
        facts: Facts,
        telemetry: Telemetry,
        extensions: tuple[str, ...],
        *,
        on_frame: Callable[[int, bytes], None],
        on_idle: Callable[[], None],
        on_failure: Callable[[Failure], None],
        emit: Callable[[str], None],
    ) -> None:
        self.phase = Phase.INIT
        self.extensions = Extensions(extensions, facts, self._check)
        self.progress: Progress | None = None
        self.init_phase = Phase.INIT.value
        self.extension_overhead: tuple[float, float] | None = None
        self._clock = clock
        self._facts = facts
        self._telemetry = telemetry
        self._on_frame = on_frame
        self._on_idle = on_idle
        self._on_failure = on_failure
        self._emit = emit
        self._runtime_ready = False
        self._init_told = False
        self._extensions_told = False
        self._registered = asyncio.Event()
        self._left = asyncio.Event()
        self._restored: asyncio.Future[str] | None = None
        self._overhead_start = 0.0

    # What the sandbox tells.

    def started(self, runtime_version: str, phase: str) -> None:
        """The init phase begins."""
        self.init_phase = phase
        record = {
            "initializationType": self._facts.initialization,
            "phase": phase,
            "runtimeVersion": runtime_version,
            **self._instance(),
        }
        self._telemetry.publish("platform.initStart", record)
        self._note_registered()

    async def registered(self) -> None:
        """Return once all external extensions have registered."""
        await self._registered.wait()

    def invoke(self, invocation: Invocation) -> None:
        """An invocation begins."""
        self.phase = Phase.INVOKE
        self.progress = Progress(self._clock, invocation)
        self.extension_overhead = None
        self._runtime_ready = False
        record: dict[str, Any] = {
            "requestId": invocation.request_id,
            "version": self._facts.version,
        }
        tracing = invocation.trace_context()
        if tracing is not None:
            record["tracing"] = tracing
        self._telemetry.publish("platform.start", record)
        self.extensions.invoke(invocation)

    def restoring(self) -> "asyncio.Future[str]":
        """A restore begins; the future gives the type of the error of the hooks, or ""."""
        self._telemetry.publish("platform.restoreStart", self._instance())
        self._restored = asyncio.get_running_loop().create_future()
        return self._restored

    def exited(self, name: str, status: int) -> None:
        """The process of an external extension ended."""
        failure = self.extensions.exited(name, status)
        self._note_registered()
        self._fail(failure)

    def not_launched(self, name: str, kind: str, message: str) -> None:
        """The process of an external extension could not be started."""
        failure = self.extensions.not_launched(name, kind, message)
        self._note_registered()
        self._fail(failure)

    def ending(self, status: str, error_type: str) -> None:
        """The sandbox is about to be shut down; an invocation that still runs came out so."""
        if self.phase is Phase.INIT:
            self._tell_init("error", error_type or "Runtime.Unknown")
            self._tell_extensions()
        if self.progress is not None and not self.progress.runtime_done and status:
            record = self.progress.done(status, error_type)
            self._telemetry.publish("platform.runtimeDone", record)
        self.phase = Phase.ENDED

    async def left(self, reason: str, deadline_ms: int) -> None:
        """Send the SHUTDOWN event; return once all who wanted it have left."""
        self._left.clear()
        self.extensions.shut_down(reason, deadline_ms)
        if not self.extensions.left:
            await self._left.wait()

    def close(self) -> None:
        """Let go of whoever waits."""
        self.phase = Phase.ENDED
        self.extensions.close()
        self._registered.set()
        self._left.set()
        if self._restored is not None and not self._restored.done():
            self._restored.set_result("Runtime.ExitError")

    # What the runtime tells.

    def initialised(self) -> None:
        """The runtime asks for its first event, or waits to be restored."""
        if self._runtime_ready or self.phase is not Phase.INIT:
            return
        self._runtime_ready = True
        self.extensions.open = False
        self._tell_init("success", "")
        self._check()

    def init_failed(self, kind: str, body: bytes) -> None:
        """The runtime could not be initialised."""
        if self.phase is not Phase.INIT:
            return
        self._tell_init("error", kind)
        self._tell_extensions()
        self._on_frame(frames.INIT_ERROR, body)

    def restored(self, kind: str) -> None:
        """The hooks ran after a restore."""
        if self._restored is not None and not self._restored.done():
            self._restored.set_result(kind)

    def answer_began(self) -> None:
        """The first byte of an answer came."""
        if self.progress is not None:
            self.progress.answer_began()

    def answered(self, size: int) -> None:
        """An answer is complete."""
        if self.progress is not None:
            self.progress.size = size
            self.progress.answered()

    def asked_again(self) -> None:
        """The runtime asks for the next event after it has answered."""
        if self.phase is not Phase.INVOKE or self.progress is None:
            return
        self._telemetry.publish("platform.runtimeDone", self.progress.done("success", ""))
        self._runtime_ready = True
        self._overhead_start = self._clock.monotonic()
        self._check()

    # What follows.

    def _check(self) -> None:
        self._note_registered()
        if self.extensions.left:
            self._left.set()
        if self.phase is Phase.INIT and self._runtime_ready and self.extensions.ready:
            self.phase = Phase.IDLE
            self._tell_extensions()
            self._telemetry.turn_off()
            self._on_frame(frames.READY, b"")
        elif self.phase is Phase.INVOKE and self._runtime_ready and not self.extensions.invoked:
            self.phase = Phase.IDLE
            self.progress = None
            now = self._clock.monotonic()
            if self.extensions.any:
                started = self._clock.time() - now + self._overhead_start
                self.extension_overhead = (started, now - self._overhead_start)
            self._on_idle()

    def _note_registered(self) -> None:
        if self.extensions.registered:
            self._registered.set()

    def _fail(self, failure: Failure) -> None:
        if self.phase is not Phase.ENDED:
            self.ending("error", failure.kind)
            self._on_failure(failure)

    def _tell_init(self, status: str, error_type: str) -> None:
        """Tell how the runtime's part of the init phase came out, once."""
        if self._init_told:
            return
        self._init_told = True
        record = {
            "initializationType": self._facts.initialization,
            "phase": self.init_phase,
            "status": status,
        }
        if error_type:
            record["errorType"] = error_type
        self._telemetry.publish("platform.initRuntimeDone", record)

    def _tell_extensions(self) -> None:
        """Write of every extension how its start came out, once."""
        if self._extensions_told:
            return
        self._extensions_told = True
        for each in self.extensions:
            record: dict[str, Any] = {
                "name": each.name,
                "state": each.state.value,
                "events": list(each.events),
            }
            line = (
                f"EXTENSION\tName: {each.name}\tState: {each.state.value}\t"
                f"Events: [{', '.join(each.events)}]"
            )
            if each.error_type:
                record["errorType"] = each.error_type
                line += f"\tError Type: {each.error_type}"
            self._telemetry.publish("platform.extension", record)
            self._emit(f"{line}\n")

    def _instance(self) -> dict[str, Any]:
        return {
            "functionName": self._facts.name,
            "functionVersion": self._facts.version,
            "instanceId": self._facts.instance,
            "instanceMaxMemory": self._facts.memory_mb,
        }
