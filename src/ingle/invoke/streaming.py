"""Invocations whose answer is passed on while the function still runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from ingle.invoke.invoker import InvocationResult, Invoker
from ingle.pool.spec import FunctionSpec
from ingle.pool.streamed import StreamedAnswer

_logger = logging.getLogger("ingle.invoke")


class StreamedInvocation:
    """An invocation that has begun to answer, or is over."""

    def __init__(self, answer: StreamedAnswer, running: "asyncio.Task[InvocationResult]") -> None:
        self._answer = answer
        self._running = running

    @property
    def content_type(self) -> str:
        """What the runtime said of the answer; "" of one that it gave as a whole."""
        return self._answer.content_type

    @property
    def streamed(self) -> bool:
        """Whether the runtime streams the answer."""
        return self._answer.streamed

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the answer as it comes.

        A reader who closes this early does not stop the function, whose output is dropped then.
        """
        try:
            while (piece := await self._answer.next()) is not None:
                yield piece
        finally:
            self._answer.abandon()

    async def result(self) -> InvocationResult:
        """Return how it came out, once `pieces` is read; the payload is empty but for an error."""
        return await self._running


class Streaming:
    """Runs functions in the invoker for readers of streams.

    An invocation whose reader went away ends here; the invoker's `drain` waits for it.

    Args:
        invoker: runs them.
        limit: the most that one answer may have, in bytes.
    """

    def __init__(self, invoker: Invoker, limit: int) -> None:
        self._invoker = invoker
        self._limit = limit
        self._running: set[asyncio.Task[InvocationResult]] = set()

    async def invoke(
        self, spec: FunctionSpec, payload: bytes, **settings: Any
    ) -> StreamedInvocation:
        """Run a function; return as soon as it begins to answer.

        Args:
            spec: the function's revision.
            payload: the event's JSON.
            settings: the others of `Invoker.invoke`.

        Raises:
            ServiceError: the function was not run, as `Invoker.invoke`.
        """
        answer = StreamedAnswer(self._limit)
        running = asyncio.get_running_loop().create_task(
            self._invoker.invoke(spec, payload, answer=answer, **settings)
        )
        self._running.add(running)
        running.add_done_callback(self._ended)
        running.add_done_callback(lambda _: answer.end())
        await answer.started()
        if running.done():
            running.result()  # raises what kept the function from being run
        return StreamedInvocation(answer, running)

    def _ended(self, running: "asyncio.Task[InvocationResult]") -> None:
        self._running.discard(running)
        error = None if running.cancelled() else running.exception()
        if error is not None:
            _logger.debug("a streamed invocation was not run: %r", error)
