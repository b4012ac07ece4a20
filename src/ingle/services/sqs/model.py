"""The nouns of the SQS service. All times are milliseconds since the epoch."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class QueueKey(NamedTuple):
    """What identifies a queue."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return f"arn:aws:sqs:{self.region}:{self.account_id}:{self.name}"

    def url(self, endpoint: str) -> str:
        """The queue's URL for a client that reaches Ingle at this endpoint."""
        return f"{endpoint}/{self.account_id}/{self.name}"


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where messages go that were received too often.

    Attributes:
        target: the dead-letter queue's ARN.
        max_receives: how often a message is received before.
    """

    target: str
    max_receives: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What a queue's attributes say, read.

    Attributes:
        visibility_s: how long a received message is hidden.
        delay_s: how long a new one is.
        retention_s: how long one is kept.
        max_bytes: how large one may be.
        wait_s: how long a receiver waits that does not say so.
        by_content: whether a FIFO queue knows copies by their bodies.
        by_group: whether it looks for copies within a message group only.
        by_group_limit: whether each message group has a throughput of its own.
        encrypted: whether messages are stored encrypted.
        redrive: its dead-letter queue, if it has one.
    """

    visibility_s: int
    delay_s: int
    retention_s: int
    max_bytes: int
    wait_s: int
    by_content: bool
    by_group: bool
    by_group_limit: bool
    encrypted: bool
    redrive: Redrive | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue.

    Attributes:
        id: its row.
        key: its name, and whose it is.
        attributes: those that were set, as they were.
        tags: its tags.
        created_ms: when it was made.
        modified_ms: when an attribute was set last.
        secret: 16 bytes that its receipt handles are signed with.
        settings: what the attributes say.
    """

    id: int
    key: QueueKey
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    created_ms: int
    modified_ms: int
    secret: bytes
    settings: Settings

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order."""
        return self.key.name.endswith(".fifo")


class Content(NamedTuple):
    """What a message says, which is not always in memory.

    Attributes:
        body: the text.
        md5: of the body, in hexadecimal.
        attributes: the message attributes as they were sent; binary values are bytes.
    """

    body: str
    md5: str
    attributes: Mapping[str, Mapping[str, Any]]


class State(enum.Enum):
    """Where a message is."""

    READY = "ready"
    DELAYED = "delayed"
    IN_FLIGHT = "in flight"
    GONE = "gone"


@dataclass(slots=True, eq=False)
class Message:
    """A message, as far as it is always in memory.

    Attributes:
        id: its row; later ones have larger ones.
        queue_id: where it is.
        message_id: what AWS calls its id.
        size: of body and attributes, in bytes, as AWS counts.
        sender: the unique id of who sent it.
        sent_ms: when.
        trace: the trace header that came with it, or "".
        group: its message group, or None.
        deduplication: its deduplication id, or None.
        sequence: its sequence number in a FIFO queue, or None.
        source: the ARN of the queue that it is a dead letter of, or None.
        place: its place among all messages: its row, or where it was moved to later.
        receives: how often it was received, in all queues.
        receives_before: of these, how often before it came into this queue.
        first_received_ms: when it was first, or None.
        received_ms: when it was last, or None.
        due_ms: when it becomes visible, or became.
        state: where it is.
        turn: counts its changes of state; what remembers an earlier one is out of date.
        content: what it says, where it is in memory.
    """

    id: int
    queue_id: int
    message_id: str
    size: int
    sender: str
    sent_ms: int
    trace: str
    group: str | None
    deduplication: str | None
    sequence: str | None
    source: str | None
    place: int = 0
    receives: int = 0
    receives_before: int = 0
    first_received_ms: int | None = None
    received_ms: int | None = None
    due_ms: int = 0
    state: State = State.GONE
    turn: int = field(default=0, repr=False)
    content: Content | None = field(default=None, repr=False)


class Deduplication(NamedTuple):
    """A message that a FIFO queue takes no copies of for a while.

    Attributes:
        scope: the message group, or "" for the whole queue.
        deduplication: its deduplication id.
        message_id: its id.
        sequence: its sequence number.
        expires_ms: until when.
    """

    scope: str
    deduplication: str
    message_id: str
    sequence: str
    expires_ms: int


class MoveStatus(enum.StrEnum):
    """How far a task is that moves messages."""

    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(slots=True)
class MoveTask:
    """A task that moves messages out of a dead-letter queue.

    Attributes:
        id: a UUID.
        source: the dead-letter queue's ARN.
        destination: where they go, an ARN; None for each to where it came from.
        per_second: how many at most, or None.
        started_ms: when it was started.
        to_move: how many there were then.
        moved: how many it has moved.
        status: how far it is.
        failure: the code of what it failed of, or None.
    """

    id: str
    source: str
    destination: str | None
    per_second: int | None
    started_ms: int
    to_move: int
    moved: int = 0
    status: MoveStatus = MoveStatus.RUNNING
    failure: str | None = None
