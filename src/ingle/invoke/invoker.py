"""Runs invocations: admits them, finds a sandbox, writes the platform's log lines."""

import asyncio
import collections
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import orjson

from ingle.clock import Clock
from ingle.invoke import report
from ingle.invoke.errors import SandboxUnavailable, ShuttingDown, TooManyRequests
from ingle.invoke.logs import LogAppender, LogSink
from ingle.pool.pool import Pool
from ingle.pool.sandbox import Ending, Outcome, Sandbox
from ingle.pool.spec import FunctionSpec

INIT_LIMIT_S = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""
TAIL_BYTES = 4096
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax"""


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


class _Log:
    """A sandbox's stream, and the tail of the invocation that is running."""

    __slots__ = ("_append", "_now", "_tail_size", "tail")

    def __init__(self, appender: LogAppender, now: Callable[[], float]) -> None:
        self._append = appender.append
        self._now = now
        self.tail: collections.deque[str] | None = None
        self._tail_size = 0

    def __call__(self, event: str) -> None:
        self._append(int(self._now() * 1000), event)
        tail = self.tail
        if tail is not None:
            tail.append(event)
            self._tail_size += len(event)
            while self._tail_size - len(tail[0]) >= TAIL_BYTES:
                self._tail_size -= len(tail.popleft())

    def keep_tail(self) -> None:
        """Keep the last 4 KB of what is written from now on, unless it is kept already."""
        if self.tail is None:
            self.tail = collections.deque()
            self._tail_size = 0

    def take_tail(self) -> bytes:
        """Return the last 4 KB of what was written since `keep_tail`."""
        events, self.tail = self.tail or (), None
        return "".join(events).encode()[-TAIL_BYTES:]


