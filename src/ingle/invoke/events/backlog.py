"""What waits under one key, as far as it is in memory."""

from collections import deque

from ingle.invoke.events.event import BacklogKey, Event
from ingle.invoke.events.pace import Pace


class Backlog:
    """The line of one function, version or alias.

    Attributes:
        key: whose it is.
        buffer: its first events.
        arriving: the ids of events that come to the end of the buffer once they are on disk.
        spilled: there may be more on disk that are due; also while these are being read.
        loading: they are being read.
        dirty: more came to the disk meanwhile.
        held: the ids of events that run, or whose fate is not on disk yet.
        running: when each of those that run was started, by id, the oldest first; milliseconds
            since the epoch.
        pace: how many may run.
        refusal: the HTTP status with which the last attempt was refused, or None where it was not.
        place: the line of those that may run their next event that this one stands in, or None.
    """

    __slots__ = (
        "arriving",
        "buffer",
        "dirty",
        "held",
        "key",
        "loading",
        "pace",
        "place",
        "refusal",
        "running",
        "spilled",
    )

    def __init__(self, key: BacklogKey, *, spilled: bool) -> None:
        self.key = key
        self.buffer: deque[Event] = deque()
        self.arriving: set[int] = set()
        self.spilled = spilled
        self.loading = False
        self.dirty = False
        self.held: set[int] = set()
        self.running: dict[int, int] = {}
        self.pace = Pace()
        self.refusal: int | None = None
        self.place: deque[Backlog] | None = None

    @property
    def oldest_ms(self) -> int:
        """When the oldest of those that run was started; 0 where none does."""
        return next(iter(self.running.values()), 0)

    @property
    def over(self) -> bool:
        """Whether nothing needs it any more; what becomes due later has an alarm."""
        return not (self.buffer or self.arriving or self.spilled or self.loading or self.held)

    def note(self) -> None:
        """Something on disk is due that is not in the buffer."""
        if self.loading:
            self.dirty = True
        else:
            self.spilled = True
