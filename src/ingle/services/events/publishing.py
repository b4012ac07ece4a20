"""Brings events from a bus to the targets of the rules that they match, and to archives."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.delivering.api import Deliveries, Delivery
from ingle.services.events.measuring import Measuring
from ingle.services.events.model import Archived, BusKey, RuleKey
from ingle.services.events.shaping import with_parameters
from ingle.services.events.store import EventsStore

PRINCIPAL = "events.amazonaws.com"
"""Who brings events to targets."""


class Published(NamedTuple):
    """Where events go.

    Attributes:
        deliveries: to targets.
        archived: to archives.
        matched: the rules that an event matched, for each that matched some.
    """

    deliveries: list[Delivery]
    archived: list[Archived]
    matched: list[list[RuleKey]]

    @classmethod
    def nowhere(cls) -> Self:
        """No event yet."""
        return cls([], [], [])

    def take(self, others: "Published") -> None:
        """Take in where other events go."""
        self.deliveries.extend(others.deliveries)
        self.archived.extend(others.archived)
        self.matched.extend(others.matched)


class Publishing:
    """Knows where events go.

    Args:
        store: knows the rules and archives.
        deliveries: bring events to targets.
        measuring: counts them.
        clock: the time of day.
    """

    def __init__(
        self, store: EventsStore, deliveries: Deliveries, measuring: Measuring, clock: Clock
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._measuring = measuring
        self._clock = clock

    @property
    def crowded(self) -> bool:
        """Whether so much waits for delivery that what can wait should."""
        return self._deliveries.crowded

    def found(
        self,
        bus: BusKey,
        event: dict[str, Any],
        *,
        trace: str = "",
        hops: int = 0,
        rules: Container[str] = (),
    ) -> Published:
        """Find the targets that an event on a bus is for, and the archives.

        Args:
            bus: where it is.
            event: the event as targets get it, with `source`, `detail` and so on.
            trace: the trace header that came with it, or "".
            hops: how many buses passed it on before.
            rules: the ARNs of the rules that it is for; none for all.
        """
        now_ms = int(self._clock.time() * 1000)
        written = b""
        published = Published.nowhere()
        for archive in self._store.archives.wanting(bus, event):
            written = written or orjson.dumps(event)
            time_ms = _time_ms(event, now_ms)
            published.archived.append(Archived(archive, written, time_ms, now_ms))
        index = self._store.index(bus)
        matched: list[RuleKey] = []
        for name in index.matches(event) if index is not None else ():
            rule = self._store.rule(RuleKey(bus, name))
            if rule is None or (rules and rule.key.arn not in rules):
                continue
            matched.append(rule.key)
            written = written or orjson.dumps(event)
            published.deliveries.extend(
                Delivery(
                    PRINCIPAL,
                    rule.key.arn,
                    bus.account_id,
                    bus.region,
                    with_parameters(target, event),
                    written,
                    now_ms,
                    trace,
                    hops,
                    due_ms=now_ms,
                )
                for target in rule.targets.values()
            )
        if matched:
            published.matched.append(matched)
        return published

    async def add(self, connection: AsyncConnection, published: Published) -> None:
        """Write what `found` found within a transaction; `added` is to be told of it after it."""
        await self._store.archives.insert(connection, published.archived)
        await self._deliveries.add(connection, published.deliveries)

    def added(self, published: Published) -> None:
        """Begin to deliver what `add` has written, and count it."""
        self._deliveries.added(published.deliveries)
        self._measuring.matched(published.matched)


def _time_ms(event: Mapping[str, Any], now_ms: int) -> int:
    """Read when an event happened; now, where it does not say so."""
    try:
        return int(datetime.fromisoformat(event["time"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError, OverflowError):
        return now_ms
