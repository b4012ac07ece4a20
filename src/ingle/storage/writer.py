"""The one task that writes: whoever waits shares a transaction, and so one fsync."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ingle.storage import sqlite
from ingle.storage.errors import (
    CommitFailed,
    DatabaseClosed,
    TransactionGone,
    WriterStopped,
    WriteWithinWrite,
)

T = TypeVar("T")

# Writes that may wait or run at once; the next caller waits for a place.
QUEUE_SIZE = 1024
# Writes in one transaction, so that the first of them does not wait for all of a long queue.
BATCH_SIZE = 128


@dataclass(slots=True, eq=False)
class _Write:
    run: Callable[[AsyncConnection], Awaitable[Any]]
    answer: asyncio.Future[Any]


class Writer:
    """Runs writes one after another and commits those that waited together, together.

    Args:
        engine: where the write connection comes from.
        queue_size: how many writes wait or run at once.
        batch_size: how many writes share a commit at most.
    """

    def __init__(
        self, engine: AsyncEngine, queue_size: int = QUEUE_SIZE, batch_size: int = BATCH_SIZE
    ) -> None:
        self._engine = engine
        self._batch_size = batch_size
        self._places = asyncio.Semaphore(queue_size)
        self._waiting: deque[_Write] = deque()
        self._callers = 0
        self._closing = False
        self._wake = asyncio.Event()
        self._stopped: BaseException | None = None
        self._task = asyncio.create_task(self._run(), name="database writer")

    async def write(self, run: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run a function in a transaction and return its result once that is committed.

        The function must only use the connection and must not commit. If it raises, what it wrote
        is undone and the error goes to the caller; its neighbours are not touched. A caller that
        is cancelled does not know whether its write happened.

        Raises:
            CommitFailed: the transaction was rolled back for a reason outside this function.
            DatabaseClosed: `close` was called before.
            WriterStopped: the writing task is gone.
            WriteWithinWrite: it is called within another write, which it would wait for.
        """
        self._check()
        if asyncio.current_task() is self._task:
            raise WriteWithinWrite
        self._callers += 1
        try:
            async with self._places:
                self._check_alive()
                write = _Write(run, asyncio.get_running_loop().create_future())
                self._waiting.append(write)
                self._wake.set()
                try:
                    result: T = await write.answer
                    return result
                finally:
                    # Only a cancelled caller's write can still be here; it must not fill the queue.
                    with contextlib.suppress(ValueError):
                        self._waiting.remove(write)
        finally:
            self._callers -= 1
            self._wake.set()

    async def close(self) -> None:
        """Finish every write that was begun, then end the task.

        Raises:
            BaseException: what the task died of, if it did.
        """
        self._closing = True
        self._wake.set()
        # Shielded, so that a caller in a hurry does not cut off the writes of others.
        await asyncio.shield(self._task)

    def _check(self) -> None:
        if self._closing:
            raise DatabaseClosed
        self._check_alive()

    def _check_alive(self) -> None:
        if self._stopped is not None:
            raise WriterStopped(f"The database writer stopped: {self._stopped!r}")

    async def _run(self) -> None:
        batch: list[_Write] = []
        try:
            while True:
                while self._waiting:
                    count = min(len(self._waiting), self._batch_size)
                    batch = [self._waiting.popleft() for _ in range(count)]
                    await self._commit(batch)
                if self._closing and not self._callers:
                    return
                self._wake.clear()
                await self._wake.wait()
        except BaseException as error:
            self._stopped = error
            for write in (*batch, *self._waiting):
                _fail(write, WriterStopped(f"The database writer stopped: {error!r}"))
            self._waiting.clear()
            raise

    async def _commit(self, batch: list[_Write]) -> None:
        answers: list[tuple[_Write, Any, Exception | None]] = []
        try:
            async with self._engine.begin() as connection:
                if len(batch) == 1 and not batch[0].answer.done():
                    # Nobody else is to be kept, so a savepoint would only cost time.
                    answers.append((batch[0], await _alone(batch[0], connection), None))
                else:
                    for write in batch:
                        if write.answer.done():
                            continue
                        answers.append((write, *await _attempt(write, connection)))
        except _Failed as own:
            _fail(batch[0], own.error)
            return
        except Exception as error:
            for write in batch:
                failure = CommitFailed(f"The write was rolled back: {error}")
                failure.__cause__ = error
                _fail(write, failure)
            return
        for write, result, failed in answers:
            if failed is not None:
                _fail(write, failed)
            elif not write.answer.done():
                write.answer.set_result(result)


class _Failed(Exception):
    """A write that was alone has raised, and its transaction is rolled back."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def _alone(write: _Write, connection: AsyncConnection) -> Any:
    try:
        result = await write.run(connection)
    except Exception as error:
        # What ended the transaction says more than that it is gone.
        if not await sqlite.lost_transaction(connection):
            raise _Failed(error) from error
        raise
    if await sqlite.lost_transaction(connection):
        raise TransactionGone
    return result


async def _attempt(write: _Write, connection: AsyncConnection) -> tuple[Any, Exception | None]:
    # A savepoint for each write. Releasing it, at the latest with the commit, also proves that the
    # transaction is still there: some errors (a full disk) make the database roll all of it back.
    savepoint = await connection.begin_nested()
    try:
        result = await write.run(connection)
    except Exception as error:
        try:
            await savepoint.rollback()
        except DBAPIError:
            # What ended the transaction says more than that it is gone.
            raise error from None
        return None, error
    await savepoint.commit()
    return result, None


def _fail(write: _Write, error: Exception) -> None:
    if not write.answer.done():
        write.answer.set_exception(error)
