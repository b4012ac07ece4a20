"""Keeps executions in the database."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, literal, null, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.durable.model import (
    Execution,
    ExecutionStatus,
    HistoryEvent,
    Operation,
    OperationStatus,
    OperationType,
    Pause,
)
from ingle.invoke.durable.tables import executions, history, operations
from ingle.invoke.durable.transitions import next_due_ms
from ingle.storage.database import Database

_PROGRESS = (
    "ready_ms",
    "retry_ms",
    "failures",
    "refusals",
    "changes",
    "seen",
    "events",
    "written",
    "deferred",
    "last_tokens",
)
_COLUMNS = tuple(
    each.name for each in executions.columns if each.name not in ("status", "progress", "wake_ms")
)
_STATE = tuple(
    each.name
    for each in dataclasses.fields(Operation)
    if each.name not in ("id", "type", "status", "position", "input", "result")
)

# A page of payloads would be large.
_LARGE = ("input", "result", "error")
_LISTED = (
    *(each for each in executions.columns if each.name not in _LARGE),
    literal("").label("input"),
    null().label("result"),
    null().label("error"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which executions are listed.

    Attributes:
        function: account, region and name of their function.
        version: the version that they run, or None for any.
        name: their name, or None for any.
        status: how far they are, or None for any.
        after_ms: they were started later than this, or None.
        before_ms: they were started earlier than this, or None.
        oldest_first: their order.
    """

    function: tuple[str, str, str]
    version: str | None = None
    name: str | None = None
    status: ExecutionStatus | None = None
    after_ms: int | None = None
    before_ms: int | None = None
    oldest_first: bool = False


