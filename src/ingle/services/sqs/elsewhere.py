"""Queues that are elsewhere: functions get messages of theirs, and services send them some."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.forwarding.forwarder import Forwarder
from ingle.forwarding.json_calls import JsonCalls
from ingle.iam.principal import Principal, service_principal
from ingle.iam.request import Values
from ingle.services.delivering.api import Deliveries, Delivery, DeliveryFailed, Done, Step
from ingle.wire.errors import ServiceError

_MOST_AT_ONCE = 10
_LONGEST_WAIT_S = 20
_LONGEST_RUN_S = 900
"""For how long messages are taken to be hidden, as long as the queue has not said it."""
_FIFO = ".fifo"
_SERVERS_FAULT = 500
_NO_KEYS: Mapping[str, Values] = {}
_OWN = "queues.elsewhere"
"""Who brings messages that are whole already."""


@dataclass(frozen=True, slots=True)
class QueueElsewhere:
    """What is known of a queue.

    Attributes:
        is_fifo: whether it keeps the order.
        settings: `visibility_s`.
    """

    is_fifo: bool
    settings: Any


class Received(NamedTuple):
    """A message that was received.

    Attributes:
        message: what pollers ask of it.
        described: as ReceiveMessage describes it.
    """

    message: Any
    described: Mapping[str, Any]


class QueuesElsewhere:
    """Receives, deletes and sends there, as `ServiceMessages` does with Ingle's own queues.

    Args:
        forwarder: calls SQS there.
        clock: tells when messages are sent.
    """

    def __init__(self, forwarder: Forwarder, clock: Clock) -> None:
        self._calls = JsonCalls(forwarder, "SQS", "AmazonSQS", "1.0")
        self._clock = clock
        self._deliveries: Deliveries | None = None
        self._urls: dict[str, str] = {}
        self._hidden: dict[str, int] = {}

    def find(self, arn: str) -> QueueElsewhere | None:
        """Tell what is known of a queue, which may not be there."""
        hidden_s = self._hidden.get(arn, _LONGEST_RUN_S)
        return QueueElsewhere(arn.endswith(_FIFO), SimpleNamespace(visibility_s=hidden_s))

    async def receive(
        self, arn: str, count: int, hidden_s: float | None, wait_s: float
    ) -> list[Received]:
        """Receive messages, ten at most; at least one if one comes within a time.

        Raises:
            ServiceError: SQS's; there is no such queue, for instance.
        """
        members: dict[str, Any] = {
            "MaxNumberOfMessages": min(count, _MOST_AT_ONCE),
            "WaitTimeSeconds": min(int(wait_s), _LONGEST_WAIT_S),
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        if hidden_s is not None:
            members["VisibilityTimeout"] = int(hidden_s)
        answer = await self._call(arn, "ReceiveMessage", members)
        return [_received(each) for each in answer.get("Messages") or ()]

    async def delete(self, arn: str, received: Sequence[Received]) -> None:
        """Delete messages, as far as nobody has received them again."""
        for start in range(0, len(received), _MOST_AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": each.described["ReceiptHandle"]}
                for number, each in enumerate(received[start : start + _MOST_AT_ONCE])
            ]
            await self._call(arn, "DeleteMessageBatch", {"Entries": entries})

    async def hide(self, arn: str, received: Sequence[Received]) -> bool:
        """Hide messages anew, from now on for as long as the queue says.

        Returns:
            Whether nobody has received any of them again meanwhile.
        """
        hidden_s = self._hidden.get(arn, _LONGEST_RUN_S)
        for start in range(0, len(received), _MOST_AT_ONCE):
            entries = [
                {
                    "Id": str(number),
                    "ReceiptHandle": each.described["ReceiptHandle"],
                    "VisibilityTimeout": hidden_s,
                }
                for number, each in enumerate(received[start : start + _MOST_AT_ONCE])
            ]
            answer = await self._call(arn, "ChangeMessageVisibilityBatch", {"Entries": entries})
            if answer.get("Failed"):
                return False
        return True

    async def discard(self, arn: str, received: Sequence[Received]) -> None:
        """Delete messages, for nobody else can send them to the queue's dead-letter queue."""
        await self.delete(arn, received)

    def waiting(self, arn: str) -> int:
        """Say that nobody knows how many messages could be received now."""
        return 0

    def check_may_send(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = _NO_KEYS
    ) -> None:
        """Leave it to the queue's policy there."""

    async def send(
        self,
        principal: Principal,
        arn: str,
        message: Mapping[str, Any],
        *,
        keys: Mapping[str, Values] = _NO_KEYS,
        trace: str = "",
    ) -> str:
        """Send a message; it is there when this returns.

        Raises:
            ServiceError: SQS's.
        """
        members = {**message}
        if trace:
            header = {"DataType": "String", "StringValue": trace}
            members["MessageSystemAttributes"] = {"AWSTraceHeader": header}
        answer = await self._call(arn, "SendMessage", members)
        sent: str = answer["MessageId"]
        return sent

    async def add(
        self,
        connection: AsyncConnection,
        sender: str,
        arn: str,
        message: Mapping[str, Any],
        trace: str = "",
    ) -> Callable[[], None]:
        """Note a message within a transaction; after its commit it is sent until it is there.

        Returns:
            What is to be called after the commit.
        """
        assert self._deliveries is not None, "nothing was said to send messages with"
        delivery = _delivery(arn, message, trace, int(self._clock.time() * 1000))
        await self._deliveries.add(connection, [delivery])
        return partial(self._deliveries.added, [delivery])

    def outgoing(self, sender: str) -> "OutgoingElsewhere":
        """Begin to note several messages within a transaction."""
        assert self._deliveries is not None, "nothing was said to send messages with"
        return OutgoingElsewhere(self._deliveries, self._clock)

    def send_with(self, deliveries: Deliveries) -> None:
        """Send messages with what brings events to targets, and what it brings to queues, too."""
        self._deliveries = deliveries
        deliveries.send_with("sqs", _Sender(self))

    async def _call(self, arn: str, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        region, account_id, name = arn.split(":")[3:6]
        url = self._urls.get(arn)
        if url is None:
            wanted = {"QueueName": name, "QueueOwnerAWSAccountId": account_id}
            found = await self._calls.call("GetQueueUrl", wanted, region)
            url = self._urls[arn] = found["QueueUrl"]
            asked = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
            told = await self._calls.call("GetQueueAttributes", asked, region)
            self._hidden[arn] = int(told["Attributes"]["VisibilityTimeout"])
        try:
            return await self._calls.call(operation, {"QueueUrl": url, **members}, region)
        except ServiceError:
            # It may have been made anew, under another URL.
            self._urls.pop(arn, None)
            raise


class OutgoingElsewhere:
    """Messages that are noted together within a transaction, and sent after its commit.

    Args:
        deliveries: send them.
        clock: tells when they are noted.
    """

    def __init__(self, deliveries: Deliveries, clock: Clock) -> None:
        self._deliveries = deliveries
        self._clock = clock
        self._noted: list[Delivery] = []

    def add(self, arn: str, message: Mapping[str, Any], trace: str = "") -> None:
        """Take a message; whether the queue takes it is known later."""
        now_ms = int(self._clock.time() * 1000)
        self._noted.append(_delivery(arn, message, trace, now_ms))

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of them."""
        if self._noted:
            await self._deliveries.add(connection, self._noted)

    def arrive(self) -> None:
        """To be called after the commit: have them sent."""
        self._deliveries.added(self._noted)

    def withdraw(self) -> None:
        """To be called where there is none: nobody knows of them yet."""


def _received(described: dict[str, Any]) -> Received:
    attributes = described.setdefault("Attributes", {})
    for value in described.get("MessageAttributes", {}).values():
        if value.get("BinaryValue") is not None:
            value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    message = SimpleNamespace(
        message_id=described["MessageId"],
        group=attributes.get("MessageGroupId"),
        receives=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_ms=int(attributes.get("SentTimestamp", 0)),
        trace=attributes.get("AWSTraceHeader", ""),
        size=len(described["Body"].encode(errors="surrogatepass")),
    )
    return Received(message, described)


class _Sender:
    """Sends what is brought to queues."""

    def __init__(self, queues: QueuesElsewhere) -> None:
        self._queues = queues

    def is_prompt(self, delivery: Delivery) -> bool:
        """None is: somebody else's answer is waited for."""
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Send an event to a queue."""
        if delivery.service == _OWN:
            message = orjson.loads(payload)
        else:
            message = {"MessageBody": payload.decode()}
            group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
            if group:
                message["MessageGroupId"] = group
        sender = service_principal(delivery.service)
        try:
            await self._queues.send(sender, delivery.arn, message, trace=delivery.trace)
        except ServiceError as error:
            again = error.http_status is None or error.http_status >= _SERVERS_FAULT
            raise DeliveryFailed(error.error_code, error.message, again=again) from error
        return _nothing_more


async def _nothing_more(_: AsyncConnection) -> Done | None:
    return None


def _delivery(arn: str, message: Mapping[str, Any], trace: str, now_ms: int) -> Delivery:
    region, account_id = arn.split(":")[3:5]
    event = orjson.dumps(message, default=_base64)
    return Delivery(
        _OWN, arn, account_id, region, {"Arn": arn}, event, now_ms, trace, due_ms=now_ms
    )


def _base64(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} is no member of a message")
    return base64.b64encode(value).decode()
