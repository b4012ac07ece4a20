"""A sandbox's log stream, as the invoker writes to it."""

import collections
from collections.abc import Callable

from ingle.invoke import report
from ingle.invoke.lines import Lines
from ingle.invoke.logs import LogAppender
from ingle.pool.sandbox import Sandbox

TAIL_BYTES = 4096
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax"""


class Stream:
    """A sandbox's stream, and the tail of the invocation that is running.

    Args:
        appender: takes the events.
        now: the time of day, in seconds since the epoch.
        lines: makes the platform's events.

    Attributes:
        lines: the same.
    """

    __slots__ = ("_append", "_now", "_tail_size", "lines", "tail")

    def __init__(
        self, appender: LogAppender, now: Callable[[], float], lines: Lines = report
    ) -> None:
        self.lines = lines
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

    def platform(self, *events: str) -> None:
        """Write what the platform says, as far as it says something."""
        for event in events:
            if event:
                self(event)

    def tail_only(self, *events: str) -> None:
        """Add what is written to the stream later, and then says more, to the tail that is kept."""
        if self.tail is not None:
            self.tail.extend(filter(None, events))

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


def stream_of(sandbox: Sandbox) -> Stream:
    """Return the stream that a sandbox of the invoker's writes to."""
    log = sandbox.emit
    if not isinstance(log, Stream):
        raise TypeError("the sandbox's log is not the invoker's")
    return log
