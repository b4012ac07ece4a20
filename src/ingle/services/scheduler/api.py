"""The operations of Amazon EventBridge Scheduler, one method each; each says where it is done.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html
"""

from collections.abc import Mapping
from typing import ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.delivering.api import Deliveries
from ingle.services.locks import KeyedLocks
from ingle.services.scheduler.firing import Firing
from ingle.services.scheduler.groups import Groups
from ingle.services.scheduler.model import GroupKey
from ingle.services.scheduler.payloads import PRINCIPAL, shaped
from ingle.services.scheduler.schedules import Schedules
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.scheduler.universal import UniversalSender
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class SchedulerService(Service):
    """Amazon EventBridge Scheduler.

    Args:
        store: where schedules are kept.
        deliveries: bring what they fire to targets.
        services: what schedules may call operations of, by botocore's names; filled later.
        authorizer: decides who may call.
        clock: the time of day.
    """

    name: ClassVar[str] = "scheduler"

    def __init__(
        self,
        store: SchedulerStore,
        deliveries: Deliveries,
        services: Mapping[str, Service],
        authorizer: Authorizer,
        clock: Clock,
    ) -> None:
        changing: KeyedLocks[GroupKey] = KeyedLocks()
        self._firing = Firing(store, deliveries, changing, clock)
        self._groups = Groups(store, self._firing, changing, clock)
        self._schedules = Schedules(store, self._firing, deliveries, changing, clock)
        deliveries.shape_with(PRINCIPAL, shaped)
        universal = UniversalSender(services, deliveries.bringers, authorizer)
        deliveries.send_with("scheduler", universal)

    def start(self) -> None:
        """Begin to fire."""
        self._firing.start()

    async def close(self) -> None:
        """Fire no more."""
        await self._firing.close()

    async def create_schedule(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a schedule."""
        return await self._schedules.create(context, request)

    async def update_schedule(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a schedule anew."""
        return await self._schedules.update(context, request)

    async def delete_schedule(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a schedule."""
        await self._schedules.delete(context, request)

    async def get_schedule(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a schedule."""
        return self._schedules.get(context, request)

    async def list_schedules(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List schedules."""
        return self._schedules.listed(context, request)

    async def create_schedule_group(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make a group."""
        return await self._groups.create(context, request)

    async def delete_schedule_group(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a group with its schedules."""
        await self._groups.delete(context, request)

    async def get_schedule_group(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe a group."""
        return self._groups.get(context, request)

    async def list_schedule_groups(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List groups."""
        return self._groups.listed(context, request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a group."""
        await self._groups.tag(request)

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags from a group."""
        await self._groups.untag(request)

    async def list_tags_for_resource(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a group."""
        return self._groups.tags(request)
