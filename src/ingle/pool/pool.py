"""Which sandbox serves an invocation: a warm one where there is one, else a new one."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from typing import Protocol

from ingle.clock import Clock
from ingle.pool.environment import Credentials
from ingle.pool.freezer import Freezer
from ingle.pool.memory import MB
from ingle.pool.sandbox import Sandbox
from ingle.pool.snapshots import Snapshots
from ingle.pool.spec import FunctionSpec
from ingle.sandbox.process import Listener, LockedProcess

_REAP_INTERVAL_S = 1.0
_ENDING_S = 0.02
_LINGER_S = 0.1
"""A new sandbox with its extensions takes about as long to start."""
_ROOM_S = 1.0
"""How long the start of a sandbox waits for memory."""
_ROOM_CHECK_S = 0.05
_LEAST_NEED = 8 * MB
_MOST_GUESSED = 8
"""A function that has not run yet is thought to need all the memory that it may have, but no more
than this part of what there is for all."""


class FreeMemory(Protocol):
    """Where the memory of new sandboxes comes from.

    Attributes:
        limit: the most that all of them may use together, in bytes.
    """

    limit: int

    def free(self) -> int:
        """Return what they can have, in bytes; less than 0 where they have too much."""
        ...


class Placement(Protocol):
    """Where sandboxes run: on this machine, behind a warden, or some day elsewhere."""

    def spawn(
        self,
        listener: Listener,
        *,
        runtime: str,
        code: str,
        layers: str,
        memory_mb: int,
        tmp_mb: int,
        snapshot: bool = False,
        source: LockedProcess | None = None,
        extensions: bool,
        mount: tuple[str, str] | None,
    ) -> LockedProcess:
        """Ask for a process; the listener learns what becomes of it.

        With `snapshot` others can be forked of it; with `source` it is forked of such a one.
        `mount` is the file system that it has, and where.
        """
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
        memory: what sandboxes can have.
        idle_s: how long a sandbox may be idle before it is ended.
        limit: the most sandboxes at a time; the one idle for longest gives way.
        overloaded: whether the log sink wants no more lines at the moment.
        want: told of a runtime that there are functions of.
        serve_endpoint: serves the AWS endpoint on a socket of a sandbox's own network; it returns
            what stops that.
        serve_traces: likewise takes what a function sends to X-Ray's daemon.
        endpoint: the URL of the AWS endpoint, as sandboxes find it.
        runtime_api: the host and port of the Runtime API, likewise.
        credentials: makes credentials of a function's role.

    Attributes:
        snapshots: those of versions with SnapStart.
    """

    def __init__(
        self,
        placement: Placement,
        clock: Clock,
        memory: FreeMemory,
        *,
        idle_s: float,
        limit: int,
        overloaded: Callable[[], bool],
        want: Callable[[str], None],
        serve_endpoint: Callable[[socket.socket], Callable[[], None]],
        serve_traces: Callable[[socket.socket, FunctionSpec], Callable[[], None]],
        endpoint: str,
        runtime_api: str,
        credentials: Callable[[FunctionSpec], Credentials],
    ) -> None:
        self._placement = placement
        self._clock = clock
        self._memory = memory
        self._idle_s = idle_s
        self._limit = limit
        self._overloaded = overloaded
        self._want = want
        self._serve_endpoint = serve_endpoint
        self._serve_traces = serve_traces
        self._freezer = Freezer()
        self._endpoint = endpoint
        self._runtime_api = runtime_api
        self._credentials = credentials
        self.snapshots = Snapshots(clock)
        self._loop = asyncio.get_running_loop()
        # By revision; the one that was used last is the last.
        self._idle: dict[str, dict[Sandbox, None]] = {}
        self._idle_order: dict[Sandbox, None] = {}
        self._lingering: dict[str, dict[Sandbox, None]] = {}
        self._by_function: dict[str, set[Sandbox]] = {}
        self._provisioned: dict[str, dict[Sandbox, None]] = {}
        # What functions needed so far, and what is kept back for sandboxes on their first run.
        self._peaks: dict[str, int] = {}
        self._young: dict[Sandbox, int] = {}
        self._kept_back = 0
        self._paused: list[Sandbox] = []
        self._any_paused = asyncio.Event()
        self._count = 0
        self._all_ended = asyncio.Event()
        self._all_ended.set()

    @property
    def count(self) -> int:
        """How many sandboxes there are."""
        return self._count

    def by_function(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Tell how many sandboxes each function has, and what they used of memory at most, in MB.

        A function is its account, region and name.
        """
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        for sandboxes in self._by_function.values():
            used = sum(each.peak_at_end for each in sandboxes) // MB
            spec = next(iter(sandboxes)).spec
            key = (spec.account_id, spec.region, spec.name)
            count, known = found.get(key, (0, 0))
            found[key] = (count + len(sandboxes), known + used)
        return found

    def prepare(self, runtime: str) -> None:
        """Make the first sandbox of this runtime quick."""
        self._placement.prepare(runtime)
        self._want(runtime)

    def take(self, spec: FunctionSpec) -> Sandbox | None:
        """Return a warm sandbox of this revision, or None; first those that are provisioned."""
        if self._provisioned:
            sandbox = self._take_of(self._provisioned.get(spec.revision_id))
            if sandbox is not None:
                return sandbox
        return self._take_of(self._idle.get(spec.revision_id))

    def _take_of(self, idle: dict[Sandbox, None] | None) -> Sandbox | None:
        now = self._clock.time()
        while idle:
            sandbox, _ = idle.popitem()
            self._idle_order.pop(sandbox, None)
            if sandbox.retired or sandbox.usable_until < now:
                self._freezer.forget(sandbox)
                sandbox.kill()  # unless it is ending already
                continue
            self._freezer.take(sandbox)
            return sandbox
        return None

    async def take_lingering(self, spec: FunctionSpec) -> Sandbox | None:
        """Return a sandbox whose extensions are soon done with its last invocation, or None.

        As long as this takes, nobody else waits for the same one.
        """
        lingering = self._lingering.get(spec.revision_id)
        if not lingering:
            return None
        sandbox = next(iter(lingering))
        self._forget_lingering(sandbox)
        if sandbox.after is not None:
            await asyncio.wait((sandbox.after,), timeout=_LINGER_S)
        return self.take(spec)

    def linger(self, sandbox: Sandbox) -> None:
        """Take note of a sandbox that has answered, and will be given back later."""
        self._lingering.setdefault(sandbox.spec.revision_id, {})[sandbox] = None

    def create(
        self,
        spec: FunctionSpec,
        open_log: Callable[[str], Callable[[str], None]],
        *,
        snapshot: bool = False,
        source: Sandbox | None = None,
        provisioned: bool = False,
    ) -> Sandbox:
        """Make a sandbox; `start` it next.

        Args:
            spec: what it is to run.
            open_log: gives, for the name of a log stream, what takes the events.
            snapshot: whether others are to be forked of it.
            source: the snapshot that it is to be forked of.
            provisioned: whether it is kept ready, however long it is idle.

        Raises:
            OSError: no process could be made.
            ServiceError: there are no credentials of the function's role to be had.
        """
        if self._count >= self._limit:
            self._evict()
        credentials = self._credentials(spec)
        day = time.strftime("%Y/%m/%d", time.gmtime(self._clock.time()))
        stream = f"{day}/[{spec.version}]{secrets.token_hex(16)}"
        sandbox = Sandbox(
            spec,
            stream,
            open_log(stream),
            credentials,
            clock=self._clock,
            kill=self._placement.kill,
            on_end=self._ended,
            overloaded=self._pause,
            serve_endpoint=self._serve_endpoint,
            serve_traces=self._serve_traces,
            endpoint=self._endpoint,
            source=source,
            runtime_api=self._runtime_api,
            provisioned=provisioned,
        )
        if source is not None:
            self.snapshots.forked(source, sandbox)
        if not snapshot:
            self._young[sandbox] = need = self._need(spec)
            self._kept_back += need
        self._count += 1
        self._all_ended.clear()
        self._by_function.setdefault(spec.arn, set()).add(sandbox)
        try:
            process = self._placement.spawn(
                sandbox,
                runtime=spec.runtime,
                code=spec.code_dir.name,
                layers="" if spec.layers_dir is None else spec.layers_dir.name,
                memory_mb=spec.memory_mb,
                tmp_mb=spec.ephemeral_mb,
                snapshot=snapshot,
                source=None if source is None else source.process,
                extensions=bool(spec.extensions),
                mount=spec.mount,
            )
        except OSError:
            self._ended(sandbox)
            raise
        sandbox.attach(process)
        return sandbox

    def give_back(self, sandbox: Sandbox, *, failed: bool = False) -> None:
        """Take a sandbox whose invocation is over; keep it warm or end it.

        Args:
            sandbox: which.
            failed: the handler gave an error, after which some languages' runtimes end: a moment
                tells whether this one does.
        """
        if failed and not sandbox.spec.runtime.startswith(("python3", "provided")):
            self._loop.call_later(_ENDING_S, self.give_back, sandbox)
            return
        self._forget_lingering(sandbox)
        self._kept_back -= self._young.pop(sandbox, 0)
        if sandbox.retired:
            sandbox.kill()
            return
        sandbox.idle_since = self._loop.time()
        spec = sandbox.spec
        if sandbox.peak_at_end > self._peaks.get(spec.arn, 0):
            self._peaks[spec.arn] = sandbox.peak_at_end
        kept = self._provisioned if sandbox.provisioned else self._idle
        idle = kept.get(spec.revision_id)
        if idle is None:
            idle = kept[spec.revision_id] = {}
        idle[sandbox] = None
        if not sandbox.provisioned:
            self._idle_order[sandbox] = None
        self._freezer.put(sandbox)

    def drop(self, function_arn: str) -> None:
        """Retire a function's sandboxes: the idle ones now, the busy ones when they are done."""
        for sandbox in list(self._by_function.get(function_arn, ())):
            self.retire(sandbox)
        self.snapshots.drop(function_arn)
        self._peaks.pop(function_arn, None)

    async def reap(self) -> None:
        """End what has been idle for too long, or when memory is short, for as long as this runs.

        Those idle for longest go first. What is provisioned stays.
        """
        while True:
            await asyncio.sleep(_REAP_INTERVAL_S)
            self._end_idle(-self._memory.free(), self._loop.time() - self._idle_s)

    async def make_room(self, spec: FunctionSpec) -> bool:
        """Wait until there is memory for a new sandbox; False where there is none in time.

        Sandboxes that are idle give way, those idle for longest first.
        """
        deadline = self._loop.time() + _ROOM_S
        while (short := self._short(spec)) > 0:
            self._end_idle(short, 0.0)
            if self._loop.time() >= deadline:
                return False
            await asyncio.sleep(_ROOM_CHECK_S)
            if self._idle.get(spec.revision_id):
                break
        return True

    def _short(self, spec: FunctionSpec) -> int:
        """How much memory is missing for one more sandbox, in bytes; 0 or less if none is."""
        need, free = self._need(spec), self._memory.free()
        if free - self._kept_back >= need:
            return 0
        kept_back = sum(
            max(0, min(needed, self._need(each.spec)) - each.peak_memory())
            for each, needed in self._young.items()
        )
        return need + kept_back - free

    def _need(self, spec: FunctionSpec) -> int:
        peak = self._peaks.get(spec.arn)
        if peak is None:
            return min(spec.memory_mb * MB, self._memory.limit // _MOST_GUESSED)
        return max(_LEAST_NEED, peak)

    def provisioned(self, revision_id: str) -> list[Sandbox]:
        """List the provisioned sandboxes of a revision that are idle."""
        return list(self._provisioned.get(revision_id, ()))

    def retire(self, sandbox: Sandbox) -> None:
        """End a sandbox, if it is idle now, else when it is given back."""
        sandbox.retired = True
        if self._remove_idle(sandbox):
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
            self.retire(sandbox)
            return

    def _end_idle(self, short: int, oldest: float) -> None:
        """End idle sandboxes until so much memory is freed, and those idle since before."""
        for sandbox in list(self._idle_order):
            if sandbox.idle_since > oldest and short <= 0:
                return
            short -= sandbox.peak_memory()
            self.retire(sandbox)
        if short > 0:
            self.snapshots.give_up_one()

    def _remove_idle(self, sandbox: Sandbox) -> bool:
        """Take a sandbox from those that are idle; False where it is not."""
        kept = self._provisioned if sandbox.provisioned else self._idle
        idle = kept.get(sandbox.spec.revision_id)
        if idle is None or sandbox not in idle:
            return False
        self._idle_order.pop(sandbox, None)
        self._freezer.forget(sandbox)
        del idle[sandbox]
        if not idle:
            del kept[sandbox.spec.revision_id]
        return True

    def _forget_lingering(self, sandbox: Sandbox) -> None:
        lingering = self._lingering.get(sandbox.spec.revision_id)
        if lingering is not None:
            lingering.pop(sandbox, None)
            if not lingering:
                del self._lingering[sandbox.spec.revision_id]

    def _ended(self, sandbox: Sandbox) -> None:
        self.snapshots.ended(sandbox)
        self._kept_back -= self._young.pop(sandbox, 0)
        self._forget_lingering(sandbox)
        self._remove_idle(sandbox)
        siblings = self._by_function.get(sandbox.spec.arn)
        if siblings is not None:
            siblings.discard(sandbox)
            if not siblings:
                del self._by_function[sandbox.spec.arn]
        self._count -= 1
        if self._count == 0:
            self._all_ended.set()
