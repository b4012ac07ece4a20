"""One request on a connection, from its first header to the last byte of its body."""

import asyncio
from collections.abc import AsyncIterator, Callable

from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.wire.http import Request

EARLY_BYTES = 65_536
"""What is kept of a body before anybody has asked for it."""


class Exchange:
    """Holds a request's body as it arrives.

    Attributes:
        request: its head.
        keep_alive: whether the client will send another.
        old: whether the client speaks HTTP/1.0, which has no chunks.
        complete: whether the whole body is here.
        discarding: the body is of no more interest; what still arrives is dropped.
        trailers: the headers that came after the body, by lower-case name.
        on_gone: called when the client ends its side, or is lost, while it waits for the answer.
    """

    __slots__ = (
        "_asked",
        "_chunks",
        "_expects_continue",
        "_failure",
        "_limit",
        "_paced",
        "_pause",
        "_resume",
        "_size",
        "_timeout_s",
        "_waiter",
        "_write",
        "complete",
        "discarding",
        "keep_alive",
        "old",
        "on_gone",
        "request",
        "trailers",
    )

    def __init__(
        self,
        request: Request,
        keep_alive: bool,
        timeout_s: float,
        *,
        pause: Callable[[], None],
        resume: Callable[[], None],
        write: Callable[[bytes], None],
        old: bool = False,
    ) -> None:
        self.request = request
        self.keep_alive = keep_alive
        self.old = old
        self.complete = False
        self.discarding = False
        self.trailers: dict[str, str] = {}
        self.on_gone: Callable[[], None] | None = None
        self._timeout_s = timeout_s
        self._pause = pause
        self._resume = resume
        self._write = write
        self._chunks: list[bytes] = []
        self._size = 0
        self._asked = False
        self._paced = False
        self._limit = 0
        self._waiter: asyncio.Future[None] | None = None
        self._failure = ""
        self._expects_continue = not old and "expect" in request.headers

    @property
    def broken(self) -> bool:
        """Whether the body stopped halfway."""
        return self._failure != ""

    @property
    def held_back(self) -> bool:
        """Whether the client still waits to be told to send the body, which may then never come.

        Nor may an empty one be taken as sent: the AWS CLI's botocore takes the status of an answer
        that comes without "100 Continue" for the next one's, too (boto/botocore#3755).
        """
        return self._expects_continue and not self._size

    async def __call__(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge: it is longer than `limit` bytes.
            BodyIncomplete: it stopped halfway.
        """
        self._ask(limit)
        while not self.complete:
            await self._more()
            if self._size > limit:
                raise BodyTooLarge
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body as it comes; while nobody takes a piece, 64 KB wait and no more is read.

        Raises:
            BodyTooLarge: it is longer than `limit` bytes; what fits was yielded before.
            BodyIncomplete: it stopped halfway.
        """
        self._paced = True
        self._ask(limit)
        while True:
            if self._chunks:
                piece = b"".join(self._chunks)
                self._chunks.clear()
                self._resume()
                yield piece
            elif self._size > limit:
                raise BodyTooLarge
            elif self.complete:
                return
            else:
                await self._more()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        if self.discarding:
            return
        self._size += len(chunk)
        if not self._asked:
            self._chunks.append(chunk)
            if self._size > EARLY_BYTES:
                self._pause()
        elif self._size <= self._limit:
            self._chunks.append(chunk)
            if self._paced and sum(map(len, self._chunks)) > EARLY_BYTES:
                self._pause()
        self._wake()

    def finish(self) -> None:
        """The body is whole."""
        self.complete = True
        self._wake()

    def fail(self, reason: str) -> None:
        """No more of the body will come."""
        self._failure = reason
        self._wake()

    def discard(self) -> None:
        """Drop what is here and what is still to come."""
        self.discarding = True
        self._chunks.clear()
        self._resume()

    async def drained(self) -> None:
        """Return once the rest of a body that is discarded has come; raise BodyIncomplete."""
        while not self.complete:
            await self._more()

    def _ask(self, limit: int) -> None:
        length = self.request.headers.get("content-length", "")
        if self._size > limit or (length.isdigit() and int(length) > limit):
            raise BodyTooLarge
        if self.held_back:
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._expects_continue = False
        if not self.complete:
            self._asked = True
            self._limit = limit
            self._resume()

    async def _more(self) -> None:
        if self._failure:
            raise BodyIncomplete(self._failure)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._waiter
        except TimeoutError:
            self._failure = f"No more of the request body came for {self._timeout_s:g} seconds."
            raise BodyIncomplete(self._failure) from None
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
