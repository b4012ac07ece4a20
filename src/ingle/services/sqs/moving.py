"""Moves messages from one queue to another: dead letters, and back."""

from collections.abc import Callable, Sequence

from ingle.clock import Clock
from ingle.services.sqs.journal import Change
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Message
from ingle.services.sqs.names import key_of_arn
from ingle.services.sqs.store import SqsStore


class Moving:
    """Moves messages, as a part of a change that is written.

    Args:
        store: knows the queues.
        clock: the time of day.
        next_place: gives a message a place behind all others.
        arrived: told of a queue that has new messages.
    """

    def __init__(
        self,
        store: SqsStore,
        clock: Clock,
        next_place: Callable[[], int],
        arrived: Callable[[LiveQueue, int], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._next_place = next_place
        self._arrived = arrived

    def find(self, arn: str) -> LiveQueue | None:
        """Find a queue by its ARN."""
        key = key_of_arn(arn)
        return None if key is None else self._store.get(key)

    def bury(
        self, live: LiveQueue, letters: Sequence[Message], target: str, change: Change
    ) -> None:
        """Move messages that were received too often, and are out of their line, to a queue.

        A message keeps its id, and how often it was received. From when its age counts it keeps
        in a standard queue only.
        """
        self._move(live, letters, target, change, source=live.queue.key.arn)

    def move(
        self, live: LiveQueue, messages: Sequence[Message], target: str, change: Change
    ) -> None:
        """Move messages, which are out of their line, to a queue that is no dead-letter queue."""
        self._move(live, messages, target, change, source=None)

    def _move(
        self,
        live: LiveQueue,
        messages: Sequence[Message],
        target: str,
        change: Change,
        source: str | None,
    ) -> None:
        queue = self.find(target)
        assert queue is not None
        now_ms = int(self._clock.time() * 1000)
        before = [(each, each.queue_id, each.source, each.receives_before) for each in messages]
        for message in messages:
            message.queue_id = queue.queue.id
            if queue.queue.is_fifo:
                message.sent_ms = now_ms
            message.place = self._next_place()
            message.source = source
            message.receives_before = message.receives
            message.due_ms = now_ms
            change.change(message)
        applied = change.applied

        def arrive() -> None:
            if applied is not None:
                applied()
            for message in messages:
                queue.line.add(message, now_ms)
            self._arrived(queue, len(messages))

        def stay() -> None:
            for message, queue_id, source, receives_before in before:
                message.queue_id, message.source = queue_id, source
                message.receives_before = receives_before
                live.line.add(message, now_ms)

        change.applied = arrive
        change.failed.append(stay)
