"""The nouns of the SNS service. All times are milliseconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingle.services.sns.archive_policies import retention_days
from ingle.services.sns.delivery_policies import DeliveryPolicy
from ingle.services.sns.filter_policies import FilterPolicy

Attributes = Mapping[str, Mapping[str, Any]]
"""Message attributes by name: `DataType`, and `StringValue` (str) or `BinaryValue` (bytes)."""


class TopicKey(NamedTuple):
    """A topic's name, and whose it is."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:sns:{self.region}:{self.account_id}:{self.name}"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic.

    Attributes:
        id: its row.
        key: its name, and whose it is.
        attributes: those that were set.
        tags: its tags.
    """

    id: int
    key: TopicKey
    attributes: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order."""
        return self.key.name.endswith(".fifo")

    @property
    def archive_days(self) -> int | None:
        """For how long messages are kept to be replayed; None where they are not."""
        return retention_days(self.attributes.get("ArchivePolicy"))

    @property
    def by_content(self) -> bool:
        """Whether copies are known by what they say."""
        return self.attributes.get("ContentBasedDeduplication") == "true"

    @property
    def by_group(self) -> bool:
        """Whether copies are those of the same message group only."""
        return self.attributes.get("FifoThroughputScope") == "MessageGroup"

    @property
    def signature_version(self) -> str:
        """How its messages are signed: `1` with SHA-1, `2` with SHA-256."""
        return self.attributes.get("SignatureVersion", "1")


class Replay(NamedTuple):
    """How far the replay of a subscription is.

    Attributes:
        status: as AWS tells it.
        after: the place in the archive behind which it goes on.
        since: the latest place when it began.
    """

    status: str
    after: int
    since: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription.

    Attributes:
        id: the last part of its ARN.
        topic: what it is of.
        protocol: `lambda`, `sqs`, `http`, `https`, `email` or `email-json`.
        endpoint: an ARN, a URL or an address.
        owner: the account that made it.
        principal: the ARN of who did.
        attributes: those that were set.
        token: what confirms it.
        confirmed: whether it was.
        authenticated: whether whoever confirmed it signed that.
        guarded: whether only its owner may end it, or the topic's.
        created_ms: when it was made.
        token_ms: when the token was sent, which is good for a while.
        ended: whether somebody ended it; its endpoint can take that back with the token.
        replay: what it gets from its topic's archive; None for nothing.
        filter: which messages it is for; None for all.
        delivery: how it is delivered to, where that is outside.
        dead_letter: the ARN of the queue for what could not be delivered, or None.
    """

    id: str
    topic: TopicKey
    protocol: str
    endpoint: str
    owner: str
    principal: str
    attributes: Mapping[str, str]
    token: str
    confirmed: bool
    authenticated: bool
    guarded: bool
    created_ms: int
    token_ms: int
    ended: bool = False
    replay: Replay | None = None
    filter: FilterPolicy | None = None
    delivery: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    dead_letter: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"{self.topic.arn}:{self.id}"

    @property
    def is_raw(self) -> bool:
        """Whether messages come as they were published."""
        return self.attributes.get("RawMessageDelivery") == "true"

    @property
    def is_signed(self) -> bool:
        """Whether messages come in signed documents."""
        return not self.is_raw and self.protocol != "email"

    def wants(self, draft: "Draft") -> bool:
        """Whether a message is for it, as far as its filter policy says."""
        return self.filter is None or self.filter.matches(
            draft.attributes, draft.text(self.protocol)
        )


class Deduplication(NamedTuple):
    """A message that a FIFO topic takes no copies of for a while.

    Attributes:
        scope: the message group, or "" for the whole topic.
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


class LiveTopic:
    """A topic, with what belongs to it.

    Attributes:
        topic: what it is now.
        subscriptions: by their ids, in the order in which they were made.
        ended: those that somebody ended a while ago, by their ids.
        replaying: the ids of those that get messages from the archive now.
        deleted: whether it is gone.
        removed: how many subscriptions ended.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.subscriptions: dict[str, Subscription] = {}
        self.ended: dict[str, Subscription] = {}
        self.replaying: set[str] = set()
        self.deleted = False
        self.removed = 0
        # In the order in which they expire.
        self._known: dict[tuple[str, str], Deduplication] = {}

    def known(self, scope: str, deduplication: str, now_ms: int) -> Deduplication | None:
        """Find the message that another one is a copy of."""
        while self._known:
            first = next(iter(self._known.values()))
            if first.expires_ms > now_ms:
                break
            del self._known[first[:2]]
        return self._known.get((scope, deduplication))

    def remember(self, first: Deduplication) -> None:
        """Take no copies of a message."""
        self._known[first[:2]] = first

    def forget(self, first: Deduplication) -> None:
        """Take copies after all, as the message could not be kept."""
        if self._known.get(first[:2]) == first:
            del self._known[first[:2]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is to be published, checked.

    Attributes:
        message_id: its id.
        texts: what it says, by protocol; that for all others is `default`.
        subject: or None.
        attributes: the message attributes.
        group: its message group, or None.
        deduplication: its deduplication id, or None.
        timestamp: when it was published, as AWS writes it.
        trace: the trace header that it came with, or "".
        size: of text and attributes, in bytes.
    """

    message_id: str
    texts: Mapping[str, str]
    subject: str | None
    attributes: Attributes
    group: str | None
    deduplication: str | None
    timestamp: str
    trace: str
    size: int

    def text(self, protocol: str) -> str:
        """What it says to subscribers of a protocol."""
        return self.texts.get(protocol, self.texts["default"])
