"""Looks at every event that comes in, for those who wait for some of them.

Metric filters, the embedded metric format, subscription filters and live tails are of this kind.
Looking happens in a thread, before events are packed; what was found is handed on once they are on
the disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ingle.clock import Clock
from ingle.services.cloudwatch.api import Metrics
from ingle.services.logs import embedded
from ingle.services.logs.chunks import Chunk, RawEvent, pack
from ingle.services.logs.deliveries import Enqueue, LogDeliveries
from ingle.services.logs.documents import Delivery
from ingle.services.logs.embedded import Measured
from ingle.services.logs.filter_store import FilterStore, SubscriptionFilter
from ingle.services.logs.live_tail import LiveTails, Tailed
from ingle.services.logs.measuring import DefaultValues, measurements
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.services.logs.store import LogsStore
from ingle.storage.database import Database

_FUNCTION = "lambda"
_KINESIS = "kinesis"
_AT_RANDOM = "Random"
_REPORT_S = 15.0


@dataclass(slots=True)
class Found:
    """What was found in some events.

    Attributes:
        measured: measurements, with whose they are.
        deliveries: what goes to functions.
        records: what goes to streams of Kinesis.
        copies: what goes to other log groups.
        tailed: what live tails show.
    """

    measured: list[tuple[GroupKey, Measured]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    records: list[Delivery] = field(default_factory=list)
    copies: dict[StreamKey, list[RawEvent]] = field(default_factory=dict)
    tailed: list[Tailed] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take in what was found in others."""
        self.measured += other.measured
        self.deliveries += other.deliveries
        self.records += other.records
        self.tailed += other.tailed
        for key, events in other.copies.items():
            self.copies.setdefault(key, []).extend(events)


class Watching:
    """Those who wait for events.

    Args:
        filters: the filters of all groups.
        store: where copies of events go.
        metrics: where measurements go.
        deliveries: hands events on to functions and streams.
        tails: the live tails.

    Attributes:
        filters: as given; so are deliveries and tails.
    """

    def __init__(
        self,
        filters: FilterStore,
        store: LogsStore,
        metrics: Metrics,
        deliveries: LogDeliveries,
        tails: LiveTails,
    ) -> None:
        self.filters = filters
        self.deliveries = deliveries
        self.tails = tails
        self._store = store
        self._metrics = metrics
        self._defaults = DefaultValues()

    @classmethod
    async def open(
        cls,
        database: Database,
        store: LogsStore,
        metrics: Metrics,
        clock: Clock,
        enqueue: Enqueue,
    ) -> Self:
        """Read which filters there are.

        Args:
            database: where they are.
            store: where copies of events go.
            metrics: where measurements go.
            clock: the time.
            enqueue: accepts an event for a function.
        """
        filters = await FilterStore.open(database)
        return cls(filters, store, metrics, LogDeliveries(enqueue, clock), LiveTails(clock))

    async def keep_reporting(self, clock: Clock) -> None:
        """Report what metric filters did not find, for as long as this runs."""
        while True:
            await clock.sleep(_REPORT_S)
            self.report_defaults(int(clock.time() * 1000))

    def report_defaults(self, now_ms: int | None) -> None:
        """Measure default values of the minutes that are over; of all minutes without a time."""
        self._defaults.report(self._metrics, now_ms)

    def look(self, key: StreamKey, events: Sequence[RawEvent]) -> Found:
        """Look at some events of one stream; blocks as long as that takes."""
        found = Found()
        group = key.group
        found.measured += [(group, each) for each in embedded.measured(events)]
        filters = self.filters.of(group)
        if filters is not None:
            for metric in filters.metric.values():
                made = measurements(metric, events)
                found.measured += [(group, each) for each in made]
                self._defaults.note(group, metric, events, made)
            for subscription in filters.subscription.values():
                _subscribe(found, key, subscription, events)
        found.tailed += self.tails.look(key, events)
        return found

    async def hand_on(self, found: Found, ingestion_ms: int) -> None:
        """Hand on what was found, now that the events are on the disk."""
        for group, measured in found.measured:
            self._metrics.add(group.account_id, group.region, measured.namespace, measured.samples)
        self.tails.show(found.tailed, ingestion_ms)
        for delivery in found.deliveries:
            await self.deliveries.deliver(delivery)
        if found.records:
            await self.deliveries.deliver_to_streams(found.records)
        if found.copies:
            await self._copy(found.copies, ingestion_ms)

    async def _copy(
        self, copies: Mapping[StreamKey, Sequence[RawEvent]], ingestion_ms: int
    ) -> None:
        batch: dict[StreamKey, Sequence[Chunk]] = {}
        onward = Found()
        for key, events in copies.items():
            # A group that was deleted meanwhile does not come back.
            if await self._store.group(key.group) is not None:
                batch[key] = pack(events)
                onward.add(self.look(key, events))
        if batch:
            await self._store.append(batch, ingestion_ms)
            # Copies are not copied again, so that groups that lead to one another do no harm.
            onward.copies = {}
            await self.hand_on(onward, ingestion_ms)


def _subscribe(
    found: Found, key: StreamKey, subscription: SubscriptionFilter, events: Sequence[RawEvent]
) -> None:
    matches = subscription.compiled.matches
    passed = [event for event in events if matches(event[1])]
    if not passed:
        return
    destination = subscription.destination
    _, _, service, region, account_id, _, name, *_ = [*destination.split(":"), ""]
    if service in (_FUNCTION, _KINESIS):
        delivery = Delivery(
            key,
            subscription.name,
            destination,
            subscription.role,
            subscription.distribution == _AT_RANDOM,
            passed,
        )
        (found.deliveries if service == _FUNCTION else found.records).append(delivery)
        return
    target = StreamKey(GroupKey(account_id, region, name), key.name)
    found.copies.setdefault(target, []).extend(passed)
