"""What has happened to a queue in a short while."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts of messages.

    Attributes:
        sent: those that came in; their sizes are `total_bytes`, from `least_bytes` to `most_bytes`.
        received: those that were handed out, each time.
        deleted: those that were deleted by who had received them.
        empty: how often somebody asked, and there was none.
        active_at: when something happened before this while, on the clock that never goes
            backwards.
    """

    sent: int = 0
    total_bytes: int = 0
    least_bytes: int = 0
    most_bytes: int = 0
    received: int = 0
    deleted: int = 0
    empty: int = 0
    active_at: float = -1e9

    @property
    def any(self) -> bool:
        """Whether anything has happened."""
        return bool(self.sent or self.received or self.deleted or self.empty)

    def send(self, size: int) -> None:
        """Count a message that came in, of so many bytes."""
        self.least_bytes = min(self.least_bytes, size) if self.sent else size
        self.most_bytes = max(self.most_bytes, size)
        self.total_bytes += size
        self.sent += 1
