"""The operations on archives.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
"""

from dataclasses import replace

from ingle.clock import Clock
from ingle.services.events.archive_store import ArchiveStore, Size
from ingle.services.events.buses import paged
from ingle.services.events.errors import (
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceNotFound,
    Validation,
    no_such_bus,
)
from ingle.services.events.later import LATER
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Archive, ArchiveKey
from ingle.services.events.names import bus_of_arn
from ingle.services.events.patterns import checked_pattern
from ingle.services.events.store import EventsStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_FILTERS = ("NamePrefix", "EventSourceArn", "State")
_ENABLED = "ENABLED"


class Archives:
    """The operations on archives.

    Args:
        store: where they are kept.
        buses: knows the buses.
        clock: tells when one was made.
    """

    def __init__(self, store: ArchiveStore, buses: EventsStore, clock: Clock) -> None:
        self._store = store
        self._buses = buses
        self._clock = clock
        self._changing: KeyedLocks[ArchiveKey] = KeyedLocks()

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an archive of the events of a bus."""
        LATER.refuse(request, "archive")
        key = ArchiveKey(context.account_id, context.region, request["ArchiveName"])
        bus = bus_of_arn(request["EventSourceArn"])
        if bus is None or bus[:2] != key[:2]:
            raise Validation(
                "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN."
            )
        pattern = request.get("EventPattern") or ""
        if pattern:
            checked_pattern(pattern)
        async with self._changing(key):
            if self._buses.bus(bus) is None:
                raise no_such_bus(bus.name)
            if self._store.find(key) is not None:
                raise ResourceAlreadyExists(f"Archive {key.name} already exists.")
            if len(self._store.archives(*key[:2])) >= LIMITS.archives:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            archive = Archive(
                key,
                bus,
                pattern,
                request.get("Description") or "",
                request.get("RetentionDays") or 0,
                int(self._clock.time() * 1000),
            )
            await self._store.put(archive)
        return _changed(archive)

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change what an archive keeps, and for how long."""
        LATER.refuse(request, "archive")
        if request.get("EventPattern"):
            checked_pattern(request["EventPattern"])
        names = {
            "Description": "description",
            "EventPattern": "pattern",
            "RetentionDays": "retention_days",
        }
        changes = {field: request[name] for name, field in names.items() if name in request}
        async with self._changing(_key(context, request)):
            archive = replace(self._existing(context, request), **changes)
            await self._store.put(archive)
        return _changed(archive)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an archive with its events."""
        async with self._changing(_key(context, request)):
            await self._store.delete(self._existing(context, request))

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an archive, and how much it holds."""
        archive = self._existing(context, request)
        sizes = await self._store.sizes(*archive.key[:2])
        answer = {
            **_described(archive, sizes.get(archive.key.name, Size())),
            "ArchiveArn": archive.key.arn,
            "Description": archive.description,
            "EventPattern": archive.pattern,
        }
        return {name: value for name, value in answer.items() if value != ""}

    async def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List archives by name."""
        if sum(name in request for name in _FILTERS) > 1:
            raise Validation(
                "At most one filter is allowed for ListArchives. Use either : State, "
                "EventSourceArn, or NamePrefix."
            )
        prefix, source = request.get("NamePrefix") or "", request.get("EventSourceArn")
        found = [
            each
            for each in self._store.archives(context.account_id, context.region)
            if each.key.name.startswith(prefix)
            and source in (None, each.bus.arn)
            and request.get("State") in (None, _ENABLED)
        ]
        page, token = paged(found, lambda each: each.key.name, request)
        sizes = await self._store.sizes(context.account_id, context.region)
        listed = [_described(each, sizes.get(each.key.name, Size())) for each in page]
        return {"Archives": listed, **token}

    def _existing(self, context: CallContext, request: ServiceInput) -> Archive:
        key = _key(context, request)
        archive = self._store.find(key)
        if archive is None:
            raise ResourceNotFound(f"Archive {key.name} does not exist.")
        return archive


def _key(context: CallContext, request: ServiceInput) -> ArchiveKey:
    return ArchiveKey(context.account_id, context.region, request["ArchiveName"])


def _changed(archive: Archive) -> ServiceOutput:
    return {
        "ArchiveArn": archive.key.arn,
        "State": _ENABLED,
        "CreationTime": archive.created_ms / 1000,
    }


def _described(archive: Archive, size: Size) -> ServiceOutput:
    return {
        "ArchiveName": archive.key.name,
        "EventSourceArn": archive.bus.arn,
        "State": _ENABLED,
        "RetentionDays": archive.retention_days,
        "SizeBytes": size.size,
        "EventCount": size.events,
        "CreationTime": archive.created_ms / 1000,
    }
