"""Keeps executions, and sees to it that what they need next is done."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from ingle.clock import Clock
from ingle.invoke.durable.actives import Active, Actives
from ingle.invoke.durable.crew import Crew
from ingle.invoke.durable.errors import ExecutionNotFound
from ingle.invoke.durable.model import Execution
from ingle.invoke.durable.store import DurableStore
from ingle.invoke.durable.timetable import HELD, Timetable
from ingle.invoke.durable.transitions import next_due_ms, pass_time, wake
from ingle.invoke.errors import ShuttingDown
from ingle.storage.database import Database
from ingle.storage.tasks import finish

_LOOKING = 16
"""Executions that are looked at at the same time for the sake of time alone."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with executions.

    Attributes:
        run: invokes the function of an execution, or tells its parent of its end.
        call: invokes a function that is not durable, for an operation of an execution.
    """

    run: Callable[[str], Awaitable[None]]
    call: Callable[[tuple[str, str]], Awaitable[None]]


class Keeper:
    """All executions, and what is to be done with them.

    Args:
        store: where they are.
        database: writes them.
        work: what is done.
        clock: the time of day.
        steady: how many functions are invoked at the same time, and how many by chained invocations
            as well.
        most: the same, as long as each function has one of the others.
    """

    def __init__(
        self,
        store: DurableStore,
        database: Database,
        work: Work,
        clock: Clock,
        *,
        steady: int,
        most: int,
    ) -> None:
        self._actives = Actives(store, database)
        self._clock = clock
        self._looks: Crew[str] = Crew(self._look, _LOOKING, _LOOKING)
        self._runs: Crew[str] = Crew(work.run, steady, most)
        self._calls: Crew[tuple[str, str]] = Crew(work.call, steady, most)
        self._timetable = Timetable(store.wakes, clock, self._looks.add, self._has_room)
        self._waiting: dict[str, set[asyncio.Future[Execution]]] = {}
        self._stopped = False

    async def start(self) -> None:
        """Take up what is on disk."""
        await self._timetable.start()

    def stop(self) -> None:
        """Begin with nothing more; those who wait are told."""
        self._stopped = True
        for crew in (self._looks, self._runs, self._calls):
            crew.stop()
        for waiting in self._waiting.values():
            for future in waiting:
                if not future.done():
                    future.set_exception(_stopping())
        self._waiting.clear()

    async def close(self) -> None:
        """Cut off what is under way; it is taken up again by the next start."""
        self.stop()
        await self._timetable.close()
        for crew in (self._looks, self._runs, self._calls):
            await crew.close()

    def opened(self, id: str) -> contextlib.AbstractAsyncContextManager[tuple[Active, Execution]]:
        """Have an execution for oneself; what is changed must be kept with `keep`.

        Raises:
            ExecutionNotFound: there is none.
        """
        return self._actives.opened(id)

    async def keep(self, active: Active, execution: Execution) -> None:
        """Write what was changed, and have done what follows from it, also for who is cancelled.

        Raises:
            StorageError: it could not be written.
        """
        await finish(self._keep(active, execution))

    async def forget(self, active: Active) -> None:
        """Delete an execution."""
        await finish(self._actives.forget(active))

    def begun(self, execution: Execution) -> None:
        """Have an execution run that is on disk, and ready."""
        if len(self._runs) < HELD:
            self._runs.add(execution.id, execution.function_key)
        else:
            self._timetable.set(execution.id, execution.ready_ms or 0)

    @contextlib.asynccontextmanager
    async def ending(self, id: str) -> AsyncIterator["asyncio.Future[Execution]"]:
        """Give what is done when an execution is over; it must be made before that can be.

        Raises:
            ShuttingDown: the server is stopping.
        """
        if self._stopped:
            raise _stopping()
        future: asyncio.Future[Execution] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, set()).add(future)
        try:
            yield future
        finally:
            waiting = self._waiting.get(id)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._waiting[id]
            if future.done() and not future.cancelled():
                future.exception()

    def now_ms(self) -> int:
        """The time of day, in milliseconds since the epoch."""
        return int(self._clock.time() * 1000)

    async def _keep(self, active: Active, execution: Execution) -> None:
        children = list(execution.children)
        await self._actives.keep(active, execution)
        for child in children:
            self.begun(child)
        if execution.is_closed:
            for future in self._waiting.pop(execution.id, ()):
                if not future.done():
                    future.set_result(execution)
        self._go_on(active, execution)

    def _go_on(self, active: Active, execution: Execution) -> None:
        """Have done what an execution needs next."""
        if execution.ready_ms is not None and active.invocation is None:
            self.begun(execution)
        self._have_called(active, execution)
        due_ms = next_due_ms(execution, with_calls=False)
        if due_ms is not None:
            self._timetable.set(execution.id, due_ms)

    def _has_room(self) -> bool:
        return len(self._looks) < HELD and len(self._runs) < HELD and len(self._calls) < HELD

    def _have_called(self, active: Active, execution: Execution) -> None:
        if execution.is_closed:
            return
        now_ms = self.now_ms()
        for operation in execution.operations.values():
            if not operation.is_plain_call or operation.id in active.calls:
                continue
            due_ms = operation.due_ms or 0
            if due_ms <= now_ms and len(self._calls) < HELD:
                self._calls.add((execution.id, operation.id), operation.function)
            else:
                self._timetable.set(execution.id, due_ms)

    async def _look(self, id: str) -> None:
        """Do for an execution what has become due."""
        with contextlib.suppress(ExecutionNotFound):
            async with self._actives.opened(id) as (active, execution):
                now_ms = self.now_ms()
                expires_ms = execution.expires_ms
                is_old = expires_ms is not None and expires_ms <= now_ms
                if is_old and execution.ready_ms is None:
                    await self.forget(active)
                    return
                before = (execution.status, execution.ready_ms, execution.retry_ms)
                changed = pass_time(execution, now_ms)
                if changed and active.invocation is None:
                    wake(execution, now_ms)
                if changed or before != (execution.status, execution.ready_ms, execution.retry_ms):
                    await self.keep(active, execution)
                else:
                    self._go_on(active, execution)


def _stopping() -> ShuttingDown:
    return ShuttingDown(
        "The server is shutting down; the execution goes on when it is started again."
    )
