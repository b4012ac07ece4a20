"""Runs invocations: admits them, finds a sandbox, writes the platform's log lines."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from ingle.clock import Clock
from ingle.invoke import busy, report
from ingle.invoke.admission import Admission, Lane, leave
from ingle.invoke.busy import Busy
from ingle.invoke.elapsed import elapsed
from ingle.invoke.errors import ShuttingDown, TooManyRequests
from ingle.invoke.logs import LogSink
from ingle.invoke.measured import InvocationListener, Measured, Throttled
from ingle.invoke.provisioner import Provisioner, Standing
from ingle.invoke.starter import Starter, error_type
from ingle.invoke.stream import Stream, stream_of
from ingle.invoke.tracing import segment_of
from ingle.pool.pool import Pool
from ingle.pool.sandbox import Ending, Outcome, Sandbox
from ingle.pool.spec import FunctionSpec
from ingle.pool.streamed import StreamedAnswer


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What the caller of a function gets.

    Attributes:
        payload: JSON, the handler's answer or the error.
        function_error: "Unhandled" when it is an error, else None.
        log_tail: the last 4 KB of the log where it was asked for, else None.
    """

    payload: bytes
    function_error: str | None
    log_tail: bytes | None


class _Call:
    """One invocation, and what becomes known of it.

    Attributes:
        spec, request_id, invoked_arn, trace_id: as of `Invoker.invoke`.
        lane: where it was admitted.
        concurrency, queue_s, started, error: as of a `Measured`.
        began: when the event was handed over, on the counter that measures durations.
    """

    __slots__ = (
        "began",
        "concurrency",
        "error",
        "invoked_arn",
        "lane",
        "queue_s",
        "request_id",
        "spec",
        "started",
        "trace_id",
    )

    def __init__(
        self, spec: FunctionSpec, request_id: str, invoked_arn: str, trace_id: str
    ) -> None:
        self.spec = spec
        self.request_id = request_id
        self.invoked_arn = invoked_arn
        self.trace_id = trace_id
        self.lane: Lane | None = None
        self.concurrency = 0
        self.queue_s = self.started = self.began = 0.0
        self.error = ""


