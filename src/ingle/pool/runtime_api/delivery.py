"""Bringing events to one subscriber: in batches, again until it takes them, with a bounded memory.

Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html#telemetry-api-buffering
"""

import asyncio
import collections
from typing import Any

import httptools

from ingle.clock import Clock
from ingle.pool.runtime_api import records
from ingle.pool.runtime_api.sockets import InnerSocket
from ingle.pool.runtime_api.subscription import HOSTS, Destination, Subscription

_FALLEN_BEHIND = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."
_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 5.0
_MAX_RESPONSE = 65_536
_GRACE_S = 1.0
"""How long a listener may take to close after it has answered."""


class _NotTaken(Exception):
    """The listener's answer was an error, or none."""


class _Answer:
    """Reads the answer of a listener."""

    def __init__(self) -> None:
        self.acknowledged = False
        self.complete = False
        self._parser: Any = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise _NotTaken from error

    def on_headers_complete(self) -> None:
        """The status is known."""
        self.acknowledged = 200 <= self._parser.get_status_code() < 400

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self.complete = True


class Subscriber:
    """One subscription, and the events that are on their way to it.

    Events that would make more than twice a batch wait are dropped, and it is told how many.

    Args:
        subscription: what goes where, and when.
        sock: a socket of the sandbox, which this object closes.
        clock: times batches and retries.
    """

    def __init__(self, subscription: Subscription, sock: InnerSocket, clock: Clock) -> None:
        self.subscription = subscription
        self._socket = sock
        self._connected = False
        self._clock = clock
        self._waiting: collections.deque[tuple[float, bytes]] = collections.deque()
        self._bytes = 0
        self._in_flight = (0, 0)
        self._dropped_records = 0
        self._dropped_bytes = 0
        self._flushing = 0
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def add(self, event: bytes) -> None:
        """Take an event; it is dropped where too many wait already."""
        records_held, bytes_held = self._in_flight
        wanted = self.subscription
        if (
            len(self._waiting) + records_held >= 2 * wanted.max_items
            or self._bytes + bytes_held + len(event) > 2 * wanted.max_bytes
        ):
            self._dropped_records += 1
            self._dropped_bytes += len(event)
            return
        self._waiting.append((self._clock.monotonic(), event))
        self._bytes += len(event)
        self._settled.clear()
        self._arrived.set()
        if len(self._waiting) >= wanted.max_items or self._bytes >= wanted.max_bytes:
            self._full.set()

    async def flush(self) -> None:
        """Send what waits without delay; return once the subscriber has taken everything."""
        self._flushing += 1
        self._full.set()
        try:
            await self._settled.wait()
        finally:
            self._flushing -= 1

    def close(self) -> None:
        """Send no more."""
        self._task.cancel()
        self._task.add_done_callback(lambda _: self._socket.close())

    async def _run(self) -> None:
        while True:
            await self._due()
            batch = self._take()
            await self._deliver(batch)
            self._in_flight = (0, 0)
            self._tell_dropped()
            if not self._waiting:
                self._settled.set()

    async def _due(self) -> None:
        """Return once a batch is full or its first event has waited for long enough."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        wanted = self.subscription
        full = len(self._waiting) >= wanted.max_items or self._bytes >= wanted.max_bytes
        left = wanted.timeout_ms / 1000 - (self._clock.monotonic() - self._waiting[0][0])
        if full or left <= 0 or self._flushing:
            return
        self._full.clear()
        loop = asyncio.get_running_loop()
        either = (
            loop.create_task(self._full.wait()),
            loop.create_task(self._clock.sleep(left)),
        )
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in either:
                each.cancel()
            await asyncio.gather(*either, return_exceptions=True)

    def _take(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._waiting and len(batch) < self.subscription.max_items:
            event = self._waiting[0][1]
            if batch and size + len(event) > self.subscription.max_bytes:
                break
            self._waiting.popleft()
            batch.append(event)
            size += len(event)
        self._bytes -= size
        self._in_flight = (len(batch), size)
        return batch

    def _tell_dropped(self) -> None:
        if not self._dropped_records:
            return
        record = {
            "droppedBytes": self._dropped_bytes,
            "droppedRecords": self._dropped_records,
            "reason": _FALLEN_BEHIND,
        }
        self._dropped_records = self._dropped_bytes = 0
        if "platform" in self.subscription.types:
            moment = records.stamp(self._clock.time())
            event = records.event(self.subscription, moment, "platform.logsDropped", record)
            if event is not None:
                self.add(event)

    async def _deliver(self, batch: list[bytes]) -> None:
        """Send a batch again and again until the subscriber takes it."""
        delay = _FIRST_RETRY_S
        while True:
            try:
                if self.subscription.destination.method:
                    await self._post(batch)
                else:
                    await self._write(batch)
            except (OSError, _NotTaken):
                self._disconnect()
                await self._clock.sleep(delay)
                delay = min(2 * delay, _LAST_RETRY_S)
            else:
                return

    async def _write(self, batch: list[bytes]) -> None:
        if not self._connected:
            await self._socket.connect(self.subscription.destination.port)
            self._connected = True
        await self._socket.send(b"\n".join([*batch, b""]))

    async def _post(self, batch: list[bytes]) -> None:
        destination = self.subscription.destination
        await self._socket.connect(destination.port)
        self._connected = True
        body = b"[" + b",".join(batch) + b"]"
        await self._socket.send(_head(destination, len(body)) + body)
        answer = _Answer()
        received = 0
        # No limit of time: while the sandbox is frozen, its listener cannot answer.
        while not answer.acknowledged:
            data = await self._socket.receive()
            received += len(data)
            if not data or answer.complete or received > _MAX_RESPONSE:
                raise _NotTaken
            answer.feed(data)
        try:
            async with asyncio.timeout(_GRACE_S):
                while not answer.complete and (data := await self._socket.receive()):
                    answer.feed(data)
        except (OSError, TimeoutError, _NotTaken):
            pass  # it has the batch, whatever it says after that
        self._disconnect()

    def _disconnect(self) -> None:
        self._connected = False
        self._socket.disconnect()


def _head(destination: Destination, length: int) -> bytes:
    return (
        f"{destination.method} {destination.path} HTTP/1.1\r\n"
        f"Host: {HOSTS[0]}:{destination.port}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {length}\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii")
