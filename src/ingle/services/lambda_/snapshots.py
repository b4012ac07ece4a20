"""Makes the snapshots of versions with SnapStart, and tells of it in the versions' states.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-function-states.
A version that is published is `Pending` until its snapshot is made. Snapshots live as long as the
server: those of the versions that there are at its start are made then, one after another, and
until theirs is, versions start as any others do.
"""

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.auth.sessions import RoleMissing
from ingle.clock import Clock
from ingle.invoke.errors import InitFailed
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.model import ACTIVE, FAILED, PENDING, Function, FunctionKey
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import ServiceError

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_AT_ONCE = 4
"""How many versions are initialised at a time when they are published."""
_SWEEP_S = 5.0
_RETRY_S = 600.0
"""When a snapshot that could not be made anew is tried again."""
_logger = logging.getLogger("ingle.snapshots")


class Snapshots:
    """Sees to it that versions with SnapStart have a snapshot.

    Args:
        store: where versions are kept.
        invocations: knows what the pool needs to know of a version.
        invoker: makes the snapshots.
        changing: the lock of each function.
        clock: the time.
        possible: whether this machine can; else versions start as any others do.
    """

    def __init__(
        self,
        store: LambdaStore,
        invocations: Invocations,
        invoker: "Invoker",
        changing: KeyedLocks[FunctionKey],
        clock: Clock,
        possible: bool,
    ) -> None:
        self._store = store
        self._invocations = invocations
        self._invoker = invoker
        self._changing = changing
        self._clock = clock
        self._possible = possible
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._group: asyncio.TaskGroup | None = None
        # By content id: when to try again.
        self._failed: dict[str, float] = {}

    def take(self, version: Function) -> None:
        """Begin with the snapshot of a version that was published, if it is to have one."""
        if self._group is not None and version.state == PENDING and has_snapshots(version):
            self._group.create_task(self._publish(version))

    async def keep(self) -> None:
        """Make snapshots, of new versions and of those that lack one, for as long as this runs."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for each in self._store.snap_started():
                self.take(each)
            while True:
                if self._possible:
                    await self._renew()
                await self._clock.sleep(_SWEEP_S)

    async def _publish(self, version: Function) -> None:
        async with self._few:
            settled = replace(version, state=ACTIVE, state_reason="", state_reason_code="")
            try:
                spec = await self._invocations.spec(version)
                if not spec.snap_start:
                    _logger.warning(
                        "%s has external extensions or a wrapper script, processes that no "
                        "snapshot can hold: its sandboxes start without one",
                        version.version_arn,
                    )
                elif self._possible:
                    await self._invoker.make_snapshot(spec)
            except InitFailed as error:
                settled = _failed(version, error.reason, error.code)
            except RoleMissing as error:
                settled = _failed(version, error.message, "InsufficientRolePermissions")
            except ServiceError as error:
                settled = _failed(version, str(error), "InternalError")
            except Exception:
                _logger.exception("The snapshot of %s could not be made", version.version_arn)
                settled = _failed(version, "An internal error occurred.", "InternalError")
            async with self._changing(version.key):
                now = self._current(version)
                if now is not None:
                    await self._store.settle(
                        replace(
                            now,
                            state=settled.state,
                            state_reason=settled.state_reason,
                            state_reason_code=settled.state_reason_code,
                        )
                    )

    async def _renew(self) -> None:
        """Make the snapshots that are missing or old, one after another."""
        versions = self._store.snap_started()
        there = {each.content_id for each in versions}
        self._failed = {each: when for each, when in self._failed.items() if each in there}
        for version in versions:
            if version.state != ACTIVE or self._current(version) is None:
                continue
            if self._failed.get(version.content_id, 0.0) > self._clock.monotonic():
                continue
            try:
                spec = await self._invocations.spec(version)
                if self._invoker.lacks_snapshot(spec):
                    await self._invoker.make_snapshot(spec)
            except Exception as error:
                self._failed[version.content_id] = self._clock.monotonic() + _RETRY_S
                _logger.warning("%s has no snapshot: %s", version.version_arn, error)

    def _current(self, version: Function) -> Function | None:
        """The version as it is now, if it is still there."""
        current = self._store.version(version.key, version.version)
        if current is None or current.content_id != version.content_id:
            return None
        return current


def _failed(version: Function, reason: str, code: str) -> Function:
    return replace(version, state=FAILED, state_reason=reason, state_reason_code=code)
