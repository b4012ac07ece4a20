"""Work that must not be cut in two."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Wait for some work to end and return its result, even if the caller is cancelled meanwhile.

    Raises:
        asyncio.CancelledError: the caller was cancelled; the work is done all the same.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        # Nobody is left to hear of a failure, and asyncio would complain that nobody did.
        task.cancelled() or task.exception()
        raise cancelled
    return task.result()
