"""What PutCompositeAlarm takes, and which alarms a composite alarm has to do with.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.cloudwatch.alarms import actions, rules
from ingle.services.cloudwatch.alarms.checking import LATER
from ingle.services.cloudwatch.alarms.limits import COMPOSITE as LIMITS
from ingle.services.cloudwatch.alarms.model import (
    COMPOSITE,
    IN_ALARM,
    INSUFFICIENT,
    OK,
    Alarm,
    Place,
    StateValue,
    arn_of,
)
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.cloudwatch.errors import ValidationFailed

_PERIODS = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
_OF_A_NAME = ("AlarmName", "Tags")


class Composites:
    """Follows what composite alarms refer to.

    Args:
        store: has all alarms.
    """

    def __init__(self, store: AlarmStore) -> None:
        self._store = store

    def settings(self, request: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Check the input of PutCompositeAlarm.

        Returns:
            What of it is kept.

        Raises:
            ValidationFailed: an alarm cannot be so.
        """
        LATER.refuse(request, "composite")
        settings = {
            name: value
            for name, value in request.items()
            if name not in _OF_A_NAME and value is not None
        }
        self._check_suppressor(settings, request["AlarmName"], place)
        self._check_rule(settings["AlarmRule"], request["AlarmName"], place)
        actions.check(settings, place)
        return settings

    def value(self, alarm: Alarm) -> StateValue:
        """Evaluate an alarm's rule."""

        def state_of(reference: str) -> str:
            found = self._store.get(alarm.place, name_of(reference, alarm.place))
            return INSUFFICIENT if found is None else found.state.value

        rule = rules.parse(alarm.settings["AlarmRule"])
        return IN_ALARM if rules.holds(rule, state_of) else OK

    def children(self, alarm: Alarm) -> list[str]:
        """The names of the alarms in an alarm's rule, each once."""
        if alarm.kind != COMPOSITE:
            return []
        return _names(alarm.settings["AlarmRule"], alarm.place)

    def parents(self, place: Place, name: str) -> list[Alarm]:
        """The composite alarms with an alarm in their rules."""
        return [each for each in self._store.of(place) if name in self.children(each)]

    def suppressed_by(self, alarm: Alarm) -> list[Alarm]:
        """The composite alarms whose actions an alarm suppresses."""
        return [each for each in self._store.of(alarm.place) if self.suppressor(each) == alarm.name]

    def suppressor(self, alarm: Alarm) -> str | None:
        """The name of the alarm that suppresses an alarm's actions; None for none."""
        reference = alarm.settings.get("ActionsSuppressor")
        return name_of(reference, alarm.place) if reference else None

    def is_suppressed(self, alarm: Alarm) -> bool:
        """Whether the alarm that suppresses an alarm's actions is in ALARM."""
        name = self.suppressor(alarm)
        found = self._store.get(alarm.place, name) if name is not None else None
        return found is not None and found.state.value == IN_ALARM

    def _check_suppressor(self, settings: Mapping[str, Any], name: str, place: Place) -> None:
        reference = settings.get("ActionsSuppressor")
        for member in _PERIODS:
            if reference is None and member in settings:
                raise ValidationFailed(
                    f"The parameter {member} can only be used with ActionsSuppressor."
                )
            if reference is not None:
                if member not in settings:
                    raise ValidationFailed(
                        f"The parameter {member} is required with ActionsSuppressor."
                    )
                if settings[member] < 0:
                    raise ValidationFailed(f"The parameter {member} must not be negative.")
        if reference is None:
            return
        suppressor = name_of(reference, place)
        if suppressor == name:
            raise ValidationFailed("An alarm cannot suppress its own actions.")
        if self._store.get(place, suppressor) is None:
            raise ValidationFailed(
                f"Could not save the composite alarm as the actions suppressor "
                f"{arn_of(*place, suppressor)} does not exist"
            )

    def _check_rule(self, text: str, name: str, place: Place) -> None:
        try:
            names = _names(text, place)
        except rules.BadRule as error:
            raise ValidationFailed(f"Error in AlarmRule [{error}]") from error
        if len(names) > LIMITS["children"]:
            raise ValidationFailed(
                f"The alarm rule refers to {len(names)} alarms, and may refer to "
                f"{LIMITS['children']}."
            )
        unknown = [
            arn_of(*place, each)
            for each in names
            if each != name and self._store.get(place, each) is None
        ]
        if unknown:
            raise ValidationFailed(
                f"Could not save the composite alarm as alarms [{', '.join(unknown)}] in the alarm "
                "rule do not exist"
            )
        for each in names:
            if each == name or self._leads_to(place, each, name):
                raise ValidationFailed(
                    f"Could not save the composite alarm as the alarm rule makes a cycle: "
                    f"{arn_of(*place, each)} depends on {arn_of(*place, name)}"
                )
            parents = {parent.name for parent in self.parents(place, each)} | {name}
            if len(parents) > LIMITS["parents"]:
                raise ValidationFailed(
                    f"The alarm {arn_of(*place, each)} is in the rules of {LIMITS['parents']} "
                    "alarms, which is the most."
                )

    def _leads_to(self, place: Place, start: str, wanted: str) -> bool:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            found = self._store.get(place, waiting.pop())
            if found is None:
                continue
            for child in self.children(found):
                if child == wanted:
                    return True
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return False


def name_of(reference: str, place: Place) -> str:
    """The name of an alarm that is told by its name or its ARN; another place's ARN stays one."""
    return reference.removeprefix(arn_of(*place, ""))


def _names(text: str, place: Place) -> list[str]:
    return list(dict.fromkeys(name_of(each, place) for each in rules.alarms(rules.parse(text))))
