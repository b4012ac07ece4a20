"""Alarms, for the CloudWatch service: their operations, and the task that evaluates them."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from ingle.clock import Clock
from ingle.services.cloudwatch.alarms.actions import Neighbours
from ingle.services.cloudwatch.alarms.composites import Composites
from ingle.services.cloudwatch.alarms.configuring import Configuring
from ingle.services.cloudwatch.alarms.describing import Describing
from ingle.services.cloudwatch.alarms.keeping import Keeper
from ingle.services.cloudwatch.alarms.resources import AlarmResources
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.cloudwatch.metrics import Metrics
from ingle.storage.database import Database
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

__all__ = ["Alarms", "Neighbours"]


class Alarms:
    """The alarms of all accounts and regions. Made by `open`; `keep` runs beside it.

    Args:
        store: has all alarms.
        metrics: are evaluated.
        neighbours: are told.
        clock: the time.

    Attributes:
        resources: tells of alarms to those that decide who may use them.
    """

    def __init__(
        self, store: AlarmStore, metrics: Metrics, neighbours: Neighbours, clock: Clock
    ) -> None:
        composites = Composites(store)
        self._keeper = Keeper(store, composites, metrics, neighbours, clock)
        self.resources = AlarmResources(store)
        self._configuring = Configuring(store, composites, self._keeper, metrics, neighbours)
        self._describing = Describing(store, composites)

    @classmethod
    async def open(
        cls, database: Database, metrics: Metrics, neighbours: Neighbours, clock: Clock
    ) -> Self:
        """Read which alarms there are."""
        return cls(await AlarmStore.open(database), metrics, neighbours, clock)

    async def keep(self) -> None:
        """Evaluate alarms on time for as long as this runs."""
        await self._keeper.keep()

    async def put_metric(self, context: CallContext, request: ServiceInput) -> None:
        """Make or change a metric alarm."""
        await self._configuring.put_metric(_place(context), request)

    async def put_composite(self, context: CallContext, request: ServiceInput) -> None:
        """Make or change a composite alarm."""
        await self._configuring.put_composite(_place(context), request)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete alarms."""
        await self._configuring.delete(_place(context), request["AlarmNames"])

    async def enable(self, context: CallContext, request: ServiceInput, *, enabled: bool) -> None:
        """Have alarms act or not."""
        await self._configuring.enable(_place(context), request["AlarmNames"], enabled=enabled)

    async def set_state(self, context: CallContext, request: ServiceInput) -> None:
        """Bring an alarm into a state."""
        await self._configuring.set_state(_place(context), request)

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe alarms."""
        return self._describing.alarms(_place(context), request)

    def describe_for_metric(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe the alarms of a metric."""
        return self._describing.for_metric(_place(context), request)

    async def history(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell what happened to alarms."""
        return await self._describing.history(_place(context), request)

    def tags(self, context: CallContext, name: str, arn: str) -> Mapping[str, str]:
        """Tell an alarm's tags; raises ResourceNotFound."""
        return self._configuring.tags(_place(context), name, arn)

    async def change_tags(
        self,
        context: CallContext,
        name: str,
        arn: str,
        change: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:
        """Change an alarm's tags; raises ResourceNotFound."""
        await self._configuring.change_tags(_place(context), name, arn, change)


def _place(context: CallContext) -> tuple[str, str]:
    return context.account_id, context.region
