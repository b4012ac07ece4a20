"""Which sandbox serves an invocation: a warm one where there is one, else a new one."""

import asyncio
import collections
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from ingle.clock import Clock
from ingle.pool.sandbox import Sandbox
from ingle.pool.spec import FunctionSpec
from ingle.sandbox.process import Listener, LockedProcess

DESCRIPTORS = 1024
"""Open files a sandbox may have;
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_REAP_INTERVAL_S = 5.0


class Placement(Protocol):
    """Where sandboxes run: on this machine, behind a warden, or some day elsewhere."""

    def spawn(
        self,
        listener: Listener,
        *,
        runtime: str,
        code: str,
        memory_mb: int,
        tmp_mb: int,
        descriptors: int,
    ) -> LockedProcess:
        """Ask for a process; the listener learns what becomes of it."""
        ...

    def kill(self, process: LockedProcess) -> None:
        """End a process."""
        ...

    def prepare(self, runtime: str) -> None:
        """Make the runtime's first sandbox quick."""
        ...


class Pool:
    """Keeps the sandboxes of all functions.

    Args:
        placement: makes and ends processes.
        clock: names the log streams by date.
        idle_s: how long a sandbox may be idle before it is ended.
        limit: the most sandboxes at a time; the one idle for longest gives way.
        overloaded: whether the log sink wants no more lines at the moment.
    """

    def __init__(
        self,
        placement: Placement,
        clock: Clock,
        *,
        idle_s: float,
        limit: int,
        overloaded: Callable[[], bool],
    ) -> None:
        self._placement = placement
        self._clock = clock
        self._idle_s = idle_s
        self._limit = limit
        self._overloaded = overloaded
        self._loop = asyncio.get_running_loop()
        self._idle: dict[str, collections.deque[Sandbox]] = {}
        self._idle_order: dict[Sandbox, None] = {}
        self._by_function: dict[str, set[Sandbox]] = {}
        self._paused: list[Sandbox] = []
        self._any_paused = asyncio.Event()
        self._count = 0
        self._all_ended = asyncio.Event()
        self._all_ended.set()

    @property
    def count(self) -> int:
        """How many sandboxes there are."""
        return self._count

    def prepare(self, runtime: str) -> None:
        """Make the first sandbox of this runtime quick."""
        self._placement.prepare(runtime)

    def take(self, spec: FunctionSpec) -> Sandbox | None:
        """Return a warm sandbox of this revision, or None."""
        idle = self._idle.get(spec.revision_id)
        while idle:
            sandbox = idle.pop()
            del self._idle_order[sandbox]
            if not sandbox.retired:  # one that is ending is not gone yet
                return sandbox
        return None

    def create(
        self, spec: FunctionSpec, open_log: Callable[[str], Callable[[str], None]]
    ) -> Sandbox:
        """Make a sandbox; `start` it next.

        Args:
            spec: what it is to run.
            open_log: gives, for the name of a log stream, what takes the events.
        """
        if self._count >= self._limit:
            self._evict()
        day = time.strftime("%Y/%m/%d", time.gmtime(self._clock.time()))
        stream = f"{day}/[{spec.version}]{secrets.token_hex(16)}"
        sandbox = Sandbox(
            spec,
            stream,
            open_log(stream),
            clock=self._clock,
            kill=self._placement.kill,
            on_end=self._ended,
            overloaded=self._pause,
        )
        self._count += 1
        self._all_ended.clear()
        self._by_function.setdefault(spec.arn, set()).add(sandbox)
        try:
            process = self._placement.spawn(
                sandbox,
                runtime=spec.runtime,
                code=spec.code_dir.name,
                memory_mb=spec.memory_mb,
                tmp_mb=spec.ephemeral_mb,
                descriptors=DESCRIPTORS,
            )
        except OSError:
            self._ended(sandbox)
            raise
        sandbox.attach(process)
        return sandbox

    def give_back(self, sandbox: Sandbox) -> None:
        """Take a sandbox whose invocation is over; keep it warm or end it."""
        if sandbox.retired:
            sandbox.kill()
            return
        sandbox.idle_since = self._loop.time()
        key = sandbox.spec.revision_id
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = collections.deque()
        idle.append(sandbox)
        self._idle_order[sandbox] = None

    def drop(self, function_arn: str) -> None:
        """Retire a function's sandboxes: the idle ones now, the busy ones when they are done."""
        for sandbox in list(self._by_function.get(function_arn, ())):
            sandbox.retired = True
            if sandbox in self._idle_order:
                self._remove_idle(sandbox)
                sandbox.kill()

    async def reap(self) -> None:
        """End what has been idle for too long, for as long as this runs."""
        while True:
            await asyncio.sleep(_REAP_INTERVAL_S)
            oldest = self._loop.time() - self._idle_s
            for sandbox in list(self._idle_order):
                if sandbox.idle_since > oldest:
                    break
                self._remove_idle(sandbox)
                sandbox.kill()

    async def paused(self) -> None:
        """Return once the output of some sandbox waits for the log sink."""
        await self._any_paused.wait()

    def resume(self) -> None:
        """Read the output of paused sandboxes again."""
        self._any_paused.clear()
        paused, self._paused = self._paused, []
        for sandbox in paused:
            sandbox.resume_output()

    async def close(self, deadline_s: float) -> None:
        """End every sandbox and wait until they are gone, but no longer than the deadline."""
        for sandboxes in list(self._by_function.values()):
            for sandbox in list(sandboxes):
                sandbox.kill()
        try:
            await asyncio.wait_for(self._all_ended.wait(), deadline_s)
        except TimeoutError:
            return  # the warden, which goes next, ends them all

    def _pause(self, sandbox: Sandbox) -> bool:
        if not self._overloaded():
            return False
        self._paused.append(sandbox)
        self._any_paused.set()
        return True

    def _evict(self) -> None:
        for sandbox in self._idle_order:
            self._remove_idle(sandbox)
            sandbox.kill()
            return

    def _remove_idle(self, sandbox: Sandbox) -> None:
        if sandbox in self._idle_order:
            del self._idle_order[sandbox]
            key = sandbox.spec.revision_id
            self._idle[key].remove(sandbox)
            if not self._idle[key]:
                del self._idle[key]

    def _ended(self, sandbox: Sandbox) -> None:
        self._remove_idle(sandbox)
        if not self._idle.get(sandbox.spec.revision_id, True):
            del self._idle[sandbox.spec.revision_id]
        siblings = self._by_function.get(sandbox.spec.arn)
        if siblings is not None:
            siblings.discard(sandbox)
            if not siblings:
                del self._by_function[sandbox.spec.arn]
        self._count -= 1
        if self._count == 0:
            self._all_ended.set()
