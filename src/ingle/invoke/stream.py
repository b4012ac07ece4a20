"""A sandbox's log stream, as the invoker writes to it."""

import collections
from collections.abc import Callable

from ingle.invoke.logs import LogAppender

TAIL_BYTES = 4096
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax"""


class Stream:
    """A sandbox's stream, and the tail of the invocation that is running."""

    __slots__ = ("_append", "_now", "_tail_size", "tail")

    def __init__(self, appender: LogAppender, now: Callable[[], float]) -> None:
        self._append = appender.append
        self._now = now
        self.tail: collections.deque[str] | None = None
        self._tail_size = 0

    def __call__(self, event: str) -> None:
        self._append(int(self._now() * 1000), event)
        tail = self.tail
        if tail is not None:
            tail.append(event)
            self._tail_size += len(event)
            while self._tail_size - len(tail[0]) >= TAIL_BYTES:
                self._tail_size -= len(tail.popleft())

    def tail_only(self, *events: str) -> None:
        """Add what is written to the stream later, and then says more, to the tail that is kept."""
        if self.tail is not None:
            self.tail.extend(events)

    def keep_tail(self) -> None:
        """Keep the last 4 KB of what is written from now on, unless it is kept already."""
        if self.tail is None:
            self.tail = collections.deque()
            self._tail_size = 0

    def take_tail(self) -> bytes:
        """Return the last 4 KB of what was written since `keep_tail`, in whole characters."""
        events, self.tail = self.tail or (), None
        last = "".join(events).encode()[-TAIL_BYTES:]
        return last.decode("utf-8", "ignore").encode()  # only the first can be cut
