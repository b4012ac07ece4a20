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
