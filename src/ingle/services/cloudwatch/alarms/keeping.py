"""Evaluates alarms on time, and does what is to be done when they change.

A change of state, its history, and the actions that it leads to are one transaction: no action
comes of a change that is lost, and none that is not lost goes without. Topics, functions and buses
bring what they have accepted, over restarts too.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.alarm import LONGEST_S
from ingle.services.alarm import Alarm as Bell
from ingle.services.cloudwatch.alarms import history, messages, reading, suppression, wording
from ingle.services.cloudwatch.alarms.actions import Neighbours
from ingle.services.cloudwatch.alarms.composites import Composites
from ingle.services.cloudwatch.alarms.evaluation import evaluated, significant
from ingle.services.cloudwatch.alarms.limits import ALARM, EVALUATION
from ingle.services.cloudwatch.alarms.model import (
    COMPOSITE,
    INITIAL,
    METRIC,
    Alarm,
    State,
    StateValue,
    Suppression,
    timestamp,
)
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.cloudwatch.metrics import Metrics
from ingle.storage.tasks import finish
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)
_TIDY_S = 3600
_RETRY_S = 1.0


class Found(NamedTuple):
    """A state that an alarm is to come into.

    Attributes:
        value: the state.
        reason: why, in English.
        data: why, as JSON; "" for none.
    """

    value: StateValue
    reason: str
    data: str


class Keeper:
    """Keeps the states of alarms.

    Args:
        store: has all alarms.
        composites: follows what composite alarms refer to.
        metrics: are evaluated.
        neighbours: are told.
        clock: the time.
    """

    def __init__(
        self,
        store: AlarmStore,
        composites: Composites,
        metrics: Metrics,
        neighbours: Neighbours,
        clock: Clock,
    ) -> None:
        self._store = store
        self._composites = composites
        self._metrics = metrics
        self._neighbours = neighbours
        self._clock = clock
        self._bell = Bell(clock)
        # When each metric alarm is evaluated next, by its row.
        self._due: dict[int, float] = {}
        self._tidied = 0.0

    def now_ms(self) -> int:
        """The time, in milliseconds since the epoch."""
        return int(self._clock.time() * 1000)

    def configured(self, alarm: Alarm) -> None:
        """An alarm is new or another: it is evaluated with the next period that ends."""
        self._due.pop(alarm.id, None)
        self._bell.ring()

    async def keep(self) -> None:
        """Evaluate alarms for as long as this runs."""
        await self._guarded(self._take_up())
        while True:
            await self._bell.wait(self._wait_s())
            now = self._clock.time()
            await self._guarded(self._release_due())
            known = {each.id: each for each in self._store.all() if each.kind == METRIC}
            for gone in self._due.keys() - known.keys():
                del self._due[gone]
            due = [each for each in known.values() if self._due.get(each.id, now + 1) <= now]
            for each in due:
                self._plan(each, now)
            for first in range(0, len(due), EVALUATION["at_once"]):
                some = due[first : first + EVALUATION["at_once"]]
                await asyncio.gather(*(self._guarded(self._evaluate(each)) for each in some))
            if now - self._tidied >= _TIDY_S:
                self._tidied = now
                before = self.now_ms() - 1000 * ALARM["history"]
                await self._guarded(history.forget(self._store.database, before))

    async def set(self, alarm: Alarm, found: Found) -> None:
        """Bring an alarm into a state, and those that depend on it; `changing` is held."""
        await finish(self._set_all(alarm, found))

    async def evaluate_composite(self, alarm: Alarm, verb: str) -> None:
        """Evaluate a composite alarm that was `created` or `updated`; `changing` is held."""
        if alarm.state.suppression.by and self._composites.suppressor(alarm) is None:
            alarm = await finish(self._wait(alarm, suppression.NONE))
        value = self._composites.value(alarm)
        if value != alarm.state.value:
            reason = f"{alarm.arn} was {verb} and its alarm rule evaluates to {value}"
            await self.set(alarm, Found(value, reason, ""))

    async def _take_up(self) -> None:
        """What depends on alarms that changed just before the server died is evaluated."""
        async with self._store.changing:
            for alarm in [each for each in self._store.all() if each.kind == COMPOSITE]:
                if alarm.state.reason == INITIAL:
                    await self.evaluate_composite(alarm, "created")
                    continue
                for name in self._composites.children(alarm):
                    child = self._store.get(alarm.place, name)
                    if child is not None and child.state.changed_ms >= alarm.state.updated_ms:
                        await finish(self._follow(alarm, child))
                if self._composites.suppressor(alarm) is not None:
                    await finish(self._suppressor_changed(self._present(alarm)))

    def _wait_s(self) -> float:
        now = self._clock.time()
        due = now + LONGEST_S
        for alarm in self._store.all():
            if alarm.kind == METRIC:
                if alarm.id not in self._due:
                    self._plan(alarm, now)
                due = min(due, self._due[alarm.id])
            elif alarm.state.suppression.until_ms:
                due = min(due, alarm.state.suppression.until_ms / 1000)
        return due - now

    def _plan(self, alarm: Alarm, now: float) -> None:
        step, delay = reading.step_of(alarm), EVALUATION["delay"]
        self._due[alarm.id] = (math.floor(now - delay) // step + 1) * step + delay

    async def _evaluate(self, alarm: Alarm) -> None:
        now = self._clock.time()
        rule = reading.rule_of(alarm)
        asked, points = await reading.read(self._metrics, alarm, now)
        finding = evaluated(rule, points)
        if finding.state is None:
            return
        if alarm.settings.get("EvaluateLowSampleCountPercentile") == "ignore" and not significant(
            asked.statistic, finding.used
        ):
            return
        if finding.state == alarm.state.value and alarm.state.reason != INITIAL:
            return
        counted = "DatapointsToAlarm" in alarm.settings
        found = Found(
            finding.state,
            wording.reason(rule, finding, finding.state, counted=counted),
            wording.reason_data(rule, finding, asked, points),
        )
        async with self._store.changing:
            present = self._store.get(alarm.place, alarm.name)
            if present is None or present.configured_ms != alarm.configured_ms:
                return
            if present.state is alarm.state:
                await self.set(present, found)

    async def _set_all(self, alarm: Alarm, found: Found) -> None:
        if await self._set(alarm, found):
            await self._cascade(alarm)

    async def _follow(self, alarm: Alarm, child: Alarm) -> None:
        if await self._step(alarm, child):
            await self._cascade(alarm)

    async def _cascade(self, alarm: Alarm) -> None:
        """Go on with what depends on an alarm that came into another state."""
        changed = [alarm]
        while changed:
            child = self._present(changed.pop())
            for each in self._composites.suppressed_by(child):
                await self._suppressor_changed(each)
            parents = self._composites.parents(child.place, child.name)
            changed += [each for each in parents if await self._step(each, child)]

    async def _step(self, alarm: Alarm, child: Alarm) -> bool:
        """Evaluate a composite alarm of which a child changed; say whether it changes too."""
        value = self._composites.value(alarm)
        if value == alarm.state.value:
            return False
        when = datetime.fromtimestamp(child.state.changed_ms / 1000, UTC)
        reason = (
            f"{child.arn} transitioned to {child.state.value} at {when:%A %d %B, %Y %H:%M:%S} UTC"
        )
        trigger = {
            "arn": child.arn,
            "state": {
                "value": child.state.value,
                "timestamp": timestamp(child.state.changed_ms),
            },
        }
        data = orjson.dumps({"triggeringAlarms": [trigger]}).decode()
        return await self._set(alarm, Found(value, reason, data))

    async def _set(self, alarm: Alarm, found: Found) -> bool:
        """Bring one alarm into a state; say whether it is another one."""
        now_ms, before = self.now_ms(), alarm.state
        other = found.value != before.value
        state = State(
            found.value,
            found.reason,
            found.data,
            now_ms,
            now_ms if other else before.changed_ms,
            before.suppression,
        )
        if other:
            waits = suppression.NONE
            if self._composites.suppressor(alarm) is not None:
                wait_ms = 1000 * alarm.settings["ActionsSuppressorWaitPeriod"]
                suppressed = self._composites.is_suppressed(alarm)
                waits = suppression.changed(now_ms, wait_ms, suppressed=suppressed)
            state = state.waiting(waits)
        await self._write(replace(alarm, state=state), before, tell=other, act=other)
        return other

    async def _suppressor_changed(self, alarm: Alarm) -> None:
        extension_ms = 1000 * alarm.settings["ActionsSuppressorExtensionPeriod"]
        waits = suppression.suppressor_changed(
            alarm.state.suppression,
            self.now_ms(),
            extension_ms,
            suppressed=self._composites.is_suppressed(alarm),
        )
        if waits != alarm.state.suppression:
            await self._wait(alarm, waits)

    async def _release_due(self) -> None:
        now_ms = self.now_ms()
        for alarm in list(self._store.all()):
            if suppression.elapsed(alarm.state.suppression, now_ms):
                async with self._store.changing:
                    present = self._store.get(alarm.place, alarm.name)
                    if present is not None and suppression.elapsed(
                        present.state.suppression, now_ms
                    ):
                        await finish(self._wait(present, suppression.NONE))

    async def _wait(self, alarm: Alarm, waits: Suppression) -> Alarm:
        """Have an alarm's actions wait for something else, or be taken now."""
        before = alarm.state
        state = replace(before.waiting(waits), updated_ms=self.now_ms())
        changed = replace(alarm, state=state)
        await self._write(changed, before, tell=True, act=not waits.by)
        return changed

    async def _write(self, alarm: Alarm, before: State, *, tell: bool, act: bool) -> None:
        """Write a state, and with it all that is to be done about it."""
        acts = act and alarm.acts and not alarm.state.suppression.by

        async def run(connection: AsyncConnection) -> list[Callable[[], None]]:
            await self._store.update(connection, alarm)
            items = []
            if before.value != alarm.state.value:
                items.append(history.changed(alarm, before))
            effects: list[Callable[[], None]] = []
            if tell:
                entry = messages.changed_entry(alarm, before)
                effects += await self._neighbours.tell_bus(connection, alarm, entry)
            items += [
                await self._act(connection, alarm, before, arn, effects)
                for arn in (alarm.actions(alarm.state.value) if acts else ())
            ]
            await history.write(connection, items)
            return effects

        effects = await self._store.database.write(run)
        self._store.keep(alarm)
        for effect in effects:
            effect()
        if alarm.state.suppression.until_ms:
            self._bell.ring()

    async def _act(
        self,
        connection: AsyncConnection,
        alarm: Alarm,
        before: State,
        arn: str,
        effects: list[Callable[[], None]],
    ) -> history.Item:
        try:
            effect, message = await self._neighbours.act(connection, alarm, before, arn)
        except ServiceError as error:
            _logger.warning("alarm %s cannot tell %s: %s", alarm.arn, arn, error.message)
            return history.acted(alarm, self.now_ms(), arn, None, error.message)
        effects.append(effect)
        return history.acted(alarm, self.now_ms(), arn, message, None)

    def _present(self, alarm: Alarm) -> Alarm:
        return self._store.get(alarm.place, alarm.name) or alarm

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ServiceError as error:
            _logger.warning("an alarm could not be evaluated: %s", error.message)
        except Exception:
            _logger.exception("alarms could not be evaluated; the next attempt is soon")
            await self._clock.sleep(_RETRY_S)
