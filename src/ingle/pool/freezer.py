"""Stops the processes of idle sandboxes, so that their background threads take no time."""

import asyncio

from ingle.pool.sandbox import Sandbox

IDLE_S = 0.1
"""A sandbox that is invoked again sooner is spared the trouble."""


class Freezer:
    """Freezes sandboxes a moment after their invocation, and thaws them for the next."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._warm: dict[Sandbox, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def put(self, sandbox: Sandbox) -> None:
        """Freeze a sandbox, which has just become idle, unless it is taken soon."""
        self._warm[sandbox] = None
        if self._timer is None:
            self._timer = self._loop.call_later(IDLE_S, self._freeze)

    def take(self, sandbox: Sandbox) -> None:
        """Have a sandbox run again."""
        if sandbox in self._warm:
            del self._warm[sandbox]
        else:
            sandbox.thaw()

    def forget(self, sandbox: Sandbox) -> None:
        """Leave a sandbox as it is: it is about to end."""
        self._warm.pop(sandbox, None)

    def _freeze(self) -> None:
        due = self._loop.time() - IDLE_S
        for sandbox in list(self._warm):
            if sandbox.idle_since > due:
                self._timer = self._loop.call_at(sandbox.idle_since + IDLE_S, self._freeze)
                return
            del self._warm[sandbox]
            sandbox.freeze()
        self._timer = None
