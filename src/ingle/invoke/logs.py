"""Where an invocation's log lines go, as the invoke layer sees it."""

from typing import Protocol


class LogAppender(Protocol):
    """One log stream that is open for appending."""

    def append(self, timestamp_ms: int, message: str) -> None:
        """Add one event to memory; it is written later, in a batch.

        Args:
            timestamp_ms: milliseconds since the epoch.
            message: the event's text.
        """
        ...


class LogSink(Protocol):
    """What takes the log lines of all functions."""

    @property
    def overloaded(self) -> bool:
        """Whether so much waits to be written that readers of output should pause."""
        ...

    async def drained(self) -> None:
        """Return once the sink takes lines again."""
        ...

    def appender(self, account_id: str, region: str, group: str, stream: str) -> LogAppender:
        """Open a stream, which is made, like its group, when the first event is written."""
        ...
