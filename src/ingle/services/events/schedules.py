"""The schedules of rules.

A rule's next time is on disk. When it has come, the events for its targets and the time after are
written in one transaction, so that no tick counts twice, whatever happens. Of the ticks that passed
while the server was down the last one is made up for.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.delivering.api import Deliveries, Delivery
from ingle.services.events.errors import Validation
from ingle.services.events.measuring import Measuring
from ingle.services.events.model import BusKey, Rule, RuleKey
from ingle.services.events.publishing import PRINCIPAL
from ingle.services.events.store import EventsStore
from ingle.services.locks import KeyedLocks
from ingle.services.schedule_expressions import InvalidExpression, Times, times_of
from ingle.services.ticker import Ticker


def checked_schedule(expression: str, since_s: float = 0) -> Times:
    """Read the schedule of a rule.

    Raises:
        Validation: it is none.
    """
    try:
        return times_of(expression, start=since_s)
    except InvalidExpression as error:
        raise Validation("Parameter ScheduleExpression is not valid.") from error


class RuleSchedules:
    """Runs the rules that have a schedule.

    Args:
        store: where rules are kept.
        deliveries: take what is for their targets.
        measuring: counts how often they ran.
        changing: the lock of each bus.
        clock: the time of day.
    """

    def __init__(
        self,
        store: EventsStore,
        deliveries: Deliveries,
        measuring: Measuring,
        changing: KeyedLocks[BusKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._measuring = measuring
        self._changing = changing
        self._clock = clock
        self._ticker: Ticker[RuleKey] = Ticker(clock, self._fire)

    def start(self) -> None:
        """Begin to run them."""
        for rule in self._store.all_rules():
            if rule.next_ms is not None:
                self._ticker.set(rule.key, rule.next_ms / 1000)
        self._ticker.start()

    async def close(self) -> None:
        """Run them no more."""
        await self._ticker.close()

    async def put(self, rule: Rule) -> None:
        """Keep a rule that was changed, and run it when its time has come.

        Whoever calls holds the lock of its bus.
        """
        time = None
        if rule.schedule and rule.enabled:
            times = checked_schedule(rule.schedule, rule.since_ms / 1000)
            time = times.next_after(self._clock.time())
        rule = replace(rule, next_ms=None if time is None else round(time * 1000))
        await self._store.put_rule(rule)
        self._ticker.set(rule.key, time)

    def forget(self, key: RuleKey) -> None:
        """Run a rule no more."""
        self._ticker.set(key, None)

    async def _fire(self, key: RuleKey, time: float) -> None:
        async with self._changing(key.bus):
            rule = self._store.rule(key)
            if rule is None or rule.next_ms is None or rule.next_ms > round(time * 1000):
                return
            times = checked_schedule(rule.schedule, rule.since_ms / 1000)
            now = self._clock.time()
            tick = times.last_before(rule.next_ms / 1000, now)
            following = times.next_after(max(now, tick))
            deliveries = _made(rule, tick)

            async def also(connection: AsyncConnection) -> None:
                await self._deliveries.add(connection, deliveries)

            next_ms = None if following is None else round(following * 1000)
            await self._store.put_rule(replace(rule, next_ms=next_ms), also)
            self._ticker.set(key, following)
            self._deliveries.added(deliveries)
            self._measuring.ticked(key)


def _made(rule: Rule, tick: float) -> list[Delivery]:
    bus = rule.key.bus
    event: dict[str, Any] = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": bus.account_id,
        "time": datetime.fromtimestamp(tick, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": bus.region,
        "resources": [rule.key.arn],
        "detail": {},
    }
    written = orjson.dumps(event)
    return [
        Delivery(
            PRINCIPAL,
            rule.key.arn,
            bus.account_id,
            bus.region,
            target,
            written,
            round(tick * 1000),
        )
        for target in rule.targets.values()
    ]
