"""Durable executions as a whole: how they start, what is asked of them, and how they go on.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html and the pages of the
operations, which `ingle.services.lambda_.durable` names.
"""

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.durable.callbacks import Callbacks
from ingle.invoke.durable.checkpoints import Checkpoints
from ingle.invoke.durable.control import Control
from ingle.invoke.durable.errors import AlreadyStarted, ExecutionNotFound
from ingle.invoke.durable.functions import Functions
from ingle.invoke.durable.keeper import Keeper, Work
from ingle.invoke.durable.model import Execution
from ingle.invoke.durable.runner import Runner
from ingle.invoke.durable.store import DurableStore, written
from ingle.invoke.durable.transitions import begin
from ingle.storage.database import Database
from ingle.storage.tasks import finish

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

STEADY_PER_PROCESSOR = 16
"""Executions that are invoked at the same time; each function can have one beyond that."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an execution is started with.

    Attributes:
        function: account, region and name of the function.
        version: the version that is to run.
        name: what its caller calls it, or None.
        input: the payload, JSON.
        is_event: whether nobody waits for its answer.
        trace: the trace header that it gets.
        timeout_s: how long it may take.
        retention_days: how long it is kept.
    """

    function: tuple[str, str, str]
    version: str
    name: str | None
    input: str
    is_event: bool
    trace: str
    timeout_s: int
    retention_days: int


class DurableExecutions:
    """All durable executions.

    Args:
        database: where they are kept.
        functions: knows what they run.
        invoker: runs it.
        clock: the time of day.
        concurrency: how many invocations the invoker runs at once in an account and region; half
            of that is left to others.

    Attributes:
        checkpoints: what functions ask while they run.
        callbacks: what those ask who complete callbacks.
        control: what others ask.
    """

    def __init__(
        self,
        database: Database,
        functions: Functions,
        invoker: "Invoker",
        clock: Clock,
        *,
        concurrency: int,
    ) -> None:
        self._database = database
        self._functions = functions
        self._store = DurableStore(database)
        runner = Runner(functions, invoker)
        most = max(1, concurrency // 2)
        self._keeper = Keeper(
            self._store,
            database,
            Work(
                lambda key: runner.run(self._keeper, key),
                lambda key: runner.call(self._keeper, key),
            ),
            clock,
            steady=min(most, STEADY_PER_PROCESSOR * (os.cpu_count() or 1)),
            most=most,
        )
        self.checkpoints = Checkpoints(self._keeper, functions)
        self.callbacks = Callbacks(self._keeper)
        self.control = Control(self._keeper, self._store)

    async def start(self) -> None:
        """Take up the executions that are not over."""
        await self._keeper.start()

    def stop(self) -> None:
        """Invoke no more functions; those that run go on, and may checkpoint."""
        self._keeper.stop()

    async def close(self) -> None:
        """Cut off what still runs; the next start takes it up again."""
        await self._keeper.close()

    async def begin(self, beginning: Beginning) -> Execution:
        """Start an execution, which is on disk when this returns; or find the one of that name.

        Raises:
            AlreadyStarted: the one of that name has another payload or another version.
        """
        now_ms = self._keeper.now_ms()
        account_id, region, function = beginning.function
        execution = Execution(
            id=str(uuid.uuid4()),
            account_id=account_id,
            region=region,
            function=function,
            version=beginning.version,
            name=beginning.name or str(uuid.uuid4()),
            started_ms=now_ms,
            input=beginning.input,
            is_event=beginning.is_event,
            trace=beginning.trace,
            timeout_s=beginning.timeout_s,
            retention_days=beginning.retention_days,
            deadline_ms=now_ms + beginning.timeout_s * 1000,
        )
        begin(execution)

        async def write(connection: AsyncConnection) -> Execution | None:
            if beginning.name is not None:
                found = await self._store.find(connection, beginning.function, beginning.name)
                if found is not None:
                    return found
            await self._store.insert(connection, execution)
            return None

        async def run() -> Execution | None:
            there = await self._database.write(write)
            if there is None:
                written(execution)
                self._keeper.begun(execution)
            return there

        there = await finish(run())
        if there is None:
            return execution
        if (there.version, there.input) != (beginning.version, beginning.input):
            raise AlreadyStarted(there.arn)
        return there

    async def ended(self, id: str) -> Execution:
        """Return an execution, without its operations, once it is over.

        Raises:
            ExecutionNotFound: it is deleted.
            ShuttingDown: the server is stopping.
        """
        async with self._keeper.ending(id) as ending:
            execution = await self._store.load(id, whole=False)
            if execution is None:
                raise ExecutionNotFound
            return execution if execution.is_closed else await ending
