"""Those who are in a sandbox beside its runtime, and the APIs that serve all of them.

The APIs are there from the start where somebody needs them: a runtime that speaks HTTP, or external
extensions. In any other sandbox they are made when the first connection comes, which an internal
extension opens while the handler is loaded. One that comes later can no longer take part.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Protocol

from ingle.clock import Clock
from ingle.pool.runtime_api import MAX_EXTENSIONS, Facts, Failure, RuntimeApi
from ingle.pool.spec import FunctionSpec
from ingle.pool.supervision import Supervision
from ingle.runtimes.python import frames


class Host(Protocol):
    """The sandbox, as its company sees it."""

    emit: Callable[[str], None]

    @property
    def spec(self) -> FunctionSpec:
        """What it runs."""
        ...

    @property
    def facts(self) -> Facts:
        """What its processes learn of it."""
        ...

    @property
    def phase(self) -> str:
        """In which phase it is initialised: `init`, or `invoke` when that is tried again."""
        ...

    @property
    def runtime_version(self) -> str:
        """The full version of its interpreter."""
        ...

    @property
    def initialised(self) -> bool:
        """Whether its init phase is over."""
        ...

    def initialise(self) -> None:
        """Every extension has registered, so that the runtime may start."""
        ...

    def extension_environment(self) -> dict[str, str]:
        """Return the variables of the external extensions."""
        ...

    def take(self, kind: int, body: bytes) -> None:
        """Take a frame of the runtime."""
        ...

    def became_idle(self) -> None:
        """The runtime and every extension are done with the invocation."""
        ...

    def extension_failed(self, failure: Failure) -> None:
        """An extension has ruined the sandbox."""
        ...

    def extension_wrote(self, data: bytes) -> bool:
        """Take what extensions wrote; False pauses the reading."""
        ...

    def runtime_ended(self, status: int) -> None:
        """The runtime's process ended with this wait status."""
        ...


class Company:
    """The extensions of one sandbox, and the Runtime, Extensions, Telemetry and Logs APIs.

    Args:
        host: the sandbox.
        clock: times everything.
        listening: descriptor of the socket on which the APIs are awaited.
        spare: descriptor of an unconnected socket of the sandbox, for a subscriber to telemetry.

    Attributes:
        api: the APIs, where somebody takes part in the sandbox's life through them.
    """

    __slots__ = (
        "_api_later",
        "_clock",
        "_descriptors",
        "_ending",
        "_failed",
        "_host",
        "_initialising",
        "_knocking",
        "_loop",
        "_runtime_gone",
        "_supervision",
        "api",
    )

    def __init__(self, host: Host, clock: Clock, listening: int, spare: int) -> None:
        self.api: RuntimeApi | None = None
        self._host = host
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._descriptors = [listening, spare]
        self._knocking = False
        self._api_later: RuntimeApi | None = None
        self._supervision: Supervision | None = None
        self._initialising: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._runtime_gone: asyncio.Event | None = None
        self._failed = False
        if host.spec.extensions:
            return  # they come with `accompany`
        if host.spec.speaks_http:
            self.api = self._make(host.take)
            return
        self._knocking = True
        self._loop.add_reader(listening, self._open)

    @property
    def supervised(self) -> bool:
        """Whether the runtime has a process above it that tells of its end."""
        return self._supervision is not None

    @property
    def patient(self) -> bool:
        """Whether somebody must be asked before the sandbox is ended."""
        return self.api is not None and self.api.shutdown_s > 0

    def accompany(self, descriptors: Sequence[int]) -> None:
        """Start the external extensions; these came with the EXTENSIONS frame."""
        control, output, *sockets = descriptors
        self._descriptors += sockets
        self._runtime_gone = asyncio.Event()
        self.api = self._make(self._host.take)
        self._supervision = Supervision(control, output, self, self._host.extension_wrote)
        names = self._host.spec.extensions[:MAX_EXTENSIONS]
        self._supervision.start(names, self._host.extension_environment())
        self._initialising = self._loop.create_task(self._initialise(self.api))

    def resume_output(self) -> None:
        """Read on what extensions write."""
        if self._supervision is not None:
            self._supervision.resume_output()

    def kill_runtime(self) -> None:
        """End the runtime's process; `runtime_ended` follows. Extensions go on."""
        if self._supervision is not None:
            self._supervision.signal(signal.SIGKILL)

    def end(self, reason: str, error_type: str, then: Callable[[], None]) -> None:
        """Let everybody end, then call `then`; once only.

        Args:
            reason: `spindown`, `timeout` or `failure`.
            error_type: of what went wrong, for `failure`.
            then: ends what is left.
        """
        if self.api is not None and self._ending is None:
            self._failed = True
            work = self._shut_down(self.api, reason, error_type, then)
            self._ending = self._loop.create_task(work)

    def finish(self) -> None:
        """Take what the processes, which have ended, left behind."""
        if self._supervision is not None:
            self._supervision.finish()

    def close(self) -> None:
        """Let go of everything."""
        for task in (self._initialising, self._ending):
            if task is not None:
                task.cancel()
        for api in (self.api, self._api_later):
            if api is not None:
                api.close()
        if self._knocking:
            self._knocking = False
            self._loop.remove_reader(self._descriptors[0])
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    # What the process above the runtime tells.

    def runtime_ended(self, status: int) -> None:
        """The runtime's process ended."""
        if self._runtime_gone is not None:
            self._runtime_gone.set()
        self._host.runtime_ended(status)

    def extension_ended(self, name: str, status: int) -> None:
        """An extension's process ended."""
        if self.api is not None:
            self.api.extension_exited(name, status)

    def extension_not_launched(self, name: str, reason: str, *, permission: bool) -> None:
        """An extension could not be started."""
        if self.api is not None:
            self.api.extension_not_launched(name, reason, permission=permission)

    # How it does that.

    def _make(self, on_frame: Callable[[int, bytes], None]) -> RuntimeApi:
        host = self._host
        (listening, *sockets), self._descriptors = self._descriptors, []
        api = RuntimeApi(
            listening,
            self._clock,
            on_frame,
            on_idle=host.became_idle,
            on_failure=self._fail,
            emit=host.emit,
            facts=host.facts,
            extensions=host.spec.extensions,
            managed=not host.spec.speaks_http,
            sockets=sockets,
        )
        api.init_started(host.runtime_version, phase=host.phase)
        return api

    def _open(self) -> None:
        """Make the APIs for the first who asks for them."""
        self._knocking = False
        self._loop.remove_reader(self._descriptors[0])
        if self._host.initialised:
            self._api_later = self._make(lambda kind, body: None)
            self._api_later.from_runtime(frames.READY, b"")
        else:
            self.api = self._make(self._host.take)

    def _fail(self, failure: Failure) -> None:
        self._failed = True
        self._host.extension_failed(failure)

    async def _initialise(self, api: RuntimeApi) -> None:
        await api.extensions_registered()
        if not self._failed:
            self._host.initialise()

    async def _shut_down(
        self, api: RuntimeApi, reason: str, error_type: str, then: Callable[[], None]
    ) -> None:
        deadline_s = self._clock.time() + api.shutdown_s
        try:
            if self._supervision is not None and self._runtime_gone is not None:
                self._supervision.signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(self._runtime_gone.wait(), api.runtime_shutdown_s)
                except TimeoutError:
                    self.kill_runtime()
            await api.shutdown(reason, int(deadline_s * 1000), error_type)
        finally:
            then()