class Invoker:
    """Runs functions in the pool's sandboxes.

    Args:
        pool: where sandboxes come from.
        logs: where log events go.
        clock: the time of day.
        admission: says which invocations may run.
        versions: the full version of a runtime's interpreter, by runtime.
        listeners: are told of every invocation that is over or was throttled.

    Attributes:
        admission: the same.
        busy: counts what runs.
    """

    def __init__(
        self,
        pool: Pool,
        logs: LogSink,
        clock: Clock,
        *,
        admission: Admission,
        versions: Callable[[str], str],
        listeners: Sequence[InvocationListener] = (),
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._listeners = tuple(listeners)
        self.admission = admission
        self.busy = Busy()
        self._starter = Starter(pool, logs, clock, versions)
        self._provisioner = Provisioner(pool, self._starter, clock)
        self._running = 0
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    def prepare(self, runtime: str) -> None:
        """Make the first cold start of this runtime quick."""
        self._pool.prepare(runtime)

    def drop(self, function_arn: str) -> None:
        """Retire a function's sandboxes, after an update or a deletion."""
        self._pool.drop(function_arn)

    async def make_snapshot(self, spec: FunctionSpec) -> None:
        """Initialise a published version, so that its sandboxes are forked of the result.

        Raises:
            InitFailed: its code failed, or left running what cannot be forked.
            SandboxUnavailable: no sandbox could be made.
        """
        await self._starter.make_snapshot(spec)

    def lacks_snapshot(self, spec: FunctionSpec) -> bool:
        """Whether a published version should get a snapshot, or a new one."""
        return self._pool.snapshots.lacks(spec)

    def provision(self, spec: FunctionSpec, count: int) -> None:
        """Keep so many sandboxes of a version ready."""
        self._provisioner.provision(spec, count)

    def withdraw(self, revision_id: str) -> None:
        """Keep none of a version ready any more."""
        self._provisioner.withdraw(revision_id)

    def provisioned(self, revision_id: str) -> Standing:
        """Tell how many sandboxes of a version are kept ready by now."""
        return self._provisioner.standing(revision_id)

    async def keep_provisioned(self) -> None:
        """Keep sandboxes ready, for as long as this runs."""
        await self._provisioner.keep()

    @property
    def running(self) -> int:
        """How many invocations there are now."""
        return self._running

    async def drain(self, deadline_s: float) -> bool:
        """Take no more invocations; return whether all that ran have ended within the deadline."""
        self._draining = True
        try:
            await asyncio.wait_for(self._idle.wait(), deadline_s)
        except TimeoutError:
            return False
        return True

    async def invoke(
        self,
        spec: FunctionSpec,
        payload: bytes,
        *,
        request_id: str,
        invoked_arn: str,
        client_context: str | None = None,
        trace_id: str = "",
        tail: bool = False,
        answer: StreamedAnswer | None = None,
    ) -> InvocationResult:
        """Run a function once and wait for its answer.

        Args:
            spec: the function's revision.
            payload: the event's JSON.
            request_id: 36 ASCII characters.
            invoked_arn: the ARN that the caller used, for the context object.
            client_context: JSON for the context object.
            trace_id: the value of `X-Amzn-Trace-Id`.
            tail: whether the end of the log is wanted.
            answer: takes the answer as it comes, see `streaming`; the payload of the result is
                then empty unless it is an error.

        Raises:
            TooManyRequests: the concurrency, or the machine's memory, is used up.
            SandboxUnavailable: no sandbox could be made.
            SnapStartFailed, SnapStartTimedOut: what the function does after a restore failed.
            ShuttingDown: the server is stopping.
        """
        if self._draining:
            raise ShuttingDown("The server is shutting down; send the request again later.")
        call = _Call(spec, request_id, invoked_arn, trace_id)
        try:
            call.lane = lane = self.admission.admit(spec)
        except TooManyRequests as error:
            self._throttled(call, error)
            raise
        counts = self.busy.enter(spec, invoked_arn)
        call.concurrency = counts[0].active
        self._running += 1
        self._idle.clear()
        try:
            return await self._run(call, payload, client_context or "", tail, answer)
        except TooManyRequests as error:  # the memory is full
            self._throttled(call, error)
            raise
        finally:
            busy.leave(counts)
            leave(lane)
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _run(
        self,
        call: "_Call",
        payload: bytes,
        client_context: str,
        tail: bool,
        streamed: StreamedAnswer | None,
    ) -> InvocationResult:
        spec, request_id, trace_id = call.spec, call.request_id, call.trace_id
        entered = perf_counter()
        sandbox = self._pool.take(spec) or await self._pool.take_lingering(spec)
        init_s: float | None = None
        restore_s: float | None = None
        failed: Outcome | None = None
        if sandbox is None:
            start = await self._starter.start(spec, tail)
            sandbox, failed = start.sandbox, start.failure
            init_s, restore_s = start.init_s, start.restore_s
        log = stream_of(sandbox)
        if tail:
            log.keep_tail()
        log.platform(log.lines.start(request_id, spec.version))
        call.began = began = perf_counter()
        call.queue_s = max(0.0, began - entered - (init_s or 0.0) - (restore_s or 0.0))
        call.started = self._clock.time()
        outcome = failed
        if outcome is None:
            outcome = await sandbox.invoke(
                request_id,
                int((call.started + spec.timeout_s) * 1000),
                call.invoked_arn,
                trace_id,
                client_context,
                payload,
                spec.timeout_s,
                streamed,
            )
        duration_s = elapsed(began, spec.timeout_s, outcome if failed is None else None)
        answer, status, kind = self._conclude(outcome, spec, request_id, sandbox)
        call.error = _error(outcome, kind)
        peak = sandbox.peak_memory()
        if outcome.out_of_memory:
            peak = spec.memory_mb * 1024 * 1024
        bill = report.Bill(
            request_id,
            duration_s,
            init_s,
            spec.memory_mb,
            peak,
            status,
            kind,
            restore_s,
            segment_of(trace_id),
        )
        after = sandbox.after
        if outcome.ending not in (Ending.RESULT, Ending.FAULT):
            _close_log(log, sandbox, bill, trace_id)
            self._tell(call, bill)
            sandbox.kill("timeout" if outcome.ending is Ending.TIMEOUT else "failure", kind)
        elif after is None or (after.done() and after.result() is None):
            _close_log(log, sandbox, bill, trace_id)
            self._tell(call, bill)
            self._pool.give_back(sandbox, failed=outcome.ending is Ending.FAULT)
        else:
            self._pool.linger(sandbox)
            log.tail_only(*log.lines.finish(bill))
            after.add_done_callback(partial(self._wind_up, sandbox, bill, call))
        log_tail = log.take_tail() if tail else None
        error = None if outcome.ending is Ending.RESULT else "Unhandled"
        return InvocationResult(answer, error, log_tail)

    def _wind_up(
        self,
        sandbox: Sandbox,
        bill: report.Bill,
        call: "_Call",
        after: "asyncio.Future[Outcome | None]",
    ) -> None:
        """Extensions, too, are done with an invocation that was answered, or never will be."""
        log, outcome = stream_of(sandbox), after.result()
        status = kind = ""
        if outcome is not None:
            _, status, kind = self._conclude(outcome, sandbox.spec, bill.request_id, sandbox)
            call.error = call.error or _error(outcome, kind)
        answered_s = bill.duration_s
        bill = replace(
            bill,
            duration_s=elapsed(call.began, call.spec.timeout_s, outcome),
            peak_bytes=max(bill.peak_bytes, sandbox.peak_memory()),
            status=status,
            error_type=kind,
        )
        _close_log(log, sandbox, bill, call.trace_id)
        self._tell(call, bill, bill.duration_s - answered_s)
        if outcome is None:
            self._pool.give_back(sandbox)
        else:
            sandbox.kill("timeout" if outcome.ending is Ending.TIMEOUT else "failure", kind)

    def _tell(self, call: "_Call", bill: report.Bill, post_s: float | None = None) -> None:
        """Tell the listeners of an invocation that is over."""
        if not self._listeners or call.lane is None:
            return
        spec = call.spec
        record = Measured(
            spec,
            bill,
            call.invoked_arn,
            call.started,
            call.queue_s,
            bool(call.lane.revision),
            self.admission.spills(spec, call.lane),
            call.error,
            call.trace_id,
            call.concurrency,
            post_s,
        )
        for listener in self._listeners:
            listener.measured(record)

    def _throttled(self, call: "_Call", error: TooManyRequests) -> None:
        record = Throttled(
            call.spec,
            call.invoked_arn,
            self._clock.time(),
            error.members["Reason"],
            call.request_id,
            call.trace_id,
        )
        for listener in self._listeners:
            listener.measured(record)

    def _conclude(
        self, outcome: Outcome, spec: FunctionSpec, request_id: str, sandbox: Sandbox
    ) -> tuple[bytes, str, str]:
        """Return the answer's payload and the REPORT line's status and error type."""
        if outcome.ending in (Ending.RESULT, Ending.FAULT):
            return outcome.payload, "", ""
        if outcome.ending is Ending.INIT_ERROR:
            return outcome.payload, "error", error_type(outcome)
        if outcome.ending is Ending.TIMEOUT:
            event, answer = report.timed_out(request_id, spec.timeout_s, self._clock.time())
            status, kind = "timeout", ""
        elif outcome.ending is Ending.EXTENSION:
            status, kind = "error", outcome.error_type
            event, answer = report.failed(request_id, kind, outcome.reason)
        else:
            number = outcome.status if outcome.ending is Ending.EXIT else 9
            status = "error"
            kind, event, answer = report.exited(request_id, number, outcome.out_of_memory)
        log = stream_of(sandbox)
        log.platform(log.lines.fault(event))
        if sandbox.api is not None:
            sandbox.api.fault(event)
        return answer, status, kind


def _close_log(log: Stream, sandbox: Sandbox, bill: report.Bill, trace_id: str) -> None:
    """Write an invocation's last lines, and tell the subscribers of telemetry."""
    log.platform(*log.lines.finish(bill))
    api = sandbox.api
    if api is not None:
        api.reported(
            bill.request_id,
            seconds=bill.duration_s,
            billed_ms=bill.billed_ms,
            peak_mb=bill.peak_mb,
            init_seconds=bill.init_s,
            restore_seconds=bill.restore_s,
            status=bill.status or "success",
            error_type=bill.error_type,
            trace_id=trace_id,
        )


def _error(outcome: Outcome, kind: str) -> str:
    """What a `Measured` says of how an invocation came out."""
    if outcome.ending is Ending.RESULT:
        return ""
    if outcome.ending is Ending.TIMEOUT:
        return "Timeout"
    return kind or "Unhandled"
