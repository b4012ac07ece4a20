"""The nouns of the Logs service. All times are milliseconds since the epoch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

DAY_MS = 86_400_000
_POSITION = re.compile(r"(\d{20})(\d{20})(\d{16})", re.ASCII)


class GroupKey(NamedTuple):
    """What identifies a log group."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The group's ARN, without the `:*` that stands for its streams."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.name}"


class StreamKey(NamedTuple):
    """What identifies a log stream."""

    group: GroupKey
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """A log group.

    Attributes:
        id: its row.
        key: its name, and whose it is.
        creation_ms: when it was made.
        stored_bytes: the size of all its events, as AWS counts.
        tags: as they were given.
        retention_days: how long events are kept; None for good.
    """

    id: int
    key: GroupKey
    creation_ms: int
    stored_bytes: int
    tags: Mapping[str, str]
    retention_days: int | None = None

    def expired_ms(self, now_ms: int) -> int:
        """Say which events are over: those before this time."""
        return 0 if self.retention_days is None else now_ms - self.retention_days * DAY_MS


@dataclass(frozen=True, slots=True)
class Stream:
    """A log stream; the last three are None as long as it has no events.

    Attributes:
        id: its row.
        name: unique in its group.
        creation_ms: when it was made.
        first_event_ms: the time of its earliest event.
        last_event_ms: the time of its latest event.
        last_ingestion_ms: when it was last written to.
    """

    id: int
    name: str
    creation_ms: int
    first_event_ms: int | None
    last_event_ms: int | None
    last_ingestion_ms: int | None


class Position(NamedTuple):
    """Where an event is in the order of all events; no other event is there.

    Attributes:
        timestamp_ms: the event's time.
        chunk_id: the row that holds it; later rows have higher ids.
        place: in the row, from 1.
    """

    timestamp_ms: int
    chunk_id: int
    place: int

    @property
    def text(self) -> str:
        """Fifty-six digits, in the same order as the positions; an event's id."""
        return f"{self.timestamp_ms:020d}{self.chunk_id:020d}{self.place:016d}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `text` gives; None if it is something else."""
        match = _POSITION.fullmatch(text)
        return cls(*map(int, match.groups())) if match else None

    def before(self) -> Self:
        """Return the position that only this and later events come after."""
        return self._replace(place=self.place - 1)

    def after(self) -> Self:
        """Return the position that only this and earlier events come before."""
        return self._replace(place=self.place + 1)


class Event(NamedTuple):
    """One log event."""

    position: Position
    message: str
    ingestion_ms: int
    stream_id: int
