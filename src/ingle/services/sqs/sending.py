"""SendMessage and SendMessageBatch.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

import itertools
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.clock import Clock
from ingle.services.sqs import batches, message_attributes
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.digests import md5, sha256
from ingle.services.sqs.errors import (
    BatchRequestTooLong,
    InvalidMessageContents,
    InvalidParameterValue,
    MissingParameter,
    invalid,
)
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import MESSAGE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.message_attributes import TRACE_HEADER, Attributes
from ingle.services.sqs.model import Content, Deduplication, Message
from ingle.services.sqs.sealing import Seals
from ingle.wire.errors import ServiceError
from ingle.wire.service import ServiceOutput

_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_WRONG_TYPE = "The request include parameter that is not valid for this queue type."
_SEQUENCE_BASE = 18_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that is to be sent, checked.

    Attributes:
        content: what it says.
        size: of that, in bytes, as AWS counts.
        trace: the trace header that it carries, or "".
        system_md5: of its system attributes, or None where it has none.
        delay_s: how long it is hidden.
        group: its message group, or None.
        deduplication: its deduplication id, or None.
    """

    content: Content
    size: int
    trace: str = ""
    system_md5: str | None = None
    delay_s: int = 0
    group: str | None = None
    deduplication: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a parcel.

    Attributes:
        message_id: the message's id; of a copy, that of the first.
        sequence: its sequence number, or None.
        message: the message, or None where it is a copy.
        deduplication: what takes no copies of it, or it for a copy; None in a standard queue.
    """

    message_id: str
    sequence: str | None
    message: Message | None
    deduplication: Deduplication | None


class Sending:
    """Takes messages in.

    Args:
        journal: writes them.
        contents: keeps what they say.
        seals: encrypt it for the disk.
        clock: the time of day.
        last_id: the latest place that a message has.
        arrived: told of a queue that has new messages.
    """

    def __init__(
        self,
        journal: Journal,
        contents: Contents,
        seals: Seals,
        clock: Clock,
        last_id: int,
        arrived: Callable[[LiveQueue, int], None],
    ) -> None:
        self._journal = journal
        self._contents = contents
        self._seals = seals
        self._clock = clock
        # Later messages have larger rows, also over restarts, for fewer than a million a second
        # come; and sequence numbers grow with them.
        self._ids = itertools.count(max(last_id + 1, int(clock.time() * 1_000_000)))
        self._arrived = arrived

    async def send(
        self, live: LiveQueue, sender: str, request: Mapping[str, Any], trace: str = ""
    ) -> ServiceOutput:
        """Send one message; it is on disk when this returns.

        Args:
            live: the queue.
            sender: the unique id of who sends.
            request: the members of SendMessage.
            trace: the trace header of the request, or "".

        Raises:
            ServiceError: it cannot be sent so.
        """
        packed = parcel(live, request, trace)
        change = Change()
        sent = self.accept(live, sender, packed, change)
        await self._write(live, change, [(sent, packed)])
        return _answer(sent, packed)

    async def send_batch(
        self, live: LiveQueue, sender: str, entries: list[dict[str, Any]], trace: str = ""
    ) -> ServiceOutput:
        """Send several; those that can be are on disk when this returns.

        Raises:
            ServiceError: the batch as a whole is none.
        """
        batches.check(entries)
        _check_batch_size(entries)
        change = Change()
        done: list[tuple[Sent, Parcel]] = []
        successful, failed = [], []
        for entry in entries:
            try:
                packed = parcel(live, entry, trace)
            except ServiceError as error:
                failed.append(batches.failure(entry, error))
                continue
            sent = self.accept(live, sender, packed, change)
            done.append((sent, packed))
            successful.append({"Id": entry["Id"], **_answer(sent, packed)})
        if done:
            await self._write(live, change, done)
        return batches.answer(successful, failed)

    def accept(self, live: LiveQueue, sender: str, packed: Parcel, change: Change) -> Sent:
        """Make a message of a parcel, and have a change write it.

        `arrive` must follow once that is on disk, and `withdraw` where it cannot be.
        """
        now_ms = int(self._clock.time() * 1000)
        queue, scope = live.queue, ""
        if queue.is_fifo:
            assert packed.deduplication is not None
            scope = (packed.group or "") if queue.settings.by_group else ""
            first = live.known(scope, packed.deduplication, now_ms)
            if first is not None:
                return Sent(first.message_id, first.sequence, None, first)
        row = next(self._ids)
        message = Message(
            id=row,
            queue_id=queue.id,
            message_id=str(uuid.uuid4()),
            size=packed.size,
            sender=sender,
            sent_ms=now_ms,
            trace=packed.trace,
            group=packed.group,
            deduplication=packed.deduplication,
            sequence=str(_SEQUENCE_BASE + row) if queue.is_fifo else None,
            source=None,
            place=row,
            due_ms=now_ms + packed.delay_s * 1000,
            content=packed.content,
        )
        sealed = None
        if queue.settings.encrypted:
            sealed = self._seals.seal(packed.content, message.message_id)
        change.send(message, packed.content, sealed)
        deduplication = None
        if message.sequence is not None:
            deduplication = Deduplication(
                scope,
                packed.deduplication or "",
                message.message_id,
                message.sequence,
                now_ms + MESSAGE.deduplication_s * 1000,
            )
            change.deduplicate(queue.id, deduplication)
            live.remember(deduplication)
        return Sent(message.message_id, message.sequence, message, deduplication)

    def arrive(self, live: LiveQueue, sent: list[Sent]) -> None:
        """Let messages be received, now that they are on disk."""
        now_ms = int(self._clock.time() * 1000)
        count = 0
        for each in sent:
            if each.message is not None and not live.deleted:
                self._contents.keep(each.message)
                live.line.add(each.message, now_ms)
                live.counts.sizes.append(each.message.size)
                count += 1
        live.counts.sent += count
        live.counts.copies += sum(each.message is None for each in sent)
        if count:
            self._arrived(live, count)

    def withdraw(self, live: LiveQueue, sent: list[Sent]) -> None:
        """Forget messages that could not be written."""
        for each in sent:
            if each.deduplication is not None and each.message is not None:
                live.forget(each.deduplication)

    def next_id(self) -> int:
        """Take a place for a message that comes from another queue."""
        return next(self._ids)

    async def _write(
        self, live: LiveQueue, change: Change, done: list[tuple[Sent, Parcel]]
    ) -> None:
        sent = [each for each, _ in done]
        change.applied = lambda: self.arrive(live, sent)
        change.failed.append(lambda: self.withdraw(live, sent))
        await self._journal.write(change)
        for each in sent:
            first = each.deduplication
            if each.message is None and first is not None and first not in live:
                raise ServiceError(
                    "The message that this one is a copy of could not be stored; send it again.",
                    code="ServiceUnavailable",
                    status=503,
                )


def parcel(live: LiveQueue, request: Mapping[str, Any], trace: str = "") -> Parcel:
    """Check a message that is to be sent.

    Args:
        live: the queue.
        request: the members of SendMessage, or of an entry of SendMessageBatch.
        trace: the trace header of the request, or "".

    Raises:
        ServiceError: it cannot be sent so.
    """
    queue = live.queue
    body: str = request["MessageBody"]
    if not body:
        raise MissingParameter("MessageBody")
    attributes: Attributes = request.get("MessageAttributes") or {}
    system: Attributes = request.get("MessageSystemAttributes") or {}
    size = len(body.encode(errors="surrogatepass")) + message_attributes.check(attributes)
    if size > queue.settings.max_bytes:
        raise InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{queue.settings.max_bytes} bytes."
        )
    if message_attributes.has_bad_characters(body):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to "
            "#xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )
    _check_system(system)
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        value = request.get(name)
        if value is not None and not _ID.fullmatch(value):
            raise invalid(
                name,
                value,
                f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in "
                "length.",
            )
    group, deduplication = request.get("MessageGroupId"), request.get("MessageDeduplicationId")
    delay_s = _delay(live, request.get("DelaySeconds"))
    if queue.is_fifo:
        if group is None:
            raise MissingParameter("MessageGroupId")
        if deduplication is None and queue.settings.by_content:
            deduplication = sha256(body)
        if deduplication is None:
            raise InvalidParameterValue(
                "The queue should either have ContentBasedDeduplication enabled or "
                "MessageDeduplicationId provided explicitly"
            )
    elif deduplication is not None:
        raise invalid("MessageDeduplicationId", deduplication, _WRONG_TYPE)
    if system:
        trace = system[TRACE_HEADER]["StringValue"]
    return Parcel(
        Content(body, md5(body), attributes),
        size,
        trace,
        message_attributes.digest(system) if system else None,
        delay_s,
        group,
        deduplication,
    )


def _delay(live: LiveQueue, wanted: int | None) -> int:
    settings = live.queue.settings
    if wanted is None:
        return settings.delay_s
    if live.queue.is_fifo:
        if wanted:
            raise invalid("DelaySeconds", wanted, _WRONG_TYPE)
        return settings.delay_s
    if not 0 <= wanted <= MESSAGE.delay_s:
        raise invalid(
            "DelaySeconds", wanted, f"DelaySeconds must be >= 0 and <= {MESSAGE.delay_s}."
        )
    return wanted


def _check_system(system: Attributes) -> None:
    for name, value in system.items():
        if name != TRACE_HEADER:
            raise InvalidParameterValue(
                f"Message system attribute name '{name}' is invalid. The only name that may be "
                f"sent is {TRACE_HEADER}."
            )
        if value["DataType"] != "String" or not value.get("StringValue"):
            raise InvalidParameterValue(
                f"The message system attribute '{name}' must have the data type String and a value."
            )


def _check_batch_size(entries: list[dict[str, Any]]) -> None:
    total = sum(
        len(entry["MessageBody"].encode(errors="surrogatepass")) + _attribute_bytes(entry)
        for entry in entries
    )
    if total > MESSAGE.batch_bytes:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {MESSAGE.batch_bytes} bytes. You have sent "
            f"{total} bytes."
        )


def _attribute_bytes(entry: dict[str, Any]) -> int:
    attributes: Attributes = entry.get("MessageAttributes") or {}
    return sum(
        len(name.encode())
        + len(value["DataType"].encode())
        + len(value.get("BinaryValue") or (value.get("StringValue") or "").encode())
        for name, value in attributes.items()
    )


def _answer(sent: Sent, packed: Parcel) -> ServiceOutput:
    answer: ServiceOutput = {
        "MessageId": sent.message_id,
        "MD5OfMessageBody": packed.content.md5,
    }
    if packed.content.attributes:
        answer["MD5OfMessageAttributes"] = message_attributes.digest(packed.content.attributes)
    if packed.system_md5 is not None:
        answer["MD5OfMessageSystemAttributes"] = packed.system_md5
    if sent.sequence is not None:
        answer["SequenceNumber"] = sent.sequence
    return answer
