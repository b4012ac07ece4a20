"""The operations on event buses.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
"""

from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.events.errors import (
    LimitExceeded,
    ResourceAlreadyExists,
    Validation,
    no_such_bus,
)
from ingle.services.events.later import LATER
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import DEFAULT, Bus, BusKey
from ingle.services.events.names import bus_key, check_new_bus
from ingle.services.events.store import EventsStore
from ingle.services.events.tags import tags_of
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_SET = ("Description",)


class Buses:
    """The operations on buses.

    Args:
        store: where they are kept.
        changing: the lock of each bus.
        clock: tells when one was made.
    """

    def __init__(self, store: EventsStore, changing: KeyedLocks[BusKey], clock: Clock) -> None:
        self._store = store
        self._changing = changing
        self._clock = clock

    def existing(self, context: CallContext, name: str | None) -> Bus:
        """Find a bus by its name or ARN.

        Raises:
            ResourceNotFound: there is none.
        """
        key = bus_key(context, name)
        bus = self._store.bus(key)
        if bus is None:
            raise no_such_bus(key.name)
        return bus

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a bus."""
        name = request["Name"]
        check_new_bus(name)
        LATER.refuse(request, "bus")
        key = BusKey(context.account_id, context.region, name)
        async with self._changing(key):
            if self._store.bus(key) is not None:
                raise ResourceAlreadyExists(f"Event bus {name} already exists.")
            if len(self._store.buses(*key[:2])) >= LIMITS.buses:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            now_ms = self._now_ms()
            settings = {each: request[each] for each in _SET if request.get(each)}
            tags = tags_of(request.get("Tags") or [])
            await self._store.put_bus(Bus(key, settings, "", tags, now_ms, now_ms))
        return {"EventBusArn": key.arn, **settings}

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set a bus's description."""
        LATER.refuse(request, "bus")
        name = request.get("Name") or DEFAULT
        key = bus_key(context, name)
        async with self._changing(key):
            bus = self.existing(context, name)
            settings = dict(bus.settings)
            for each in _SET:
                if each in request:
                    settings[each] = request[each]
            settings = {each: value for each, value in settings.items() if value}
            await self._store.put_bus(replace(bus, settings=settings, modified_ms=self._now_ms()))
        return {"Arn": key.arn, "Name": key.name, **settings}

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a bus that has no rules; what is not there counts as deleted."""
        key = bus_key(context, request["Name"])
        if key.name == DEFAULT:
            raise Validation(f"Cannot delete event bus {DEFAULT}.")
        async with self._changing(key):
            if self._store.bus(key) is None:
                return
            if self._store.rules(key):
                raise Validation(f"Event bus {key.name} can't be deleted since it has rules.")
            await self._store.delete_bus(key)

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a bus."""
        bus = self.existing(context, request.get("Name"))
        return {**_described(bus), **bus.settings}

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List buses by name."""
        prefix = request.get("NamePrefix") or ""
        found = [
            each
            for each in self._store.buses(context.account_id, context.region)
            if each.key.name.startswith(prefix)
        ]
        page, token = paged(found, lambda each: each.key.name, request)
        return {"EventBuses": [_described(each) for each in page], **token}

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def paged(items: Any, key: Any, request: ServiceInput) -> tuple[Any, ServiceOutput]:
    """Cut out the page that is asked for; also return the member with the next token.

    Raises:
        Validation: the token is none.
    """
    size = min(request.get("Limit") or LIMITS.page, LIMITS.page)
    try:
        page, token = paging.page(items, key, request.get("NextToken"), size)
    except paging.BadToken as error:
        raise Validation("The provided token is invalid.") from error
    return page, {} if token is None else {"NextToken": token}


def _described(bus: Bus) -> ServiceOutput:
    answer: ServiceOutput = {"Name": bus.key.name, "Arn": bus.key.arn}
    if bus.policy:
        answer["Policy"] = bus.policy
    if bus.settings.get("Description"):
        answer["Description"] = bus.settings["Description"]
    if bus.created_ms:
        answer["CreationTime"] = bus.created_ms / 1000
        answer["LastModifiedTime"] = bus.modified_ms / 1000
    return answer
