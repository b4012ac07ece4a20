"""What brings events to others: deliveries, buses and schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ingle.parts.base import Base
from ingle.parts.identities import Identities
from ingle.parts.messaging import Messaging
from ingle.parts.records import Records
from ingle.services.delivering.api import Deliveries
from ingle.services.events.api import EventsService
from ingle.services.events.store import EventsStore
from ingle.services.lambda_.api import LambdaService
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.scheduler.api import SchedulerService
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.sqs.for_services import ServiceMessages
from ingle.wire.service import Service


@dataclass(frozen=True, slots=True)
class Events:
    """What brings events to others.

    Attributes:
        deliveries: bring events to functions, queues, topics and logs.
        buses: the service of rules.
        schedules: the service of schedules.
    """

    deliveries: Deliveries
    buses: EventsService
    schedules: SchedulerService

    @classmethod
    async def open(
        cls,
        base: Base,
        identities: Identities,
        records: Records,
        messaging: Messaging,
        functions: LambdaService,
        services: Mapping[str, Service],
    ) -> Self:
        """Read what there is; functions and buckets are told where the buses are.

        Args:
            base: what everything is built on.
            identities: who there is; the authorizer is told of buses.
            records: take measurements, and events for logs.
            messaging: the queues, topics and buckets.
            functions: run for events, and have events of their own.
            services: what schedules may call, by botocore's names; looked at when one fires.
        """
        database, clock, authorizer = base.database, base.clock, identities.authorizer
        queues, topics = messaging.queues_for_services, messaging.topics.for_services
        deliveries = Deliveries(
            database,
            identities.directory,
            authorizer,
            queues,
            records.sink,
            records.metrics,
            clock,
        )
        if not isinstance(queues, ServiceMessages):  # they are elsewhere
            queues.send_with(deliveries)
        _carry_to_streams(base, records, messaging, deliveries)
        deliveries.invoke_with(functions.for_services)
        deliveries.publish_with(topics)
        buses = EventsService(
            await EventsStore.open(database, base.keys), deliveries, records.metrics, clock
        )
        authorizer.tell("events", buses.resources)
        base.ending.push_async_callback(buses.hang_up)
        base.ending.push_async_callback(deliveries.close)
        base.ending.push_async_callback(buses.close)
        schedules = SchedulerService(
            await SchedulerStore.open(database), deliveries, services, authorizer, clock
        )
        base.ending.push_async_callback(schedules.close)
        functions.deliver_to_buses(buses.for_services)
        messaging.buckets.tell(
            Neighbours(functions.for_services, queues, topics, buses.for_services)
        )
        return cls(deliveries, buses, schedules)


def _carry_to_streams(
    base: Base, records: Records, messaging: Messaging, deliveries: Deliveries
) -> None:
    forwarder = messaging.elsewhere.get("kinesis")
    if forwarder is None:
        return
    # Loaded here, because most servers have none.
    from ingle.forwarding.json_calls import JsonCalls
    from ingle.services.logs.kinesis import KinesisDeliveries

    calls = JsonCalls(forwarder, "Kinesis", "Kinesis_20131202", "1.1")
    streams = KinesisDeliveries(calls, base.database, deliveries, base.clock)
    records.watching.deliveries.streams = streams
