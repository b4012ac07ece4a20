"""What others ask of executions: to be told of them, to pause, resume and end them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/durable-managing-executions.html
"""

from collections.abc import Sequence

from ingle.invoke.durable.errors import ExecutionConflict, ExecutionNotFound
from ingle.invoke.durable.keeper import Keeper
from ingle.invoke.durable.model import (
    ErrorObject,
    Execution,
    ExecutionStatus,
    HistoryEvent,
    Operation,
)
from ingle.invoke.durable.references import Reference
from ingle.invoke.durable.store import DurableStore, Filter
from ingle.invoke.durable.transitions import ask_to_pause, close, is_repeated, resume


class Control:
    """The operations on executions.

    Args:
        keeper: has those that somebody works on.
        store: has all of them.
    """

    def __init__(self, keeper: Keeper, store: DurableStore) -> None:
        self._keeper = keeper
        self._store = store

    async def describe(self, reference: Reference) -> Execution:
        """Read an execution, without its operations.

        Raises:
            ExecutionNotFound: there is none.
        """
        execution = await self._store.load(reference.id, whole=False)
        if execution is None:
            raise ExecutionNotFound
        reference.check(execution)
        return execution

    async def history(
        self, execution: Execution, after: int | None, most: int, *, newest_first: bool
    ) -> Sequence[tuple[HistoryEvent, Operation | None, str | None]]:
        """Read events of an execution, each with its operation and its payload."""
        return await self._store.history(execution, after, most, newest_first=newest_first)

    async def find_all(
        self, wanted: Filter, after: tuple[int, str] | None, most: int
    ) -> Sequence[Execution]:
        """List executions of a function, without their operations."""
        return await self._store.find_all(wanted, after, most)

    async def stop_execution(self, reference: Reference, error: ErrorObject) -> int:
        """End an execution; one that is over stays as it is.

        Returns:
            When it came to its end, in milliseconds since the epoch.

        Raises:
            ExecutionNotFound: there is none.
        """
        async with self._keeper.opened(reference.id) as (active, execution):
            reference.check(execution)
            if execution.ended_ms is not None:
                return execution.ended_ms
            now_ms = self._keeper.now_ms()
            close(execution, ExecutionStatus.STOPPED, now_ms, error=error)
            await self._keeper.keep(active, execution)
            return now_ms

    async def pause(
        self,
        reference: Reference,
        reason: str | None,
        client_token: str | None,
        *,
        stops_timeout: bool,
    ) -> None:
        """Invoke an execution's function no more until it is resumed.

        Raises:
            ExecutionNotFound: there is none.
            ExecutionConflict: it is not running.
        """
        async with self._keeper.opened(reference.id) as (active, execution):
            reference.check(execution)
            now_ms = self._keeper.now_ms()
            if execution.status is not ExecutionStatus.RUNNING:
                if not _was_here(execution, "pause", client_token, now_ms):
                    raise _conflict("pause", execution)
                return
            if is_repeated(execution, "pause", client_token, now_ms):
                return
            ask_to_pause(
                execution,
                now_ms,
                reason,
                stops_timeout=stops_timeout,
                invoking=active.invocation is not None,
            )
            await self._keeper.keep(active, execution)

    async def resume(
        self, reference: Reference, reason: str | None, client_token: str | None
    ) -> None:
        """End an execution's pause.

        Raises:
            ExecutionNotFound: there is none.
            ExecutionConflict: it is not paused.
        """
        async with self._keeper.opened(reference.id) as (active, execution):
            reference.check(execution)
            now_ms = self._keeper.now_ms()
            if not execution.is_paused:
                if not _was_here(execution, "resume", client_token, now_ms):
                    raise _conflict("resume", execution)
                return
            if is_repeated(execution, "resume", client_token, now_ms):
                return
            resume(execution, now_ms, reason)
            await self._keeper.keep(active, execution)

    async def delete(self, reference: Reference) -> int:
        """Forget an execution that is over.

        Returns:
            When, in milliseconds since the epoch.

        Raises:
            ExecutionNotFound: there is none.
            ExecutionConflict: it is not over.
        """
        async with self._keeper.opened(reference.id) as (active, execution):
            reference.check(execution)
            # Its parent must be told first, and its last invocation be over.
            if not execution.is_closed or execution.ready_ms is not None or active.invocation:
                raise _conflict("delete", execution)
            await self._keeper.forget(active)
            return self._keeper.now_ms()


def _was_here(execution: Execution, kind: str, client_token: str | None, now_ms: int) -> bool:
    known = dict(execution.last_tokens)
    repeated = is_repeated(execution, kind, client_token, now_ms)
    execution.last_tokens = known
    return repeated


def _conflict(verb: str, execution: Execution) -> ExecutionConflict:
    return ExecutionConflict(
        f"Cannot {verb} durable execution {execution.arn}: its status is {execution.status}."
    )
