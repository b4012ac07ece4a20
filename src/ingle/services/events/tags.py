"""Tags of buses and rules.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ingle.services.events.errors import LimitExceeded, ResourceNotFound, Validation
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Bus, BusKey, Rule
from ingle.services.events.names import bus_of_arn, rule_of_arn
from ingle.services.events.store import EventsStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import ServiceInput, ServiceOutput


class Tags:
    """The operations on tags.

    Args:
        store: where buses and rules are kept.
        changing: the lock of each bus, also for its rules.
    """

    def __init__(self, store: EventsStore, changing: KeyedLocks[BusKey]) -> None:
        self._store = store
        self._changing = changing

    async def add(self, request: ServiceInput) -> None:
        """Add tags, or change them."""
        new = tags_of(request["Tags"])
        await self._change(request["ResourceARN"], lambda tags: {**tags, **new})

    async def remove(self, request: ServiceInput) -> None:
        """Remove tags."""
        names = set(request["TagKeys"])
        await self._change(
            request["ResourceARN"],
            lambda tags: {name: value for name, value in tags.items() if name not in names},
        )

    def listed(self, request: ServiceInput) -> ServiceOutput:
        """List tags."""
        tags = self._existing(request["ResourceARN"]).tags
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}

    async def _change(
        self, arn: str, change: "Callable[[Mapping[str, str]], dict[str, str]]"
    ) -> None:
        found = self._existing(arn)
        async with self._changing(found.key.bus if isinstance(found, Rule) else found.key):
            found = self._existing(arn)
            tags = change(found.tags)
            if len(tags) > LIMITS.tags:
                raise LimitExceeded(f"A resource may have {LIMITS.tags} tags.")
            if isinstance(found, Rule):
                await self._store.put_rule(replace(found, tags=tags))
            else:
                await self._store.put_bus(replace(found, tags=tags))

    def _existing(self, arn: str) -> Bus | Rule:
        bus, rule = bus_of_arn(arn), rule_of_arn(arn)
        found: Bus | Rule | None = None
        if bus is not None:
            found = self._store.bus(bus)
        elif rule is not None:
            found = self._store.rule(rule)
        if found is None:
            name = arn.rpartition(":")[2]
            raise ResourceNotFound(f"{name} does not exist.")
        return found


def tags_of(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Read tags.

    Raises:
        Validation: a name is there twice, or is AWS's.
    """
    found: dict[str, str] = {}
    for each in tags:
        if each["Key"] in found:
            raise Validation(f"Tag key {each['Key']} is there more than once.")
        if each["Key"].lower().startswith("aws:"):
            raise Validation("Tag keys must not begin with aws:.")
        found[each["Key"]] = each["Value"]
    return found
