"""Cold starts: plain ones, those from a snapshot, and those before there is an invocation."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import orjson

from ingle.clock import Clock
from ingle.invoke import report
from ingle.invoke.admission import OF_ACCOUNT
from ingle.invoke.elapsed import elapsed
from ingle.invoke.errors import (
    FileSystemNotMounted,
    InitFailed,
    SandboxUnavailable,
    SnapStartFailed,
    SnapStartTimedOut,
    TooManyRequests,
)
from ingle.invoke.lines import lines_of
from ingle.invoke.logs import LogSink, Writer
from ingle.invoke.stream import Stream, stream_of
from ingle.pool.pool import Pool
from ingle.pool.sandbox import Ending, Outcome, Sandbox
from ingle.pool.spec import FunctionSpec
from ingle.wire.errors import ServiceError

INIT_LIMIT_S = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""
AHEAD_LIMIT_S = 130.0
"""For an initialisation before there is an invocation, with SnapStart or provisioned concurrency,
or the function's timeout where that is longer; the same page."""
RESTORE_LIMIT_S = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html"""
_REASON_CHARACTERS = 1000
_NOT_MADE = (Ending.NOT_STARTED, Ending.NOT_MOUNTED)
_logger = logging.getLogger("ingle.invoke")
_INIT_STATUS = {Ending.READY: "success", Ending.TIMEOUT: "timeout"}


@dataclass(frozen=True, slots=True)
class Start:
    """How a sandbox started.

    Attributes:
        sandbox: the sandbox.
        failure: what its initialisation gave when it failed.
        init_s: the time that initialising took; None after a restore.
        restore_s: the time that a restore took; None without one.
    """

    sandbox: Sandbox
    failure: Outcome | None = None
    init_s: float | None = None
    restore_s: float | None = None


class Starter:
    """Starts sandboxes of the pool.

    Args:
        pool: where they come from.
        logs: where their log events go.
        clock: the time of day.
        versions: the full version of a runtime's interpreter, by runtime.
    """

    def __init__(
        self, pool: Pool, logs: LogSink, clock: Clock, versions: Callable[[str], str]
    ) -> None:
        self._pool = pool
        self._logs = logs
        self._clock = clock
        self._versions = versions

    async def start(self, spec: FunctionSpec, tail: bool) -> Start:
        """Start a sandbox, from a snapshot where there is one.

        An initialisation that takes longer than 10 s is stopped and tried once more within the
        function's own timeout, as AWS does.

        Args:
            spec: what it is to run.
            tail: whether the end of the log is wanted.

        Raises:
            TooManyRequests: there is no memory for it.
            SandboxUnavailable: none could be made.
            FileSystemNotMounted: its file system could not be mounted.
            SnapStartFailed: what the function does after a restore failed.
            SnapStartTimedOut: it took too long.
        """
        if not await self._pool.make_room(spec):
            raise _memory_full()
        warm = self._pool.take(spec)  # given back while we waited
        if warm is not None:
            return Start(warm)
        source = self._pool.snapshots.find(spec) if spec.snap_start else None
        restored = None if source is None else await self._restore(spec, source, tail)
        if restored is not None:
            return restored
        sandbox, took, outcome = await self._run(spec, INIT_LIMIT_S, tail)
        log = stream_of(sandbox)
        if outcome.ending is Ending.TIMEOUT:
            log.platform(log.lines.init_report(took, "timeout", ""))
            sandbox, took, outcome = await self._run(spec, spec.timeout_s, tail, phase="invoke")
            log = stream_of(sandbox)
        if outcome.ending is Ending.READY:
            log.platform(log.lines.init_done(took))
            return Start(sandbox, init_s=took)
        if outcome.ending in _NOT_MADE:
            sandbox.kill()
            raise _unavailable(spec, outcome)
        if outcome.ending is not Ending.TIMEOUT:
            log.platform(log.lines.init_report(took, "error", error_type(outcome)))
        return Start(sandbox, outcome, init_s=took)

    async def make_snapshot(self, spec: FunctionSpec) -> None:
        """Initialise a version and keep the result, from which its sandboxes start.

        Raises:
            InitFailed: its code failed, or left running what cannot be carried over.
            SandboxUnavailable: no sandbox could be made.
        """
        sandbox, took = await self._initialise(spec, snapshot=True)
        log = stream_of(sandbox)
        log.platform(log.lines.snapshot_report(took))
        if sandbox.retired:  # the version was deleted meanwhile
            sandbox.kill()
        else:
            self._pool.snapshots.add(sandbox)

    async def start_provisioned(self, spec: FunctionSpec) -> Sandbox:
        """Start a sandbox that is kept ready.

        Raises:
            InitFailed: the function's initialisation failed.
            TooManyRequests: there is no memory for it.
            SandboxUnavailable: none could be made.
        """
        if not await self._pool.make_room(spec):
            raise _memory_full()
        sandbox, _ = await self._initialise(spec, provisioned=True)
        return sandbox

    async def _initialise(
        self, spec: FunctionSpec, *, snapshot: bool = False, provisioned: bool = False
    ) -> tuple[Sandbox, float]:
        """Start a sandbox before there is an invocation; return it and how long it took."""
        limit_s = max(AHEAD_LIMIT_S, spec.timeout_s)
        sandbox, took, outcome = await self._run(
            spec, limit_s, False, snapshot=snapshot, provisioned=provisioned
        )
        if outcome.ending is Ending.READY:
            return sandbox, took
        log = stream_of(sandbox)
        sandbox.kill()
        if outcome.ending in _NOT_MADE:
            raise _unavailable(spec, outcome)
        if outcome.ending is Ending.TIMEOUT:
            log.platform(log.lines.init_report(took, "timeout", ""))
            raise InitFailed(
                f"Your function failed to initialize within {limit_s:.0f} seconds.",
                "FunctionError.InitTimeout",
            )
        kind = error_type(outcome)
        log.platform(log.lines.init_report(took, "error", kind))
        raise InitFailed(_reason(outcome, kind), "FunctionError")

    async def _restore(self, spec: FunctionSpec, source: Sandbox, tail: bool) -> Start | None:
        """Start a sandbox from a snapshot; None where that one cannot be forked any more."""
        sandbox, took, outcome = await self._run(spec, RESTORE_LIMIT_S, tail, source=source)
        log = stream_of(sandbox)
        if outcome.ending is Ending.READY:
            log.platform(log.lines.restore_report(took))
            return Start(sandbox, restore_s=took)
        sandbox.kill()
        if outcome.ending is Ending.NOT_STARTED:
            self._pool.snapshots.retire(source)
            return None
        if outcome.ending is Ending.TIMEOUT:
            log.platform(log.lines.restore_report(took, "timeout"))
            raise SnapStartTimedOut
        log.platform(log.lines.restore_report(took, "error", error_type(outcome)))
        raise SnapStartFailed

    async def _run(
        self,
        spec: FunctionSpec,
        limit_s: float,
        tail: bool,
        *,
        phase: str = "init",
        snapshot: bool = False,
        source: Sandbox | None = None,
        provisioned: bool = False,
    ) -> tuple[Sandbox, float, Outcome]:
        """Make a sandbox and have it load the function; return it, how long it took, and how."""
        initialization = spec.initialization_type(provisioned=provisioned)

        def open_log(stream: str) -> Stream:
            writer = Writer(spec.role, spec.name)
            appender = self._logs.appender(
                spec.account_id, spec.region, spec.log_group, stream, writer
            )
            lines = lines_of(spec, initialization, self._clock.time)
            log = Stream(appender, self._clock.time, lines)
            if tail:
                log.keep_tail()
            return log

        started = perf_counter()
        try:
            sandbox = self._pool.create(
                spec, open_log, snapshot=snapshot, source=source, provisioned=provisioned
            )
        except OSError as error:
            raise SandboxUnavailable(f"No sandbox could be made: {error.strerror}") from error
        # An image brings its runtime, of which nothing is known.
        version = "" if spec.image is not None else self._versions(spec.runtime)
        log = stream_of(sandbox)
        begin = log.lines.init_start if source is None else log.lines.restore_start
        log.platform(begin(version))
        outcome = await sandbox.start(limit_s, version, phase=phase)
        took = elapsed(started, limit_s, outcome)
        if sandbox.api is not None:
            status = _INIT_STATUS.get(outcome.ending, "error")
            kind = error_type(outcome) if status == "error" else ""
            sandbox.api.init_reported(took, status, kind)
        return sandbox, took, outcome


def _unavailable(spec: FunctionSpec, outcome: Outcome) -> ServiceError:
    if outcome.ending is Ending.NOT_MOUNTED and spec.mount is not None:
        _logger.error("The file system of %s could not be mounted: %s", spec.arn, outcome.reason)
        return FileSystemNotMounted(spec.mount[0])
    return SandboxUnavailable(f"No sandbox could be made: {outcome.reason}")


def _memory_full() -> TooManyRequests:
    return TooManyRequests(OF_ACCOUNT, "Rate Exceeded: this machine's memory is full.")


def error_type(outcome: Outcome) -> str:
    """The error type of a start that failed; "" where the runtime did not send a proper one."""
    if outcome.ending is Ending.EXTENSION:
        return outcome.error_type
    if outcome.ending is not Ending.INIT_ERROR:
        return report.exit_type(outcome.out_of_memory)
    return _described(outcome).get("errorType", "")


def _reason(outcome: Outcome, kind: str) -> str:
    message = _described(outcome).get("errorMessage", "")
    text = ": ".join(each for each in (kind, message) if each) or "it ended"
    return f"Your function failed to initialize: {text}"[:_REASON_CHARACTERS]


def _described(outcome: Outcome) -> dict[str, str]:
    """The texts of the error that a runtime sent; none where it is no proper one."""
    try:
        described = orjson.loads(outcome.payload)
    except ValueError:  # user code can write to the channel too
        return {}
    if not isinstance(described, dict):
        return {}
    return {name: value for name, value in described.items() if isinstance(value, str)}
