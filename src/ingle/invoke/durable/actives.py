"""The executions that somebody is working on, each by one at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingle.invoke.durable.errors import ExecutionNotFound
from ingle.invoke.durable.model import Execution
from ingle.invoke.durable.store import DurableStore, written
from ingle.invoke.durable.tokens import CheckpointToken
from ingle.storage.database import Database


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """The answer to a checkpoint.

    Attributes:
        token: for the next one, or None where there may be none.
        operations: what the function did not know, in AWS's form, times in milliseconds.
    """

    token: str | None
    operations: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LastCheckpoint:
    """The checkpoint that was made last, which is answered again if it is sent again.

    Attributes:
        token: with which it was made.
        client_token: what its sender knows it by.
        answer: what it was answered.
    """

    token: str
    client_token: str
    answer: Checkpointed


@dataclass(slots=True)
class Invocation:
    """An invocation that is running.

    Attributes:
        id: a UUID; its request id, too.
        started_ms: when it was started, in milliseconds since the epoch.
        sequence: how many checkpoints it has made.
        last: the last of them, if its sender named it.
        revoked: whether it may make no more of them.
    """

    id: str
    started_ms: int
    sequence: int = 0
    last: LastCheckpoint | None = None
    revoked: bool = False

    def token(self, execution_id: str) -> str:
        """Return the token that its next checkpoint is to be made with."""
        return str(CheckpointToken(execution_id, self.id, self.sequence))


@dataclass(slots=True, eq=False)
class Active:
    """An execution in memory.

    Attributes:
        id: the execution's.
        execution: the execution as it is on disk, or None before it is read.
        invocation: the one that runs, if one does.
        calls: the operations whose functions are being invoked.
    """

    id: str
    execution: Execution | None = None
    invocation: Invocation | None = None
    calls: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Actives:
    """All of them.

    Args:
        store: where executions are.
        database: writes them.
    """

    def __init__(self, store: DurableStore, database: Database) -> None:
        self._store = store
        self._database = database
        self._actives: dict[str, Active] = {}

    @contextlib.asynccontextmanager
    async def opened(self, id: str) -> AsyncIterator[tuple[Active, Execution]]:
        """Have an execution for oneself; what is changed must be kept with `keep`.

        Raises:
            ExecutionNotFound: there is none.
        """
        active = self._actives.get(id)
        if active is None:
            active = self._actives[id] = Active(id)
        active.users += 1
        try:
            async with active.lock:
                if active.execution is None:
                    active.execution = await self._store.load(id)
                if active.execution is None:
                    raise ExecutionNotFound
                try:
                    yield active, active.execution
                finally:
                    if active.execution is not None and _is_dirty(active.execution):
                        # It was not kept, for whatever reason, so it is not so.
                        active.execution = None
        finally:
            active.users -= 1
            if not active.users and active.invocation is None and not active.calls:
                self._actives.pop(id, None)

    async def keep(self, active: Active, execution: Execution) -> None:
        """Write what was changed; it is on disk when this returns.

        Raises:
            StorageError: it could not be written; it will be read anew.
        """

        try:
            await self._database.write(lambda connection: self._store.update(connection, execution))
        except BaseException:
            active.execution = None
            raise
        written(execution)

    async def forget(self, active: Active) -> None:
        """Delete an execution."""
        active.execution = None
        await self._database.write(lambda connection: self._store.delete(connection, active.id))


def _is_dirty(execution: Execution) -> bool:
    return bool(execution.touched or execution.told or execution.children)
