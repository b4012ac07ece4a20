"""The operations of Amazon EventBridge, one method each; each says where it is done.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html
"""

from typing import ClassVar

from ingle.clock import Clock
from ingle.services.cloudwatch.api import Metrics
from ingle.services.delivering.api import Deliveries
from ingle.services.events.archives import Archives
from ingle.services.events.bus_permissions import BusPermissions
from ingle.services.events.buses import Buses
from ingle.services.events.calling import ApiSender
from ingle.services.events.connections import Connections
from ingle.services.events.destinations import Destinations
from ingle.services.events.for_services import ServiceEvents
from ingle.services.events.measuring import Measuring
from ingle.services.events.model import BusKey
from ingle.services.events.patterns import tested
from ingle.services.events.publishing import PRINCIPAL, Publishing
from ingle.services.events.putting import BusSender, Putting
from ingle.services.events.replaying import Replaying
from ingle.services.events.replays import Replays
from ingle.services.events.resources import EventsResources
from ingle.services.events.rules import Rules
from ingle.services.events.schedules import RuleSchedules
from ingle.services.events.senders import EventsSender
from ingle.services.events.shaping import shaped
from ingle.services.events.store import EventsStore
from ingle.services.events.tags import Tags
from ingle.services.events.targets import Targets
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class EventsService(Service):
    """Amazon EventBridge: buses, rules and their schedules, archives, replays and API destinations.

    Args:
        store: where buses and rules are kept.
        deliveries: bring events to targets.
        metrics: keep what is counted.
        clock: the time of day.

    Attributes:
        resources: tells of buses and rules to those that decide who may use them.
        for_services: what other services do with buses.
    """

    name: ClassVar[str] = "events"

    def __init__(
        self, store: EventsStore, deliveries: Deliveries, metrics: Metrics, clock: Clock
    ) -> None:
        changing: KeyedLocks[BusKey] = KeyedLocks()
        self.resources = EventsResources(store)
        measuring = Measuring(metrics)
        publishing = Publishing(store, deliveries, measuring, clock)
        self._putting = Putting(store, publishing, store.database, clock)
        self.for_services = ServiceEvents(store, self._putting)
        self._schedules = RuleSchedules(store, deliveries, measuring, changing, clock)
        self._buses = Buses(store, changing, clock)
        self._permissions = BusPermissions(store, self._buses, changing)
        self._rules = Rules(store, self._buses, self._schedules, changing, clock)
        self._targets = Targets(store, self._rules, deliveries.has, changing)
        self._tags = Tags(store, changing)
        self._archives = Archives(store.archives, store, clock)
        self._replaying = Replaying(store.archives, publishing, clock)
        self._replays = Replays(store.archives, self._replaying, clock)
        self._connections = Connections(store.destinations, clock)
        self._destinations = Destinations(store.destinations, clock)
        self._calling = ApiSender(store.destinations, deliveries.bringers, clock)
        buses = BusSender(store, publishing, deliveries.bringers)
        deliveries.send_with("events", EventsSender(buses, self._calling))
        deliveries.shape_with(PRINCIPAL, shaped)

    def start(self) -> None:
        """Begin to run schedules and replays."""
        self._schedules.start()
        self._replaying.start()

    async def close(self) -> None:
        """Run schedules and replays no more."""
        await self._schedules.close()
        await self._replaying.close()
        await self._putting.close()

    async def hang_up(self) -> None:
        """Close the connections to API destinations, once nothing is delivered any more."""
        await self._calling.close()

    async def create_event_bus(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a bus."""
        return await self._buses.create(context, request)

    async def update_event_bus(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change the settings of a bus."""
        return await self._buses.update(context, request)

    async def delete_event_bus(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a bus."""
        await self._buses.delete(context, request)

    async def describe_event_bus(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a bus."""
        return self._buses.describe(context, request)

    async def list_event_buses(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List buses."""
        return self._buses.listed(context, request)

    async def put_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Add a statement to the policy of a bus, or replace the policy."""
        await self._permissions.put(context, request)

    async def remove_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Remove statements from the policy of a bus."""
        await self._permissions.remove(context, request)

    async def put_rule(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a rule, or make it anew."""
        return await self._rules.put(context, request)

    async def delete_rule(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a rule."""
        await self._rules.delete(context, request)

    async def describe_rule(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a rule."""
        return self._rules.describe(context, request)

    async def list_rules(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the rules of a bus."""
        return self._rules.listed(context, request)

    async def list_rule_names_by_target(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the rules that have a target."""
        return self._rules.names_by_target(context, request)

    async def enable_rule(self, context: CallContext, request: ServiceInput) -> None:
        """Switch a rule on."""
        await self._rules.enable(context, request, "ENABLED")

    async def disable_rule(self, context: CallContext, request: ServiceInput) -> None:
        """Switch a rule off."""
        await self._rules.enable(context, request, "DISABLED")

    async def put_targets(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add targets to a rule, or change them."""
        return await self._targets.put(context, request)

    async def remove_targets(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Remove targets from a rule."""
        return await self._targets.remove(context, request)

    async def list_targets_by_rule(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the targets of a rule."""
        return self._targets.listed(context, request)

    async def put_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Put up to ten events on buses."""
        return await self._putting.put(context, request)

    async def test_event_pattern(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say whether an event matches a pattern."""
        return tested(request)

    async def create_archive(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an archive of the events of a bus."""
        return await self._archives.create(context, request)

    async def update_archive(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change what an archive keeps, and for how long."""
        return await self._archives.update(context, request)

    async def delete_archive(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an archive with its events."""
        await self._archives.delete(context, request)

    async def describe_archive(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an archive."""
        return await self._archives.describe(context, request)

    async def list_archives(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List archives."""
        return await self._archives.listed(context, request)

    async def start_replay(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Put the events of an archive on their bus again."""
        return await self._replays.start(context, request)

    async def cancel_replay(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End a replay before its end."""
        return await self._replays.cancel(context, request)

    async def describe_replay(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a replay."""
        return self._replays.describe(context, request)

    async def list_replays(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List replays."""
        return self._replays.listed(context, request)

    async def create_connection(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make what API destinations prove with who calls."""
        return await self._connections.create(context, request)

    async def update_connection(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change a connection."""
        return await self._connections.update(context, request)

    async def deauthorize_connection(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Forget what a connection proves with."""
        return await self._connections.deauthorize(context, request)

    async def delete_connection(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a connection."""
        return await self._connections.delete(context, request)

    async def describe_connection(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a connection."""
        return self._connections.describe(context, request)

    async def list_connections(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List connections."""
        return self._connections.listed(context, request)

    async def create_api_destination(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make an endpoint that rules call."""
        return await self._destinations.create(context, request)

    async def update_api_destination(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Change an API destination."""
        return await self._destinations.update(context, request)

    async def delete_api_destination(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete an API destination."""
        return await self._destinations.delete(context, request)

    async def describe_api_destination(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe an API destination."""
        return self._destinations.describe(context, request)

    async def list_api_destinations(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List API destinations."""
        return self._destinations.listed(context, request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a bus or a rule."""
        await self._tags.add(request)

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags from a bus or a rule."""
        await self._tags.remove(request)

    async def list_tags_for_resource(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a bus or a rule."""
        return self._tags.listed(request)
