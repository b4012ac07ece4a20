"""The nouns of alarms. Times are milliseconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

StateValue = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Kind = Literal["MetricAlarm", "CompositeAlarm"]

OK: StateValue = "OK"
IN_ALARM: StateValue = "ALARM"
INSUFFICIENT: StateValue = "INSUFFICIENT_DATA"
METRIC: Kind = "MetricAlarm"
COMPOSITE: Kind = "CompositeAlarm"

INITIAL = "Unchecked: Initial alarm creation"
"""The reason of the state of an alarm that was not evaluated yet."""

ACTIONS: Mapping[StateValue, str] = {
    OK: "OKActions",
    IN_ALARM: "AlarmActions",
    INSUFFICIENT: "InsufficientDataActions",
}
"""The member that has the actions of a state."""

Place = tuple[str, str]
"""An account and a region."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a composite alarm's actions wait.

    Attributes:
        by: `WaitPeriod`, `ExtensionPeriod` or `Alarm`; "" where they do not.
        until_ms: when a period is over; 0 for none.
    """

    by: str = ""
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What an alarm found.

    Attributes:
        value: the state.
        reason: why, in English.
        data: why, as JSON; "" for none.
        updated_ms: when it was set last.
        changed_ms: when it became another last.
        suppression: of a composite alarm.
    """

    value: StateValue
    reason: str
    data: str
    updated_ms: int
    changed_ms: int
    suppression: Suppression = Suppression()

    def waiting(self, suppression: Suppression) -> "State":
        """The same, with actions that wait for something else."""
        return replace(self, suppression=suppression)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, as it is at one time.

    Attributes:
        id: its row.
        account_id: whose it is.
        region: where.
        name: its name.
        kind: what it is.
        settings: the members of the request that made it, but for its name and tags.
        configured_ms: when it was configured last.
        tags: its tags.
        state: its state.
    """

    id: int
    account_id: str
    region: str
    name: str
    kind: Kind
    settings: Mapping[str, Any]
    configured_ms: int
    tags: Mapping[str, str]
    state: State

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn_of(self.account_id, self.region, self.name)

    @property
    def place(self) -> Place:
        """Whose it is, and where."""
        return self.account_id, self.region

    @property
    def acts(self) -> bool:
        """Whether its actions are enabled."""
        enabled: bool = self.settings.get("ActionsEnabled", True)
        return enabled

    def actions(self, state: StateValue) -> list[str]:
        """The ARNs of what is to be done in a state."""
        return list(self.settings.get(ACTIONS[state], ()))


def arn_of(account_id: str, region: str, name: str) -> str:
    """Make the ARN of an alarm."""
    return f"arn:aws:cloudwatch:{region}:{account_id}:alarm:{name}"


def timestamp(at_ms: int) -> str:
    """A time as alarms tell it, in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}+0000"
