"""Where an invocation's log lines go, as the invoke layer sees it."""

from typing import NamedTuple, Protocol


class Writer(NamedTuple):
    """Who writes a log.

    Attributes:
        role: the ARN of the function's role.
        name: the function's, which its role's sessions are called by.
    """

    role: str
    name: str


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

    def appender(
        self,
        account_id: str,
        region: str,
        group: str,
        stream: str,
        writer: Writer | None = None,
    ) -> LogAppender:
        """Open a stream, which is made, like its group, when the first event is written.

        Args:
            account_id: whose it is.
            region: where it is.
            group: the log group's name.
            stream: the stream's name.
            writer: who writes; events of one whose role may not are dropped. Without one, nobody
                is asked.
        """
        ...