class Invoker:
    """Runs functions in the pool's sandboxes.

    Args:
        pool: where sandboxes come from.
        logs: where log events go.
        clock: the time of day.
        concurrency: the most invocations at a time in one account and region.
        versions: the full version of a runtime's interpreter, by runtime.
    """

    def __init__(
        self,
        pool: Pool,
        logs: LogSink,
        clock: Clock,
        *,
        concurrency: int,
        versions: Callable[[str], str],
    ) -> None:
        self._pool = pool
        self._logs = logs
        self._clock = clock
        self._concurrency = concurrency
        self._versions = versions
        self._active: dict[tuple[str, str], int] = {}
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    def prepare(self, runtime: str) -> None:
        """Make the first cold start of this runtime quick."""
        self._pool.prepare(runtime)

    def drop(self, function_arn: str) -> None:
        """Retire a function's sandboxes, after an update or a deletion."""
        self._pool.drop(function_arn)

    def active(self, account_id: str, region: str) -> int:
        """How many invocations are running."""
        return self._active.get((account_id, region), 0)

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

        Raises:
            TooManyRequests: the concurrency is used up.
            SandboxUnavailable: no sandbox could be made.
            ShuttingDown: the server is stopping.
        """
        if self._draining:
            raise ShuttingDown("The server is shutting down; send the request again later.")
        account = (spec.account_id, spec.region)
        active = self._active.get(account, 0)
        if active >= self._concurrency:
            raise TooManyRequests("ConcurrentInvocationLimitExceeded")
        self._active[account] = active + 1
        self._idle.clear()
        try:
            return await self._run(
                spec, payload, request_id, invoked_arn, client_context or "", trace_id, tail
            )
        finally:
            left = self._active[account] - 1
            if left:
                self._active[account] = left
            else:
                del self._active[account]
                if not self._active:
                    self._idle.set()

    async def _run(
        self,
        spec: FunctionSpec,
        payload: bytes,
        request_id: str,
        invoked_arn: str,
        client_context: str,
        trace_id: str,
        tail: bool,
    ) -> InvocationResult:
        sandbox = self._pool.take(spec)
        init_s: float | None = None
        failed: Outcome | None = None
        if sandbox is None:
            sandbox, init_s, failed = await self._cold_start(spec, tail)
        log = sandbox.emit
        if not isinstance(log, _Log):
            raise TypeError("the sandbox's log is not the invoker's")
        if tail:
            log.keep_tail()
        log(f"START RequestId: {request_id} Version: {spec.version}\n")
        started = perf_counter()
        outcome = failed
        if outcome is None:
            outcome = await sandbox.invoke(
                request_id,
                int((self._clock.time() + spec.timeout_s) * 1000),
                invoked_arn,
                trace_id,
                client_context,
                payload,
                spec.timeout_s,
            )
        duration_s = perf_counter() - started
        answer, status, kind = self._conclude(outcome, spec, request_id, log)
        log(f"END RequestId: {request_id}\n")
        peak = sandbox.peak_memory()
        if outcome.out_of_memory:
            peak = spec.memory_mb * 1024 * 1024
        bill = report.Bill(request_id, duration_s, init_s, spec.memory_mb, peak, status, kind)
        log(bill.line())
        log_tail = log.take_tail() if tail else None
        if outcome.ending in (Ending.RESULT, Ending.FAULT):
            self._pool.give_back(sandbox)
        else:
            sandbox.kill()
        error = None if outcome.ending is Ending.RESULT else "Unhandled"
        return InvocationResult(answer, error, log_tail)

    async def _cold_start(
        self, spec: FunctionSpec, tail: bool
    ) -> tuple[Sandbox, float, Outcome | None]:
        """Return a new sandbox, the time its start took and, where it failed, how.

        An initialisation that takes longer than 10 s is stopped and tried once more within the
        function's own timeout, as AWS does.
        """
        sandbox, took, outcome = await self._start(spec, INIT_LIMIT_S, tail)
        if outcome is not None and outcome.ending is Ending.TIMEOUT:
            sandbox.emit(report.init_report(took, "timeout", ""))
            sandbox, took, outcome = await self._start(spec, spec.timeout_s, tail)
        if outcome is None:
            return sandbox, took, None
        if outcome.ending is Ending.NOT_STARTED:
            sandbox.kill()
            raise SandboxUnavailable(f"No sandbox could be made: {outcome.reason}")
        if outcome.ending is not Ending.TIMEOUT:
            sandbox.emit(report.init_report(took, "error", _error_type(outcome)))
        return sandbox, took, outcome

    async def _start(
        self, spec: FunctionSpec, limit_s: float, tail: bool
    ) -> tuple[Sandbox, float, Outcome | None]:
        def open_log(stream: str) -> _Log:
            appender = self._logs.appender(spec.account_id, spec.region, spec.log_group, stream)
            log = _Log(appender, self._clock.time)
            if tail:
                log.keep_tail()
            return log

        started = perf_counter()
        try:
            sandbox = self._pool.create(spec, open_log)
        except OSError as error:
            raise SandboxUnavailable(f"No sandbox could be made: {error.strerror}") from error
        sandbox.emit(report.init_start(self._versions(spec.runtime)))
        outcome = await sandbox.start(limit_s)
        took = perf_counter() - started
        return sandbox, took, None if outcome.ending is Ending.READY else outcome

    def _conclude(
        self, outcome: Outcome, spec: FunctionSpec, request_id: str, log: _Log
    ) -> tuple[bytes, str, str]:
        """Return the answer's payload and the REPORT line's status and error type."""
        if outcome.ending in (Ending.RESULT, Ending.FAULT):
            return outcome.payload, "", ""
        if outcome.ending is Ending.INIT_ERROR:
            return outcome.payload, "error", _error_type(outcome)
        if outcome.ending is Ending.TIMEOUT:
            event, answer = report.timed_out(request_id, spec.timeout_s, self._clock.time())
            log(event)
            return answer, "timeout", ""
        status = outcome.status if outcome.ending is Ending.EXIT else 9
        kind, event, answer = report.exited(request_id, status, outcome.out_of_memory)
        log(event)
        return answer, "error", kind


def _error_type(outcome: Outcome) -> str:
    """The error type of a start that failed; "" where the runtime did not send a proper one."""
    if outcome.ending is not Ending.INIT_ERROR:
        return report.exit_type(outcome.out_of_memory)
    try:
        kind = orjson.loads(outcome.payload)["errorType"]
    except (ValueError, TypeError, KeyError):  # user code can write to the channel too
        return ""
    return kind if isinstance(kind, str) else ""
