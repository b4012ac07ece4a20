"""ReceiveMessage, with long polling, and what becomes of messages that were received too often.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingle.clock import Clock
from ingle.services.sqs import handles, message_attributes
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.errors import InvalidAttributeName, OverLimit, invalid
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import MESSAGE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Content, Message, State
from ingle.services.sqs.moving import Moving
from ingle.wire.service import ServiceOutput

_SYSTEM = (
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
)
_ATTEMPT_MS = 300_000


class Receiving:
    """Hands messages out.

    Args:
        journal: writes that they are in flight.
        contents: knows what they say.
        moving: moves dead letters.
        clock: the time of day.
        watch: sees to it that a queue is looked at when its next message is due.
    """

    def __init__(
        self,
        journal: Journal,
        contents: Contents,
        moving: Moving,
        clock: Clock,
        watch: Callable[[LiveQueue], None],
    ) -> None:
        self._journal = journal
        self._contents = contents
        self._moving = moving
        self._clock = clock
        self._watch = watch
        self._closing = False

    async def receive(self, live: LiveQueue, request: Mapping[str, Any]) -> ServiceOutput:
        """Receive up to ten messages, waiting for one where the request or the queue says so.

        That they are in flight is on disk when this returns.

        Raises:
            ServiceError: the request is none, or too many messages are in flight.
        """
        settings = live.queue.settings
        count = _within("MaxNumberOfMessages", request, 1, MESSAGE.receive, 1)
        wait_s = _within("WaitTimeSeconds", request, 0, MESSAGE.wait_s, settings.wait_s)
        hidden_s = _within(
            "VisibilityTimeout", request, 0, MESSAGE.visibility_s, settings.visibility_s
        )
        wanted = [*(request.get("MessageSystemAttributeNames") or ())]
        wanted += request.get("AttributeNames") or ()
        for name in wanted:
            if name not in _SYSTEM:
                raise InvalidAttributeName(f"Unknown Attribute {name}.")
        attempt = request.get("ReceiveRequestAttemptId") if live.queue.is_fifo else None
        taken = await self.take(live, count, hidden_s, wait_s, attempt)
        names = request.get("MessageAttributeNames") or ()
        if not taken:
            return {}
        return {
            "Messages": [
                self.described(live, message, content, receives, wanted, names)
                for message, content, receives in taken
            ]
        }

    async def take(
        self,
        live: LiveQueue,
        count: int,
        hidden_s: float,
        wait_s: float,
        attempt: str | None = None,
    ) -> list[tuple[Message, Content, int]]:
        """Take messages out of a queue for a while, at least one if one comes within a time.

        Args:
            live: the queue.
            count: how many at most.
            hidden_s: how long nobody else receives them.
            wait_s: how long to wait for the first.
            attempt: who asks with the same id gets the same ones again, or None.

        Returns:
            Each message, what it says, and how often it was received by now.
        """
        deadline = self._clock.monotonic() + wait_s
        while True:
            taken = await self._take(live, count, hidden_s, attempt)
            left_s = deadline - self._clock.monotonic()
            if taken or left_s <= 0 or live.deleted or self._closing:
                break
            await self._wait(live, left_s)
        if not taken:
            live.counts.empty += 1
            return []
        live.counts.received += len(taken)
        found = await self._contents.of([message for message, _ in taken])
        return [
            (message, found[message.id], receives)
            for message, receives in taken
            if message.id in found
        ]

    def described(
        self,
        live: LiveQueue,
        message: Message,
        content: Content,
        receives: int,
        system: Sequence[str],
        names: Sequence[str],
    ) -> ServiceOutput:
        """Describe a message that was received as ReceiveMessage does."""
        answer: ServiceOutput = {
            "MessageId": message.message_id,
            "ReceiptHandle": handles.make(live.queue.secret, message.id, receives),
            "MD5OfBody": content.md5,
            "Body": content.body,
        }
        told = system_attributes(message, receives)
        if "All" not in system:
            told = {name: value for name, value in told.items() if name in system}
        if told:
            answer["Attributes"] = told
        chosen = message_attributes.select(content.attributes, names)
        if chosen:
            answer["MD5OfMessageAttributes"] = message_attributes.digest(chosen)
            answer["MessageAttributes"] = chosen
        return answer

    async def discard(self, live: LiveQueue, messages: Sequence[Message]) -> None:
        """Send messages to the dead-letter queue at once; without one they are deleted."""
        redrive, change = live.queue.settings.redrive, Change()
        if not messages:
            return
        for message in messages:
            live.line.remove(message)
        if redrive is not None and self._moving.find(redrive.target) is not None:
            self._moving.bury(live, messages, redrive.target, change)
        else:
            for message in messages:
                change.delete(message)
                self._contents.drop(message)
        await self._journal.write(change)

    def close(self) -> None:
        """Let nobody wait any more; whoever waits must be woken."""
        self._closing = True

    async def _take(
        self, live: LiveQueue, count: int, hidden_s: float, attempt: str | None
    ) -> list[tuple[Message, int]]:
        now_ms = int(self._clock.time() * 1000)
        line, change = live.line, Change()
        line.look(now_ms)
        if line.count(State.IN_FLIGHT) >= MESSAGE.in_flight:
            if live.queue.is_fifo:
                return []
            raise OverLimit(
                f"Too many messages in flight: at most {MESSAGE.in_flight} may be. Delete those "
                "that are processed."
            )
        taken = self._again(live, attempt, now_ms)
        redrive = live.queue.settings.redrive
        oldest_ms = now_ms - live.queue.settings.retention_s * 1000
        letters: list[Message] = []
        if not taken:
            for message in line.ready():
                if len(taken) == count:
                    break
                if message.sent_ms < oldest_ms:
                    line.remove(message)
                    self._contents.drop(message)
                    change.delete(message)
                    continue
                received = message.receives - message.receives_before
                if (
                    redrive is not None
                    and received >= redrive.max_receives
                    and self._moving.find(redrive.target) is not None
                ):
                    line.remove(message)
                    letters.append(message)
                    continue
                message.receives += 1
                if message.first_received_ms is None:
                    message.first_received_ms = now_ms
                message.received_ms = now_ms
                line.hold(message, now_ms + int(hidden_s * 1000))
                taken.append(message)
        else:
            for message in taken:
                message.received_ms = now_ms
                line.hold(message, now_ms + int(hidden_s * 1000))
        for message in taken:
            change.change(message)
        if letters and redrive is not None:
            self._moving.bury(live, letters, redrive.target, change)
        if attempt is not None and taken:
            live.attempts[attempt] = (now_ms + _ATTEMPT_MS, [each.id for each in taken])
        # Somebody else may receive them meanwhile, where they are not hidden for long.
        counted = [(each, each.receives) for each in taken]
        if taken or letters or change.deleted:
            await self._journal.write(change)
            if hidden_s == 0:
                line.look(int(self._clock.time() * 1000))
            if live.awaited:
                self._watch(live)
        return counted

    def _again(self, live: LiveQueue, attempt: str | None, now_ms: int) -> list[Message]:
        """Find what an earlier attempt got, if nothing has become of any of it since."""
        while live.attempts and next(iter(live.attempts.values()))[0] <= now_ms:
            live.attempts.popitem(last=False)
        if attempt is None or attempt not in live.attempts:
            return []
        found = [live.line.messages.get(row) for row in live.attempts.pop(attempt)[1]]
        messages = [each for each in found if each is not None]
        if len(messages) < len(found) or any(
            each.state is not State.IN_FLIGHT for each in messages
        ):
            return []
        return messages

    async def _wait(self, live: LiveQueue, left_s: float) -> None:
        waiting = live.wait()
        self._watch(live)
        pause = asyncio.ensure_future(self._clock.sleep(left_s))
        try:
            await asyncio.wait((waiting, pause), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if waiting.done():
                # A message has come for somebody who is gone.
                live.wake()
            raise
        finally:
            live.leave(waiting)
            pause.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pause


def system_attributes(message: Message, receives: int) -> dict[str, str]:
    """Tell of a message what SQS itself knows of it."""
    told = {
        "SenderId": message.sender,
        "SentTimestamp": str(message.sent_ms),
        "ApproximateReceiveCount": str(receives),
        "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
    }
    others = {
        "SequenceNumber": message.sequence,
        "MessageDeduplicationId": message.deduplication,
        "MessageGroupId": message.group,
        "AWSTraceHeader": message.trace,
        "DeadLetterQueueSourceArn": message.source,
    }
    return told | {name: value for name, value in others.items() if value}


def _within(name: str, request: Mapping[str, Any], least: int, greatest: int, default: int) -> int:
    value: int | None = request.get(name)
    if value is None:
        return default
    if not least <= value <= greatest:
        words = (
            f"Must be between {least} and {greatest}, if provided."
            if name == "MaxNumberOfMessages"
            else f"Must be >= {least} and <= {greatest}, if provided."
        )
        raise invalid(name, value, words)
    return value
