"""The nouns of EventBridge Scheduler. All times are milliseconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DEFAULT = "default"


class GroupKey(NamedTuple):
    """What identifies a group of schedules."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return f"arn:aws:scheduler:{self.region}:{self.account_id}:schedule-group/{self.name}"


class ScheduleKey(NamedTuple):
    """What identifies a schedule."""

    group: GroupKey
    name: str

    @property
    def arn(self) -> str:
        """The schedule's ARN."""
        group = self.group
        place = f"{group.region}:{group.account_id}"
        return f"arn:aws:scheduler:{place}:schedule/{group.name}/{self.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of schedules.

    Attributes:
        key: its name, and whose it is.
        tags: its tags.
        created_ms: when it was made; 0 for the default group, which is always there.
        token: of the request that made it.
    """

    key: GroupKey
    tags: Mapping[str, str] = field(default_factory=dict)
    created_ms: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule.

    Attributes:
        key: its name and its group.
        settings: what was set, by the names of CreateSchedule's members.
        created_ms: when it was made.
        modified_ms: when it was changed last.
        tick_ms: its next time; None for never.
        next_ms: when that fires, later within a flexible window; None for never.
        token: of the request that made it.
    """

    key: ScheduleKey
    settings: Mapping[str, Any]
    created_ms: int
    modified_ms: int
    tick_ms: int | None = None
    next_ms: int | None = None
    token: str = ""

    @property
    def enabled(self) -> bool:
        """Whether it fires."""
        return bool(self.settings.get("State", "ENABLED") == "ENABLED")