class DurableStore:
    """All executions of all accounts and regions.

    Methods that take a connection are for use within `Database.write`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, connection: AsyncConnection, execution: Execution) -> None:
        """Keep a new execution."""
        await connection.execute(insert(executions).values(_to_row(execution)))
        await self._add_history(connection, execution)

    async def find(
        self, connection: AsyncConnection, function: tuple[str, str, str], name: str
    ) -> Execution | None:
        """Find the execution of a function that has a name, without its operations."""
        row = (
            await connection.execute(
                select(executions).where(_of(function), executions.c.name == name)
            )
        ).first()
        return None if row is None else _from_row(row)

    async def update(self, connection: AsyncConnection, execution: Execution) -> None:
        """Keep what has changed of an execution."""
        row = _to_row(execution)
        # The input never changes, and may be large.
        changed = {name: value for name, value in row.items() if name not in ("id", "input")}
        await connection.execute(
            update(executions).where(executions.c.id == execution.id).values(changed)
        )
        touched = [execution.operations[each] for each in execution.touched]
        added = [_operation_row(execution, each) for each in touched if _is_new(execution, each)]
        if added:
            await connection.execute(insert(operations), added)
        for operation in touched:
            if not _is_new(execution, operation):
                values = _operation_row(execution, operation)
                for name in ("execution_id", "id", "position", "input"):
                    del values[name]
                await connection.execute(
                    update(operations)
                    .where(
                        operations.c.execution_id == execution.id,
                        operations.c.id == operation.id,
                    )
                    .values(values)
                )
        await self._add_history(connection, execution)
        for child in execution.children:
            await self.insert(connection, child)

    async def delete(self, connection: AsyncConnection, id: str) -> None:
        """Forget an execution."""
        for table in (history, operations):
            await connection.execute(delete(table).where(table.c.execution_id == id))
        await connection.execute(delete(executions).where(executions.c.id == id))

    async def load(self, id: str, *, whole: bool = True) -> Execution | None:
        """Read an execution.

        Args:
            id: its id.
            whole: whether its operations are wanted.
        """

        async def run(connection: AsyncConnection) -> Execution | None:
            row = (
                await connection.execute(select(executions).where(executions.c.id == id))
            ).first()
            if row is None:
                return None
            execution = _from_row(row)
            if whole:
                found = await connection.execute(
                    select(operations)
                    .where(operations.c.execution_id == id)
                    .order_by(operations.c.position)
                )
                execution.operations = {each.id: _operation(each) for each in found}
                execution.kept = len(execution.operations)
            return execution

        return await self._database.read(run)

    async def wakes(self, after: tuple[int, str] | None, limit: int) -> list[tuple[int, str]]:
        """List when executions are to be looked at, the earliest first.

        Args:
            after: the last of the page before: the time in milliseconds since the epoch, and whose.
            limit: how many at most.
        """
        columns = executions.c
        chosen = (
            select(columns.wake_ms, columns.id)
            .where(columns.wake_ms.is_not(None))
            .order_by(columns.wake_ms, columns.id)
            .limit(limit)
        )
        if after is not None:
            chosen = chosen.where(tuple_(columns.wake_ms, columns.id) > after)

        async def run(connection: AsyncConnection) -> list[tuple[int, str]]:
            return [(row[0], row[1]) for row in await connection.execute(chosen)]

        return await self._database.read(run)

    async def history(
        self, execution: Execution, after: int | None, limit: int, *, newest_first: bool
    ) -> list[tuple[HistoryEvent, Operation | None, str | None]]:
        """Read the history of an execution.

        Args:
            execution: whose.
            after: the number of the last event of the page before.
            limit: how many at most.
            newest_first: their order.

        Returns:
            The events, each with the operation that it is about and its payload.
        """
        number = history.c.number
        chosen = (
            select(history)
            .where(history.c.execution_id == execution.id)
            .order_by(number.desc() if newest_first else number)
            .limit(limit)
        )
        if after is not None:
            chosen = chosen.where(number < after if newest_first else number > after)

        async def run(
            connection: AsyncConnection,
        ) -> list[tuple[HistoryEvent, Operation | None, str | None]]:
            events = [_event(row) for row in await connection.execute(chosen)]
            about = {each.operation_id for each in events if each.operation_id is not None}
            found = await connection.execute(
                select(operations).where(
                    operations.c.execution_id == execution.id, operations.c.id.in_(about)
                )
            )
            known = {row.id: _operation(row) for row in found}
            return [_with_payload(execution, known, each) for each in events]

        return await self._database.read(run)

    async def find_all(
        self, wanted: Filter, after: tuple[int, str] | None, limit: int
    ) -> list[Execution]:
        """List executions of a function, without their operations, payloads and errors.

        Args:
            wanted: which.
            after: the last of the page before, by when it was started and its id.
            limit: how many at most.
        """
        columns = executions.c
        place = tuple_(columns.started_ms, columns.id)
        chosen = select(*_LISTED).where(_of(wanted.function)).limit(limit)
        if wanted.version is not None:
            chosen = chosen.where(columns.version == wanted.version)
        if wanted.name is not None:
            chosen = chosen.where(columns.name == wanted.name)
        if wanted.status is not None:
            chosen = chosen.where(columns.status == wanted.status.value)
        if wanted.after_ms is not None:
            chosen = chosen.where(columns.started_ms > wanted.after_ms)
        if wanted.before_ms is not None:
            chosen = chosen.where(columns.started_ms < wanted.before_ms)
        if after is not None:
            chosen = chosen.where(place > after if wanted.oldest_first else place < after)
        order = (columns.started_ms, columns.id)
        chosen = chosen.order_by(
            *(order if wanted.oldest_first else (each.desc() for each in order))
        )

        async def run(connection: AsyncConnection) -> list[Execution]:
            return [_from_row(row) for row in await connection.execute(chosen)]

        return await self._database.read(run)

    async def _add_history(self, connection: AsyncConnection, execution: Execution) -> None:
        if execution.told:
            await connection.execute(
                insert(history),
                [
                    {
                        "execution_id": execution.id,
                        "number": each.number,
                        "type": each.type,
                        "at_ms": each.at_ms,
                        "operation_id": each.operation_id,
                        "details": dict(each.details),
                        "source": each.source,
                        "payload": each.payload,
                    }
                    for each in execution.told
                ],
            )


def written(execution: Execution) -> None:
    """Note that all that has changed of an execution is on disk."""
    execution.kept = len(execution.operations)
    execution.touched.clear()
    execution.told.clear()
    execution.children.clear()


def wake_ms(execution: Execution) -> int | None:
    """Say when an execution is to be looked at next, also after a restart."""
    due_ms = next_due_ms(execution, with_calls=True)
    if execution.ready_ms is None:
        return due_ms
    return execution.ready_ms if due_ms is None else min(execution.ready_ms, due_ms)


def _of(function: tuple[str, str, str]) -> Any:
    account_id, region, name = function
    columns = executions.c
    return (
        (columns.account_id == account_id) & (columns.region == region) & (columns.function == name)
    )


def _is_new(execution: Execution, operation: Operation) -> bool:
    return operation.position >= execution.kept


def _to_row(execution: Execution) -> dict[str, Any]:
    row = {name: getattr(execution, name) for name in _COLUMNS}
    pause = execution.pause
    row["status"] = execution.status.value
    row["error"] = None if execution.error is None else dict(execution.error)
    row["progress"] = {name: getattr(execution, name) for name in _PROGRESS} | {
        "pause": None if pause is None else dataclasses.asdict(pause)
    }
    row["wake_ms"] = wake_ms(execution)
    return row


def _from_row(row: Row[Any]) -> Execution:
    progress: Mapping[str, Any] = row.progress
    pause = progress["pause"]
    execution = Execution(
        **{name: getattr(row, name) for name in _COLUMNS},
        **{name: progress[name] for name in _PROGRESS},
        status=ExecutionStatus(row.status),
        pause=None if pause is None else Pause(**pause),
    )
    execution.last_tokens = {kind: tuple(each) for kind, each in progress["last_tokens"].items()}
    return execution


def _operation_row(execution: Execution, operation: Operation) -> dict[str, Any]:
    state = {name: getattr(operation, name) for name in _STATE}
    return {
        "execution_id": execution.id,
        "id": operation.id,
        "position": operation.position,
        "input": operation.input,
        "result": operation.result,
        "state": {name: value for name, value in state.items() if value is not None}
        | {"type": operation.type.value, "status": operation.status.value},
    }


def _operation(row: Any) -> Operation:
    state = dict(row.state)
    return Operation(
        id=row.id,
        position=row.position,
        input=row.input,
        result=row.result,
        type=OperationType(state.pop("type")),
        status=OperationStatus(state.pop("status")),
        **state,
    )


def _event(row: Row[Any]) -> HistoryEvent:
    return HistoryEvent(
        row.number, row.type, row.at_ms, row.operation_id, row.details, row.source, row.payload
    )


def _with_payload(
    execution: Execution, known: Mapping[str, Operation], event: HistoryEvent
) -> tuple[HistoryEvent, Operation | None, str | None]:
    operation = None if event.operation_id is None else known[event.operation_id]
    owner: Execution | Operation = execution if operation is None else operation
    if event.source == "input":
        return event, operation, owner.input
    return event, operation, owner.result if event.source == "result" else event.payload
