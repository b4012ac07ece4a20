"""PutEvents: events are on disk before they are acknowledged.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.delivering.api import Bringers, Delivery, DeliveryFailed, Done, Step
from ingle.services.events.errors import Validation
from ingle.services.events.gathering import Gathering
from ingle.services.events.later import LATER
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import BusKey
from ingle.services.events.names import bus_key, bus_of_arn
from ingle.services.events.publishing import Published, Publishing
from ingle.services.events.store import EventsStore
from ingle.storage.database import Database
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

PUT = "events:PutEvents"
_NEEDED = ("Source", "DetailType", "Detail")
_TIME_BYTES = 14
"""What AWS counts for an entry's time."""
Entry = Mapping[str, Any]


class Putting:
    """Takes events in.

    Args:
        store: knows the buses.
        publishing: knows where events go.
        database: where they are until then.
        clock: the time of day.
    """

    def __init__(
        self, store: EventsStore, publishing: Publishing, database: Database, clock: Clock
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._gathering = Gathering(publishing, database)
        self._clock = clock

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Take up to ten events in; those that are wrong are told one by one."""
        LATER.refuse(request, "entries")
        entries: Sequence[Entry] = request["Entries"]
        if sum(map(entry_bytes, entries)) > LIMITS.entries_bytes:
            raise Validation("Total size of the entries in the request is over the limit.")
        answers: list[dict[str, str]] = []
        published = Published.nowhere()
        trace = context.request.headers.get("x-amzn-trace-id", "")
        for entry in entries:
            fault = _fault(entry)
            key = bus_key(context, entry.get("EventBusName"))
            if fault is None and self._store.bus(key) is None:
                fault = ("ResourceNotFoundException", f"Event bus {key.name} does not exist.")
            if fault is not None:
                answers.append({"ErrorCode": fault[0], "ErrorMessage": fault[1]})
                continue
            event = self._event(entry, context.account_id, context.region)
            answers.append({"EventId": event["id"]})
            published.take(
                self._publishing.found(key, event, trace=entry.get("TraceHeader") or trace)
            )
        if published.deliveries or published.archived:
            await self._gathering.keep(published)
        else:
            self._publishing.added(published)
        failed = sum("ErrorCode" in each for each in answers)
        return {"FailedEntryCount": failed, "Entries": answers}

    async def close(self) -> None:
        """Wait until everything that came is written."""
        await self._gathering.close()

    async def add(
        self, connection: AsyncConnection, key: BusKey, entry: Entry, trace: str = ""
    ) -> Callable[[], None]:
        """Take an event in, from another service, within a transaction.

        Args:
            connection: the transaction's.
            key: the bus.
            entry: the members of an entry of PutEvents; its source may be AWS's.
            trace: the trace header that came along, or "".

        Returns:
            What is to be done once it is committed.
        """
        event = self._event(entry, key.account_id, key.region)
        found = self._publishing.found(key, event, trace=trace)
        await self._publishing.add(connection, found)
        return lambda: self._publishing.added(found)

    def _event(self, entry: Entry, account_id: str, region: str) -> dict[str, Any]:
        time = entry.get("Time")
        moment = datetime.fromtimestamp(self._clock.time() if time is None else time, UTC)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": account_id,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": list(entry.get("Resources") or []),
            "detail": orjson.loads(entry["Detail"]),
        }


class BusSender:
    """Brings events of one bus to another.

    Args:
        store: knows the buses.
        publishing: knows where events go.
        bringers: know who puts an event.
    """

    def __init__(self, store: EventsStore, publishing: Publishing, bringers: Bringers) -> None:
        self._store = store
        self._publishing = publishing
        self._bringers = bringers

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Put an event on a bus."""
        key = bus_of_arn(delivery.arn)
        if key is None or self._store.bus(key) is None:
            raise DeliveryFailed("NO_RESOURCE", f"Event bus {delivery.arn} does not exist.")
        if delivery.hops >= LIMITS.hops:
            raise DeliveryFailed("NO_RESOURCE", f"{LIMITS.hops} buses passed the event on.")
        caller = self._bringers.of(delivery)
        if caller.account_id or key.account_id != delivery.account_id:
            self._bringers.check(caller, PUT, delivery)
        event = orjson.loads(payload)
        if not isinstance(event, dict):
            raise DeliveryFailed("INVALID_JSON", "What is put on a bus must be an object.")

        async def step(connection: AsyncConnection) -> Done | None:
            found = self._publishing.found(key, event, trace=delivery.trace, hops=delivery.hops + 1)
            await self._publishing.add(connection, found)
            return lambda: self._publishing.added(found)

        return step


def entry_bytes(entry: Entry) -> int:
    """Count the bytes of an entry as EventBridge does.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
    """
    texts = [entry.get(name) or "" for name in _NEEDED]
    texts += entry.get("Resources") or []
    return sum(len(each.encode()) for each in texts) + (_TIME_BYTES if "Time" in entry else 0)


def _fault(entry: Entry) -> tuple[str, str] | None:
    for name in _NEEDED:
        if not entry.get(name):
            return (
                "InvalidArgument",
                f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            )
    if entry["Source"].startswith("aws."):
        return ("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = orjson.loads(entry["Detail"])
    except orjson.JSONDecodeError:
        detail = None
    if not isinstance(detail, dict):
        return ("MalformedDetail", "Detail is malformed.")
    return None
