"""Makes, changes and deletes alarms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.cloudwatch.alarms import history, messages
from ingle.services.cloudwatch.alarms.actions import Neighbours
from ingle.services.cloudwatch.alarms.checking import metric_settings
from ingle.services.cloudwatch.alarms.composites import Composites
from ingle.services.cloudwatch.alarms.keeping import Found, Keeper
from ingle.services.cloudwatch.alarms.limits import ALARM
from ingle.services.cloudwatch.alarms.model import (
    COMPOSITE,
    INITIAL,
    INSUFFICIENT,
    METRIC,
    Alarm,
    Kind,
    Place,
    State,
)
from ingle.services.cloudwatch.alarms.reading import read
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.cloudwatch.errors import (
    AlarmNotFound,
    InvalidFormat,
    LimitExceeded,
    ResourceNotFound,
    ValidationFailed,
)
from ingle.services.cloudwatch.metrics import Metrics
from ingle.storage.tasks import finish


class Configuring:
    """Changes alarms.

    Args:
        store: has all alarms.
        composites: follows what composite alarms refer to.
        keeper: keeps their states.
        metrics: what expressions are tried on.
        neighbours: are told.
    """

    def __init__(
        self,
        store: AlarmStore,
        composites: Composites,
        keeper: Keeper,
        metrics: Metrics,
        neighbours: Neighbours,
    ) -> None:
        self._store = store
        self._composites = composites
        self._keeper = keeper
        self._metrics = metrics
        self._neighbours = neighbours

    async def put_metric(self, place: Place, request: Mapping[str, Any]) -> None:
        """Make a metric alarm, or replace all but its state and tags."""
        settings = metric_settings(request, place)
        async with self._store.changing:
            alarm = self._made(place, METRIC, request, settings)
            if "Metrics" in settings:
                # What only shows when it is computed is refused now, and not found out later.
                await read(self._metrics, alarm, self._keeper.now_ms() / 1000)
            alarm = await finish(self._write(alarm))
            self._keeper.configured(alarm)

    async def put_composite(self, place: Place, request: Mapping[str, Any]) -> None:
        """Make a composite alarm, or replace all but its state and tags; it is evaluated."""
        async with self._store.changing:
            settings = self._composites.settings(request, place)
            alarm = self._made(place, COMPOSITE, request, settings)
            verb = "updated" if alarm.id else "created"
            alarm = await finish(self._write(alarm))
            await self._keeper.evaluate_composite(alarm, verb)

    async def delete(self, place: Place, names: Sequence[str]) -> None:
        """Delete alarms, all or none."""
        async with self._store.changing:
            gone = [self._existing(place, name) for name in dict.fromkeys(names)]
            if sum(each.kind == COMPOSITE for each in gone) > 1:
                raise ValidationFailed("Only one composite alarm can be deleted with one request.")
            for each in gone:
                parents = self._composites.parents(place, each.name)
                parents += self._composites.suppressed_by(each)
                if {parent.name for parent in parents} - {other.name for other in gone}:
                    raise ValidationFailed(
                        f"Cannot delete {each.arn} as there are composite alarm(s) depending on it."
                    )
            now_ms = self._keeper.now_ms()

            async def write(connection: AsyncConnection) -> list[Callable[[], None]]:
                effects: list[Callable[[], None]] = []
                for each in gone:
                    await self._store.delete(connection, each)
                    entry = messages.configured_entry(each, "delete", now_ms)
                    effects += await self._neighbours.tell_bus(connection, each, entry)
                items = [history.configured(each, "Delete", now_ms) for each in gone]
                await history.write(connection, items)
                return effects

            async def both() -> None:
                effects = await self._store.database.write(write)
                for each in gone:
                    self._store.forget(each)
                for effect in effects:
                    effect()

            await finish(both())

    async def enable(self, place: Place, names: Sequence[str], *, enabled: bool) -> None:
        """Have alarms act or not; names of alarms that are not there are left out."""
        async with self._store.changing:
            for name in dict.fromkeys(names):
                alarm = self._store.get(place, name)
                if alarm is None or alarm.acts == enabled:
                    continue
                settings = {**alarm.settings, "ActionsEnabled": enabled}
                now_ms = self._keeper.now_ms()
                changed = replace(alarm, settings=settings, configured_ms=now_ms)
                await finish(self._write(changed))

    async def set_state(self, place: Place, request: Mapping[str, Any]) -> None:
        """Bring an alarm into a state; it stays there until it is evaluated."""
        data = request.get("StateReasonData") or ""
        if data:
            try:
                orjson.loads(data)
            except orjson.JSONDecodeError as error:
                raise InvalidFormat(
                    f"The parameter StateReasonData is not valid JSON: {error}"
                ) from error
        async with self._store.changing:
            alarm = self._existing(place, request["AlarmName"])
            await self._keeper.set(
                alarm, Found(request["StateValue"], request["StateReason"], data)
            )

    def tags(self, place: Place, name: str, arn: str) -> Mapping[str, str]:
        """Tell an alarm's tags; raises ResourceNotFound."""
        alarm = self._store.get(place, name)
        if alarm is None:
            raise ResourceNotFound(arn)
        return alarm.tags

    async def change_tags(
        self,
        place: Place,
        name: str,
        arn: str,
        change: Callable[[dict[str, str]], dict[str, str]],
    ) -> None:
        """Change an alarm's tags; raises ResourceNotFound."""
        async with self._store.changing:
            tags = change(dict(self.tags(place, name, arn)))
            alarm = replace(self._existing(place, name), tags=tags)

            async def both() -> None:
                await self._store.database.write(
                    lambda connection: self._store.update(connection, alarm)
                )
                self._store.keep(alarm)

            await finish(both())

    def _existing(self, place: Place, name: str) -> Alarm:
        alarm = self._store.get(place, name)
        if alarm is None:
            raise AlarmNotFound(name)
        return alarm

    def _made(
        self, place: Place, kind: Kind, request: Mapping[str, Any], settings: dict[str, Any]
    ) -> Alarm:
        """The alarm as it is to be; a new one has no row yet."""
        name, now_ms = request["AlarmName"], self._keeper.now_ms()
        settings.setdefault("ActionsEnabled", True)
        present = self._store.get(place, name)
        if present is None:
            if self._store.count(place) >= ALARM["alarms"]:
                raise LimitExceeded("The maximum limit of alarms already reached.")
            state = State(INSUFFICIENT, INITIAL, "", now_ms, now_ms)
            tags = {each["Key"]: each["Value"] for each in request.get("Tags", ())}
            return Alarm(0, *place, name, kind, settings, now_ms, tags, state)
        if present.kind != kind:
            raise ValidationFailed(
                f"The alarm {name} is a {present.kind}, and cannot become a {kind}."
            )
        return replace(present, settings=settings, configured_ms=now_ms)

    async def _write(self, alarm: Alarm) -> Alarm:
        before = self._store.get(alarm.place, alarm.name)
        at_ms = alarm.configured_ms

        async def write(connection: AsyncConnection) -> tuple[Alarm, list[Callable[[], None]]]:
            written = alarm
            if before is None:
                written = await self._store.insert(connection, alarm)
                item = history.configured(written, "Create", at_ms)
                entry = messages.configured_entry(written, "create", at_ms)
            else:
                await self._store.update(connection, alarm)
                item = history.configured(written, "Update", at_ms)
                entry = messages.configured_entry(written, "update", at_ms, before)
            await history.write(connection, [item])
            return written, await self._neighbours.tell_bus(connection, written, entry)

        written, effects = await self._store.database.write(write)
        self._store.keep(written)
        for effect in effects:
            effect()
        return written
