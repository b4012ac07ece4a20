"""The Telemetry API and the older Logs API: who is subscribed, and what they are told.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

import asyncio
import collections
from collections.abc import Callable, Sequence

from ingle.clock import Clock
from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.http.exchange import Exchange
from ingle.pool.runtime_api import answers, limits, records, subscription
from ingle.pool.runtime_api.answers import Refused
from ingle.pool.runtime_api.delivery import Subscriber
from ingle.pool.runtime_api.records import Record
from ingle.pool.runtime_api.sockets import InnerSocket
from ingle.pool.runtime_api.subscription import Api
from ingle.wire.http import Response

_EARLY_EVENTS = 1000
_EARLY_CHARACTERS = 262_144
"""How much of the init phase's events is kept for those who have yet to subscribe: the latest."""


class Telemetry:
    """The subscriptions of one sandbox.

    Args:
        clock: dates the events.
        sockets: descriptors of unconnected TCP sockets that were made inside the sandbox; each
            subscriber needs one.
        emit: takes a line for the function's log.
    """

    def __init__(self, clock: Clock, sockets: Sequence[int], emit: Callable[[str], None]) -> None:
        self._clock = clock
        self._sockets = [InnerSocket(fd) for fd in sockets]
        self._emit = emit
        self._subscribers: dict[str, Subscriber] = {}
        self._early: collections.deque[tuple[str, str, Record]] = collections.deque()
        self._early_size = 0
        self._open = True

    def publish(self, kind: str, record: Record) -> None:
        """Tell those who want it of an event that happens now.

        Args:
            kind: the event's type; what is before its first dot is what subscriptions name.
            record: text or JSON, in the newest schema.
        """
        if not self._open and not self._subscribers:
            return
        moment = records.stamp(self._clock.time())
        if self._open:
            self._keep(moment, kind, record)
        for subscriber in self._subscribers.values():
            _pass(subscriber, moment, kind, record)

    def turn_off(self) -> None:
        """Take no more subscriptions; the init phase is over."""
        self._open = False
        self._early.clear()

    async def subscribe(self, name: str, api: Api, body: Exchange) -> Response:
        """PUT /telemetry, or PUT /logs.

        Args:
            name: of the extension.
            api: which of both.
            body: the request's.
        """
        try:
            wanted = subscription.parse(api, await body(limits.MAX_OTHER))
        except subscription.Invalid as error:
            raise Refused(400, api.validation_error, str(error)) from None
        except BodyTooLarge:
            message = f"Exceeded maximum allowed payload size ({limits.MAX_OTHER} bytes)."
            raise Refused(413, "RequestEntityTooLarge", message) from None
        except BodyIncomplete as error:
            raise Refused(400, "TruncatedHTTPRequest", str(error)) from None
        if not self._open:
            message = f"{api.value} API subscription is closed already"
            raise Refused(403, f"{api.value}.SubscriptionClosed", message)
        before = self._subscribers.get(name)
        if before is not None and before.subscription == wanted:
            return _ok()
        if before is not None and before.subscription.api is not api:
            other = before.subscription.api.value
            message = f"the extension is subscribed through the {other} API already"
            raise Refused(400, api.validation_error, message)
        if not self._sockets:
            message = "this execution environment has no room for another subscription"
            raise Refused(400, api.validation_error, message)
        if before is not None:
            before.close()
        subscriber = Subscriber(wanted, self._sockets.pop(), self._clock)
        self._subscribers[name] = subscriber
        for moment, kind, record in self._early:
            _pass(subscriber, moment, kind, record)
        self._tell_of(name, api, wanted.types)
        return _ok()

    async def flush(self) -> None:
        """Return once every subscriber has taken what there is for it."""
        await asyncio.gather(*(each.flush() for each in self._subscribers.values()))

    def close(self) -> None:
        """End every subscription."""
        self.turn_off()
        for subscriber in self._subscribers.values():
            subscriber.close()
        self._subscribers.clear()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def _keep(self, moment: str, kind: str, record: Record) -> None:
        self._early.append((moment, kind, record))
        self._early_size += _size(record)
        while len(self._early) > _EARLY_EVENTS or self._early_size > _EARLY_CHARACTERS:
            self._early_size -= _size(self._early.popleft()[2])

    def _tell_of(self, name: str, api: Api, types: tuple[str, ...]) -> None:
        listed = ", ".join(kind.capitalize() for kind in types)
        self._emit(f"{api.value.upper()}\tName: {name}\tState: Subscribed\tTypes: [{listed}]\n")
        record = {"name": name, "state": "Subscribed", "types": list(types)}
        for kind in ("platform.telemetrySubscription", "platform.logsSubscription"):
            self.publish(kind, record)


def _size(record: Record) -> int:
    return len(record) if isinstance(record, str) else 0  # the platform's own are small


def _pass(subscriber: Subscriber, moment: str, kind: str, record: Record) -> None:
    wanted = subscriber.subscription
    if kind.partition(".")[0] in wanted.types:
        event = records.event(wanted, moment, kind, record)
        if event is not None:
            subscriber.add(event)


def _ok() -> Response:
    return Response(200, [answers.JSON], b'"OK"')
