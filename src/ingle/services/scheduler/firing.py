"""Fires schedules.

The next time of a schedule is on disk. When it has come, what is for its target and the time after
are written in one transaction, so that no time counts twice, whatever happens. Of the times that
passed while the server was down the last one is made up for.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import random
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.delivering.api import Deliveries
from ingle.services.locks import KeyedLocks
from ingle.services.scheduler.checks import times
from ingle.services.scheduler.model import GroupKey, Schedule, ScheduleKey
from ingle.services.scheduler.payloads import made
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.ticker import Ticker


class Firing:
    """Knows when each schedule fires.

    Args:
        store: where schedules are kept.
        deliveries: take what is for targets.
        changing: the lock of each group.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SchedulerStore,
        deliveries: Deliveries,
        changing: KeyedLocks[GroupKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._changing = changing
        self._clock = clock
        self._ticker: Ticker[ScheduleKey] = Ticker(clock, self._fire)

    def start(self) -> None:
        """Begin to fire."""
        for each in self._store.all():
            if each.next_ms is not None:
                self._ticker.set(each.key, each.next_ms / 1000)
        self._ticker.start()

    async def close(self) -> None:
        """Fire no more."""
        await self._ticker.close()

    async def put(self, schedule: Schedule) -> None:
        """Keep a schedule that was made or changed; whoever calls holds the lock of its group."""
        now = self._clock.time()
        start = schedule.settings.get("StartDate")
        # A rate without a StartDate fires at once.
        after = now - 0.002 if start is None else max(now, start) - 0.002
        schedule = self._following(schedule, after)
        await self._store.put(schedule)
        self._set(schedule)

    def forget(self, key: ScheduleKey) -> None:
        """Fire a schedule no more."""
        self._ticker.set(key, None)

    async def _fire(self, key: ScheduleKey, time: float) -> None:
        async with self._changing(key.group):
            schedule = self._store.get(key)
            if schedule is None or schedule.next_ms is None or schedule.tick_ms is None:
                return
            if schedule.next_ms > round(time * 1000):
                return
            now = self._clock.time()
            first = schedule.tick_ms / 1000
            found = times(schedule.settings, schedule.modified_ms / 1000)
            window_s = _window_s(schedule)
            tick = max(first, found.last_before(first, now - window_s))
            end = schedule.settings.get("EndDate")
            if end is not None and tick > end:
                tick = first
            delivery = made(schedule, tick, int(now * 1000))
            following = self._following(schedule, tick)

            async def also(connection: AsyncConnection) -> None:
                await self._deliveries.add(connection, [delivery])

            over = following.next_ms is None
            if over and schedule.settings.get("ActionAfterCompletion") == "DELETE":
                await self._store.delete(key, also)
            else:
                await self._store.put(following, also)
                self._set(following)
            self._deliveries.added([delivery])

    def _following(self, schedule: Schedule, after: float) -> Schedule:
        """Find the first time after a moment."""
        tick = None
        if schedule.enabled:
            found = times(schedule.settings, schedule.modified_ms / 1000)
            tick = found.next_after(after)
        end = schedule.settings.get("EndDate")
        if tick is None or (end is not None and tick > end):
            return replace(schedule, tick_ms=None, next_ms=None)
        delay_s = random.random() * _window_s(schedule)  # noqa: S311
        tick_ms = round(tick * 1000)
        return replace(schedule, tick_ms=tick_ms, next_ms=tick_ms + int(delay_s * 1000))

    def _set(self, schedule: Schedule) -> None:
        next_ms = schedule.next_ms
        self._ticker.set(schedule.key, None if next_ms is None else next_ms / 1000)


def _window_s(schedule: Schedule) -> float:
    minutes: int = schedule.settings["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    return 60.0 * minutes
