"""Streams of Kinesis, which is elsewhere, as destinations of subscription filters.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html and
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
"""

import asyncio
import base64
import hashlib
import itertools
import logging
import re
import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.forwarding.json_calls import JsonCalls
from ingle.services.delivering.api import Deliveries, DeliveryFailed, Done, Step
from ingle.services.delivering.api import Delivery as Record
from ingle.services.logs.documents import Delivery, control_message, data_messages, zipped
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.limits import KINESIS
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.storage.database import Database
from ingle.storage.tasks import finish
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)

_SERVICE = "logs.amazonaws.com"
_PUT = "kinesis:PutRecord"
_STREAM = re.compile(r"arn:aws[a-zA-Z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]{1,128}")
_SERVERS_FAULT = 500
_BEST = 9
_AGAIN = frozenset(
    (
        # The stream has too much to do.
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        # The operator's key pair for what is elsewhere is wrong, which is not the filter's fault.
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    )
)
"""The codes, besides those of faults of the server, that can be others later."""


class KinesisDeliveries:
    """Brings events to streams: a record is on disk until the stream has it, or for a day.

    What fails for good disables the filter for ten minutes, in which its events are skipped.

    Args:
        calls: calls Kinesis there.
        database: keeps records.
        deliveries: bring them.
        clock: the time of day.
    """

    def __init__(
        self, calls: JsonCalls, database: Database, deliveries: Deliveries, clock: Clock
    ) -> None:
        self._calls = calls
        self._database = database
        self._deliveries = deliveries
        self._bringers = deliveries.bringers
        self._clock = clock
        self._numbers = itertools.count()
        # Until when filters are disabled, in milliseconds, by their group, stream and role.
        self._disabled: dict[tuple[str, str, str], int] = {}
        deliveries.carry_with("kinesis", self)

    async def check(self, key: GroupKey, destination: str, role: str) -> None:
        """Have a stream take a control message.

        Raises:
            InvalidParameter: it does not, or the role may not bring it.
        """
        if not _STREAM.fullmatch(destination):
            raise InvalidParameter(
                f"destinationArn {destination} is not the ARN of a stream of Kinesis."
            )
        document = control_message("Kinesis stream", self._now_ms())
        record = self._record(key, destination, role, uuid.uuid4().hex, zipped(document))
        try:
            await self._put(record, record.event)
        except DeliveryFailed as error:
            raise InvalidParameter(
                "Could not deliver test message to specified Kinesis stream. Check if the given "
                f"kinesis stream is in ACTIVE state. ({error.message})"
            ) from error
        self._disabled.pop(_way(record), None)

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Take events, which are on the disk when this returns, or skipped."""
        records = await asyncio.to_thread(lambda: [*self._records(deliveries)])
        if not records:
            return

        async def run(connection: AsyncConnection) -> None:
            await self._deliveries.add(connection, records)

        async def both() -> None:
            await self._database.write(run)
            self._deliveries.added(records)

        await finish(both())

    def is_prompt(self, delivery: Record) -> bool:
        """None is: somebody else's answer is waited for."""
        return False

    async def send(self, delivery: Record, payload: bytes) -> Step:
        """Put a record into its stream."""
        try:
            await self._put(delivery, payload)
        except DeliveryFailed as error:
            if not error.again:
                self._disable(delivery, error)
            raise
        return _nothing_more

    async def _put(self, record: Record, data: bytes) -> None:
        self._bringers.check(self._bringers.of(record), _PUT, record)
        members = {
            # By its name: its account there need not have the number of the account here.
            "StreamName": record.arn.rpartition("/")[2],
            "PartitionKey": record.target["PartitionKey"],
            "Data": base64.b64encode(data).decode(),
        }
        try:
            await self._calls.call("PutRecord", members, record.arn.split(":")[3])
        except ServiceError as error:
            again = error.http_status is None or error.http_status >= _SERVERS_FAULT
            raise DeliveryFailed(
                error.error_code, error.message, again=again or error.error_code in _AGAIN
            ) from error

    def _disable(self, record: Record, error: DeliveryFailed) -> None:
        now_ms = self._now_ms()
        self._disabled = {way: end for way, end in self._disabled.items() if end > now_ms}
        if _way(record) not in self._disabled:
            self._disabled[_way(record)] = now_ms + 1000 * KINESIS.disabled_s
            _logger.warning(
                "the subscription filter of %s to %s is disabled for %d s, in which it skips "
                "events: %s",
                record.source_arn,
                record.arn,
                KINESIS.disabled_s,
                error.message,
            )

    def _records(self, deliveries: Sequence[Delivery]) -> Iterator[Record]:
        now_ms = self._now_ms()
        for each in deliveries:
            key, role = each.source.group, each.role or ""
            if self._disabled.get((_source(key), each.destination, role), 0) > now_ms:
                continue
            for document in data_messages(each, self._numbers):
                data = zipped(document)
                if len(data) > KINESIS.record_bytes:
                    data = zipped(document, _BEST)
                if len(data) > KINESIS.record_bytes:
                    _logger.warning(
                        "an event of the log group %s is not delivered to %s: compressed it has "
                        "%d bytes, and a record may have %d",
                        key.name,
                        each.destination,
                        len(data),
                        KINESIS.record_bytes,
                    )
                    continue
                partition = uuid.uuid4().hex if each.at_random else _partition(each.source)
                yield self._record(key, each.destination, role, partition, data)

    def _record(
        self, key: GroupKey, destination: str, role: str, partition: str, data: bytes
    ) -> Record:
        now_ms = self._now_ms()
        return Record(
            _SERVICE,
            _source(key),
            key.account_id,
            key.region,
            {"Arn": destination, "RoleArn": role, "PartitionKey": partition},
            data,
            now_ms,
            due_ms=now_ms,
        )

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _source(key: GroupKey) -> str:
    return f"{key.arn}:*"


def _way(record: Record) -> tuple[str, str, str]:
    return record.source_arn, record.arn, record.target["RoleArn"]


def _partition(source: StreamKey) -> str:
    """Names can be longer than partition keys, so this is made of them."""
    return hashlib.sha256(f"{source.group.arn}:{source.name}".encode()).hexdigest()[:32]


async def _nothing_more(_: AsyncConnection) -> Done | None:
    return None
