"""An answer that is passed on while the runtime still writes it."""

import asyncio
import collections
from collections.abc import Callable

from ingle.pool.answer import too_large
from ingle.pool.runtime_api.limits import MAX_STREAM

MOST_KEPT = 262_144
"""Bytes that wait for the reader; past them the runtime is read no further."""


class StreamedAnswer:
    """The pieces of one answer, between a sandbox that writes them and the one who reads them.

    The sandbox calls `attach`, `begin` and `add`; whoever waits for the invocation calls `end`.

    Attributes:
        content_type: what the runtime said of it; "" of a runtime that does not stream.
        streamed: whether the runtime streams it, rather than give it as a whole.
        size: bytes that came so far.
    """

    __slots__ = (
        "_abandoned",
        "_ended",
        "_kept",
        "_limit",
        "_pause",
        "_paused",
        "_pieces",
        "_resume",
        "_waiter",
        "content_type",
        "size",
        "streamed",
    )

    def __init__(self, limit: int = MAX_STREAM) -> None:
        self.content_type = ""
        self.streamed = False
        self.size = 0
        self._limit = limit
        self._pieces: collections.deque[bytes] = collections.deque()
        self._kept = 0
        self._ended = False
        self._abandoned = False
        self._paused = False
        self._pause: Callable[[], None] | None = None
        self._resume: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    # What the sandbox calls.

    def attach(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Take what stops the reading of the runtime's pieces, and what goes on with it."""
        self._pause, self._resume = pause, resume

    def begin(self, content_type: str) -> None:
        """The runtime starts to stream."""
        self.content_type = content_type
        self.streamed = True
        self._wake()

    def add(self, piece: bytes) -> None:
        """Take the next piece; what is beyond the limit is dropped."""
        left = self._limit - self.size
        self.size += len(piece)
        if not piece or self._abandoned or left <= 0:
            return
        piece = piece[:left]
        self._pieces.append(piece)
        self._kept += len(piece)
        if self._kept > MOST_KEPT and not self._paused and self._pause is not None:
            self._paused = True
            self._pause()
        self._wake()

    @property
    def error(self) -> bytes:
        """The error's JSON where it is too large, else nothing."""
        return too_large(self._limit) if self.size > self._limit else b""

    def whole(self) -> bytes:
        """Return nothing: the pieces go to the reader."""
        return b""

    # What the reader calls, and whoever waits for the invocation.

    def end(self) -> None:
        """No more pieces will come."""
        self._ended = True
        self._go_on()
        self._wake()

    def abandon(self) -> None:
        """Drop what is here and what is still to come."""
        self._abandoned = True
        self._pieces.clear()
        self._kept = 0
        self._go_on()

    async def started(self) -> None:
        """Return once the runtime has started to answer, or will not any more."""
        while not (self.streamed or self._pieces or self._ended):
            await self._more()

    async def next(self) -> bytes | None:
        """Return what came since the last time, as soon as there is something; None at the end."""
        while not self._pieces:
            if self._ended:
                return None
            await self._more()
        return self._take()

    def _take(self) -> bytes:
        pieces = self._pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._kept = 0
        self._go_on()
        return piece

    def _go_on(self) -> None:
        if self._paused and self._resume is not None:
            self._paused = False
            self._resume()

    async def _more(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
