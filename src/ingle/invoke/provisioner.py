"""Keeps initialised sandboxes ready for versions with provisioned concurrency.

Source: https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from ingle.clock import Clock
from ingle.invoke.errors import InitFailed
from ingle.invoke.starter import Starter
from ingle.pool.pool import Pool
from ingle.pool.sandbox import Sandbox
from ingle.pool.spec import FunctionSpec
from ingle.wire.errors import ServiceError

_AT_ONCE = 8
"""How many are started at a time, of all versions."""
_CHECK_S = 0.5
_RETRY_S = 60.0
"""When a version whose initialisation failed is tried again."""
_RENEW_S = 300.0
"""How long before its credentials end a sandbox is replaced."""
_logger = logging.getLogger("ingle.provisioner")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the provisioned concurrency of a version is.

    Attributes:
        ready: how many sandboxes have been initialised.
        failure: why no more could be, or "".
    """

    ready: int
    failure: str = ""


@dataclass(slots=True)
class _Provision:
    spec: FunctionSpec
    count: int
    sandboxes: set[Sandbox] = field(default_factory=set)
    starting: int = 0
    failure: str = ""
    retry_at: float = 0.0


class Provisioner:
    """Starts what is missing, replaces what ended, and ends what is too much.

    Args:
        pool: where the sandboxes are kept.
        starter: starts them.
        clock: the time.
    """

    def __init__(self, pool: Pool, starter: Starter, clock: Clock) -> None:
        self._pool = pool
        self._starter = starter
        self._clock = clock
        self._provisions: dict[str, _Provision] = {}
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._changed = asyncio.Event()

    def provision(self, spec: FunctionSpec, count: int) -> None:
        """Keep so many sandboxes of a version ready."""
        provision = self._provisions.setdefault(spec.revision_id, _Provision(spec, count))
        provision.count = count
        provision.failure, provision.retry_at = "", 0.0
        self._changed.set()

    def withdraw(self, revision_id: str) -> None:
        """Keep none of a version ready any more."""
        provision = self._provisions.get(revision_id)
        if provision is not None:
            provision.count = 0
            self._changed.set()

    def standing(self, revision_id: str) -> Standing:
        """Tell how far a version is."""
        provision = self._provisions.get(revision_id)
        if provision is None:
            return Standing(0)
        ready = sum(1 for each in provision.sandboxes if _serves(each))
        return Standing(ready, provision.failure)

    async def keep(self) -> None:
        """Do it, for as long as this runs."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                for provision in list(self._provisions.values()):
                    self._level(provision, group)
                try:
                    async with asyncio.timeout(_CHECK_S if self._provisions else None):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    def _level(self, provision: _Provision, group: asyncio.TaskGroup) -> None:
        renew = self._clock.time() + _RENEW_S
        provision.sandboxes = {each for each in provision.sandboxes if _serves(each)}
        for sandbox in self._pool.provisioned(provision.spec.revision_id):
            if sandbox.usable_until < renew:
                self._retire(provision, sandbox)
        for sandbox in self._surplus(provision):
            self._retire(provision, sandbox)
        if not provision.count and not provision.starting:
            del self._provisions[provision.spec.revision_id]
        elif provision.retry_at <= self._clock.monotonic():
            missing = provision.count - len(provision.sandboxes) - provision.starting
            for _ in range(missing):
                provision.starting += 1
                group.create_task(self._start(provision))

    def _surplus(self, provision: _Provision) -> list[Sandbox]:
        """Those that are too many, first those that are idle."""
        idle = set(self._pool.provisioned(provision.spec.revision_id))
        ordered = sorted(provision.sandboxes, key=lambda each: each not in idle)
        return ordered[: max(0, len(ordered) - provision.count)]

    def _retire(self, provision: _Provision, sandbox: Sandbox) -> None:
        provision.sandboxes.discard(sandbox)
        self._pool.retire(sandbox)

    async def _start(self, provision: _Provision) -> None:
        try:
            async with self._few:
                if provision.retry_at > self._clock.monotonic():
                    return  # another one has failed meanwhile
                sandbox = await self._starter.start_provisioned(provision.spec)
        except (InitFailed, ServiceError) as error:
            provision.failure = error.reason if isinstance(error, InitFailed) else str(error)
            provision.retry_at = self._clock.monotonic() + _RETRY_S
            return
        except Exception:
            _logger.exception("A sandbox of %s could not be provisioned", provision.spec.arn)
            provision.failure = "An internal error occurred."
            provision.retry_at = self._clock.monotonic() + _RETRY_S
            return
        finally:
            provision.starting -= 1
            self._changed.set()
        provision.failure = ""
        provision.sandboxes.add(sandbox)
        self._pool.give_back(sandbox)


def _serves(sandbox: Sandbox) -> bool:
    return sandbox.alive and not sandbox.retired
