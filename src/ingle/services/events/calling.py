"""Brings events to API destinations.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.delivering.api import (
    Bringers,
    Delivery,
    DeliveryFailed,
    Done,
    NotYet,
    Step,
)
from ingle.services.events.connections import OAUTH
from ingle.services.events.destination_store import DestinationStore
from ingle.services.events.model import Connection, Destination
from ingle.services.events.requests import Call, event_call, token_call
from ingle.services.http_client import HttpClient, Unreachable

INVOKE = "events:InvokeApiDestination"
_TIMEOUT_S = 5.0
"""How long an endpoint has."""
_AT_ONCE = 32
"""Requests under way: fewer than deliveries, lest slow endpoints hold up other targets."""
_CROWDED_S = 0.05
_AGAIN = frozenset((401, 407, 409, 429))
"""What is tried again besides the errors of servers."""
_UNPROVEN = frozenset((401, 407))
_ANSWER_BYTES = 65536
_TOKEN_S = 3600.0
"""How long a token counts that does not say it."""
_KEPT = 10_000


class ApiSender:
    """Calls API destinations.

    Args:
        store: knows them and their connections.
        bringers: know who calls.
        clock: the time of day.
    """

    def __init__(self, store: DestinationStore, bringers: Bringers, clock: Clock) -> None:
        self._store = store
        self._bringers = bringers
        self._clock = clock
        self._client = HttpClient(_TIMEOUT_S, 2 * _AT_ONCE)
        self._under_way = 0
        # By the destination's ARN: when it may be called next.
        self._free: dict[str, float] = {}
        # By the delivery's row: when its turn is.
        self._turns: dict[int, float] = {}
        # By the connection's ARN: of which state of it the token is, the token, how long it counts.
        self._tokens: dict[str, tuple[int, str, float]] = {}

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Call an API destination with an event.

        Raises:
            DeliveryFailed: it is not there, or answered with an error.
            NotYet: it has had as many requests as it may get.
        """
        destination = self._store.destination_of_arn(delivery.arn)
        if destination is None:
            raise DeliveryFailed("NO_RESOURCE", f"{delivery.arn} does not exist.")
        connection = self._store.connection_of_arn(destination.connection)
        if connection is None or not connection.parameters:
            raise DeliveryFailed("NO_RESOURCE", f"{destination.connection} is not authorized.")
        self._bringers.check(self._bringers.of(delivery), INVOKE, delivery)
        self._await_turn(delivery, destination)
        self._under_way += 1
        try:
            token = await self._token(connection) if connection.kind == OAUTH else ""
            parameters = delivery.target.get("HttpParameters") or {}
            call = event_call(destination, connection, parameters, payload, token)
            status, answer = await self._request(call)
        finally:
            self._under_way -= 1
        if status in _UNPROVEN:
            self._tokens.pop(connection.arn, None)
        if not 200 <= status < 300:
            raise DeliveryFailed(
                "SDK_CLIENT_ERROR",
                f"The endpoint answered with the status {status}.",
                again=status in _AGAIN or status >= 500,
                pause_s=_retry_after(answer),
            )
        return _nothing

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _await_turn(self, delivery: Delivery, destination: Destination) -> None:
        now = self._clock.monotonic()
        turn = self._turns.get(delivery.id)
        if turn is None:
            turn = max(now, self._free.get(destination.arn, 0.0))
            self._free[destination.arn] = turn + 1 / destination.per_second
            self._turns[delivery.id] = turn
            if len(self._turns) > _KEPT:
                # Those that were given up meanwhile never come.
                self._turns = {row: each for row, each in self._turns.items() if each > now - 60}
        if turn > now:
            raise NotYet(turn - now)
        if self._under_way >= _AT_ONCE:
            raise NotYet(_CROWDED_S)
        self._turns.pop(delivery.id, None)

    async def _token(self, connection: Connection) -> str:
        now = self._clock.monotonic()
        known = self._tokens.get(connection.arn)
        if known is not None and known[0] == connection.modified_ms and known[2] > now:
            return known[1]
        status, answer = await self._request(token_call(connection))
        if not 200 <= status < 300:
            raise DeliveryFailed(
                "SDK_CLIENT_ERROR",
                f"The authorization endpoint answered with the status {status}.",
                again=True,
            )
        try:
            found: Any = orjson.loads(answer.body)
            token = str(found["access_token"])
            lasts_s = float(found.get("expires_in", _TOKEN_S))
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryFailed(
                "SDK_CLIENT_ERROR", "The authorization endpoint gave no token.", again=True
            ) from error
        if len(self._tokens) >= _KEPT:
            self._tokens.clear()
        self._tokens[connection.arn] = (connection.modified_ms, token, now + lasts_s)
        return token

    async def _request(self, call: Call) -> "tuple[int, _Answer]":
        try:
            async with self._client.stream(
                call.method, call.url, headers=call.headers, content=call.body
            ) as answer:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _ANSWER_BYTES:
                        break
                return answer.status_code, _Answer(answer.headers.get("retry-after", ""), body)
        except Unreachable as error:
            raise DeliveryFailed(
                "SDK_CLIENT_ERROR",
                f"The endpoint did not answer: {error.kind}.",
                again=True,
            ) from error


class _Answer:
    """What is looked at of an answer.

    Args:
        retry_after: that header, or "".
        body: the beginning of its body.
    """

    def __init__(self, retry_after: str, body: bytes) -> None:
        self.retry_after = retry_after
        self.body = body


def _retry_after(answer: _Answer) -> float:
    """Read how many seconds an endpoint asks to be left alone for; 0 where it does not."""
    text = answer.retry_after
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0.0


async def _nothing(_: AsyncConnection) -> Done | None:
    return None
