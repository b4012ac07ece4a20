"""The nouns of EventBridge. All times are milliseconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DEFAULT = "default"


class BusKey(NamedTuple):
    """What identifies an event bus."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The bus's ARN."""
        return f"arn:aws:events:{self.region}:{self.account_id}:event-bus/{self.name}"


class RuleKey(NamedTuple):
    """What identifies a rule."""

    bus: BusKey
    name: str

    @property
    def arn(self) -> str:
        """The rule's ARN."""
        on = "" if self.bus.name == DEFAULT else f"{self.bus.name}/"
        return f"arn:aws:events:{self.bus.region}:{self.bus.account_id}:rule/{on}{self.name}"


@dataclass(frozen=True, slots=True)
class Bus:
    """An event bus.

    Attributes:
        key: its name, and whose it is.
        settings: what CreateEventBus and UpdateEventBus set, by the members' names.
        policy: who may put events and rules, JSON; "" for nobody else.
        tags: its tags.
        created_ms: when it was made.
        modified_ms: when it was changed last.
    """

    key: BusKey
    settings: Mapping[str, Any] = field(default_factory=dict)
    policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created_ms: int = 0
    modified_ms: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        key: its name, and the bus that it is on.
        pattern: which events it is for, JSON; "" where it has only a schedule.
        schedule: `rate(…)` or `cron(…)`, or "".
        state: `ENABLED` or `DISABLED`, or as for all events of CloudTrail.
        description: what it is for, or "".
        role: the ARN of the role that it has, or "".
        tags: its tags.
        targets: by their ids, in the order in which they came.
        since_ms: what its rate counts from.
        next_ms: when it is due next, by its schedule; None for never.
    """

    key: RuleKey
    pattern: str = ""
    schedule: str = ""
    state: str = "ENABLED"
    description: str = ""
    role: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    since_ms: int = 0
    next_ms: int | None = None

    @property
    def enabled(self) -> bool:
        """Whether it does anything."""
        return self.state != "DISABLED"


class ArchiveKey(NamedTuple):
    """What identifies an archive."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The archive's ARN."""
        return f"arn:aws:events:{self.region}:{self.account_id}:archive/{self.name}"


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive: it keeps the events of a bus.

    Attributes:
        key: its name, and whose it is.
        bus: the bus.
        pattern: which events it keeps, JSON; "" for all.
        description: what it is for, or "".
        retention_days: how long it keeps them; 0 for ever.
        created_ms: when it was made.
    """

    key: ArchiveKey
    bus: BusKey
    pattern: str
    description: str
    retention_days: int
    created_ms: int


class Archived(NamedTuple):
    """An event in an archive.

    Attributes:
        archive: the archive.
        event: the event, JSON.
        time_ms: when it happened, as it says itself.
        added_ms: when it came.
        id: its row; 0 while it has none.
    """

    archive: ArchiveKey
    event: bytes
    time_ms: int
    added_ms: int
    id: int = 0


class ReplayKey(NamedTuple):
    """What identifies a replay."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The replay's ARN."""
        return f"arn:aws:events:{self.region}:{self.account_id}:replay/{self.name}"


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay: it puts events of an archive on their bus again.

    Attributes:
        key: its name, and whose it is.
        archive: where the events are.
        bus: where they are put.
        rules: the ARNs of the rules that they are for; none for all.
        description: what it is for, or "".
        start_ms: events that happened before are left out.
        end_ms: and those after.
        state: `RUNNING`, `CANCELLING`, `CANCELLED`, `COMPLETED` or `FAILED`.
        reason: why it failed, or "".
        began_ms: when it began.
        ended_ms: when it was over; 0 while it is not.
        last_ms: when the last event happened that was replayed; -1 for none yet.
        last_id: the row of that.
    """

    key: ReplayKey
    archive: ArchiveKey
    bus: BusKey
    rules: tuple[str, ...]
    description: str
    start_ms: int
    end_ms: int
    began_ms: int
    state: str = "RUNNING"
    reason: str = ""
    ended_ms: int = 0
    last_ms: int = -1
    last_id: int = 0

    @property
    def active(self) -> bool:
        """Whether it is not over."""
        return self.state in ("RUNNING", "CANCELLING")


class ConnectionKey(NamedTuple):
    """What identifies a connection."""

    account_id: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection: how API destinations prove who calls.

    Attributes:
        key: its name, and whose it is.
        id: tells it from others that had its name before.
        kind: `BASIC`, `OAUTH_CLIENT_CREDENTIALS` or `API_KEY`.
        description: what it is for, or "".
        parameters: the members of AuthParameters, secrets among them; none once it is deauthorized.
        created_ms: when it was made.
        modified_ms: when it was changed last.
        authorized_ms: when it was authorized last.
    """

    key: ConnectionKey
    id: str
    kind: str
    description: str
    parameters: Mapping[str, Any] = field(repr=False)
    created_ms: int
    modified_ms: int
    authorized_ms: int

    @property
    def arn(self) -> str:
        """The connection's ARN."""
        account_id, region, name = self.key
        return f"arn:aws:events:{region}:{account_id}:connection/{name}/{self.id}"

    @property
    def state(self) -> str:
        """`AUTHORIZED` or `DEAUTHORIZED`."""
        return "AUTHORIZED" if self.parameters else "DEAUTHORIZED"


class DestinationKey(NamedTuple):
    """What identifies an API destination."""

    account_id: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Destination:
    """An API destination: an endpoint that rules call.

    Attributes:
        key: its name, and whose it is.
        id: tells it from others that had its name before.
        connection: the ARN of its connection.
        description: what it is for, or "".
        endpoint: a URL; for each `*` in it a target has a value.
        method: the method of its requests.
        per_second: how many requests it gets in a second at most.
        created_ms: when it was made.
        modified_ms: when it was changed last.
    """

    key: DestinationKey
    id: str
    connection: str
    description: str
    endpoint: str
    method: str
    per_second: int
    created_ms: int
    modified_ms: int

    @property
    def arn(self) -> str:
        """The destination's ARN."""
        account_id, region, name = self.key
        return f"arn:aws:events:{region}:{account_id}:api-destination/{name}/{self.id}"
