"""Cancels work at the one moment that matters: its write has run, and is not yet committed."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.database import Database


async def cancel_within_commit(database: Database, work: Coroutine[Any, Any, Any]) -> None:
    """Run work that makes one write, and cancel it between that write and its commit.

    Writes that wait share a transaction and run in the order in which they came: one holds the
    writer up while the work's own write and one that cancels it come to wait.
    """
    waiting = asyncio.Event()
    go_on = asyncio.Event()

    async def hold_up(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT 1"))
        waiting.set()
        await go_on.wait()

    async def cancel(_connection: AsyncConnection) -> None:
        task.cancel()

    holding = asyncio.create_task(database.write(hold_up))
    await waiting.wait()
    task = asyncio.create_task(work)
    # The work may have something to do in a thread before it writes.
    await asyncio.to_thread(lambda: None)
    for _ in range(1000):
        await asyncio.sleep(0)
    cancelling = asyncio.create_task(database.write(cancel))
    await asyncio.sleep(0)
    go_on.set()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    await asyncio.gather(holding, cancelling)
