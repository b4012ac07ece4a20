"""Brings events from a bus to the targets of the rules that they match."""

from typing import Any

import orjson

from ingle.clock import Clock
from ingle.services.delivering.api import Delivery
from ingle.services.events.model import BusKey, RuleKey
from ingle.services.events.store import EventsStore

PRINCIPAL = "events.amazonaws.com"
"""Who brings events to targets."""


class Publishing:
    """Knows where events go.

    Args:
        store: knows the rules.
        clock: the time of day.
    """

    def __init__(self, store: EventsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def deliveries(
        self, bus: BusKey, event: dict[str, Any], *, trace: str = "", hops: int = 0
    ) -> list[Delivery]:
        """Find the targets that an event on a bus is for.

        Args:
            bus: where it is.
            event: the event as targets get it, with `source`, `detail` and so on.
            trace: the trace header that came with it, or "".
            hops: how many buses passed it on before.
        """
        index = self._store.index(bus)
        if index is None:
            return []
        now_ms = int(self._clock.time() * 1000)
        written = b""
        found: list[Delivery] = []
        for name in index.matches(event):
            rule = self._store.rule(RuleKey(bus, name))
            if rule is None:
                continue
            written = written or orjson.dumps(event)
            found += [
                Delivery(
                    PRINCIPAL,
                    rule.key.arn,
                    bus.account_id,
                    bus.region,
                    target,
                    written,
                    now_ms,
                    trace,
                    hops,
                    due_ms=now_ms,
                )
                for target in rule.targets.values()
            ]
        return found
