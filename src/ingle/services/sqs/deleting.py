"""DeleteMessage and ChangeMessageVisibility, and their batches.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
"""

from collections.abc import Callable, Sequence
from typing import Any

from ingle.clock import Clock
from ingle.services.sqs import batches, handles
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.errors import MessageNotInflight, MissingParameter, invalid
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import MESSAGE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Message, State
from ingle.wire.errors import ServiceError
from ingle.wire.service import ServiceOutput

_HANDLE = "ReceiptHandle"


class Deleting:
    """Deletes messages that were received, or hides them for another time.

    Args:
        journal: writes it.
        contents: forgets what they said.
        clock: the time of day.
        arrived: told of a queue that has messages again.
        watch: sees to it that a queue is looked at when its next message is due.
    """

    def __init__(
        self,
        journal: Journal,
        contents: Contents,
        clock: Clock,
        arrived: Callable[[LiveQueue, int], None],
        watch: Callable[[LiveQueue], None],
    ) -> None:
        self._journal = journal
        self._contents = contents
        self._clock = clock
        self._arrived = arrived
        self._watch = watch

    async def delete(self, live: LiveQueue, handle: str) -> None:
        """Delete a message; one that is not there any more is deleted already.

        Raises:
            ServiceError: the handle is none, or of a FIFO queue's message that is visible again.
        """
        message = self._deletable(live, handle)
        if message is not None:
            await self.remove(live, [message])

    async def delete_batch(
        self, live: LiveQueue, entries: Sequence[dict[str, Any]]
    ) -> ServiceOutput:
        """Delete several."""
        batches.check(entries)
        answer, messages = _each(entries, lambda entry: self._deletable(live, entry[_HANDLE]))
        await self.remove(live, list({id(each): each for each in messages if each}.values()))
        return answer

    async def change(self, live: LiveQueue, handle: str, seconds: int) -> None:
        """Hide a message that is in flight for so long from now on; 0 shows it at once.

        Raises:
            ServiceError: the handle is none, or the message is not in flight.
        """
        message = self._changeable(live, handle, seconds)
        await self.hide(live, [(message, seconds)])

    async def change_batch(
        self, live: LiveQueue, entries: Sequence[dict[str, Any]]
    ) -> ServiceOutput:
        """Do so with several."""
        batches.check(entries)

        def find(entry: dict[str, Any]) -> tuple[Message, int]:
            seconds = entry.get("VisibilityTimeout")
            if seconds is None:
                raise MissingParameter("VisibilityTimeout")
            return self._changeable(live, entry[_HANDLE], seconds), seconds

        answer, changes = _each(entries, find)
        await self.hide(live, changes)
        return answer

    async def remove(self, live: LiveQueue, messages: Sequence[Message]) -> None:
        """Delete messages; they are gone from the disk when this returns."""
        if not messages:
            return
        change = Change()
        for message in messages:
            change.delete(message)

        def gone() -> None:
            # A FIFO group goes on where nothing of it is in flight any more.
            for message in messages:
                live.line.remove(message)
                self._contents.drop(message)
            live.counts.deleted += len(messages)
            if live.queue.is_fifo:
                self._arrived(live, 1)

        change.applied = gone
        await self._journal.write(change)

    async def hide(self, live: LiveQueue, changes: Sequence[tuple[Message, int]]) -> None:
        """Hide messages that are in flight for so many seconds from now on."""
        now_ms = int(self._clock.time() * 1000)
        change, shown = Change(), 0
        for message, seconds in changes:
            if seconds:
                live.line.hold(message, now_ms + seconds * 1000)
            else:
                live.line.release(message, now_ms)
                shown += 1
            change.change(message)
        if change.changed:
            await self._journal.write(change)
        if shown:
            self._arrived(live, shown)
        if live.awaited:
            self._watch(live)

    def current(self, live: LiveQueue, handle: str) -> tuple[Message | None, bool]:
        """Find a handle's message, and whether it was not received again since.

        Raises:
            ReceiptHandleIsInvalid: it is none of this queue's.
        """
        row, receives = handles.read(live.queue.secret, handle)
        message = live.line.messages.get(row)
        live.line.look(int(self._clock.time() * 1000))
        return message, message is not None and message.receives == receives

    def _deletable(self, live: LiveQueue, handle: str) -> Message | None:
        message, is_current = self.current(live, handle)
        if message is None:
            return None
        if live.queue.is_fifo and (not is_current or message.state is not State.IN_FLIGHT):
            raise invalid(_HANDLE, handle, "The receipt handle has expired.")
        # What was received again is somebody else's now.
        return message if is_current else None

    def _changeable(self, live: LiveQueue, handle: str, seconds: int) -> Message:
        if not 0 <= seconds <= MESSAGE.visibility_s:
            raise invalid(
                "VisibilityTimeout",
                seconds,
                f"VisibilityTimeout must be an integer between 0 and {MESSAGE.visibility_s}",
            )
        message, is_current = self.current(live, handle)
        if message is None or not is_current:
            raise invalid(
                _HANDLE,
                handle,
                "Message does not exist or is not available for visibility timeout change.",
            )
        if message.state is not State.IN_FLIGHT:
            raise MessageNotInflight("The specified message isn't in flight.")
        # A message that is hidden again and again is so for 12 hours at most in all.
        if message.received_ms is not None:
            hidden_ms = int(self._clock.time() * 1000) - message.received_ms
            if hidden_ms + seconds * 1000 > MESSAGE.visibility_s * 1000:
                raise invalid(
                    "VisibilityTimeout",
                    seconds,
                    "Total VisibilityTimeout for the message is beyond the limit "
                    f"[{MESSAGE.visibility_s} seconds]",
                )
        return message


def _each(
    entries: Sequence[dict[str, Any]], find: Callable[[dict[str, Any]], Any]
) -> tuple[ServiceOutput, list[Any]]:
    """Find what each entry is about; the answer says which could not be found."""
    successful, failed, found = [], [], []
    for entry in entries:
        try:
            found.append(find(entry))
        except ServiceError as error:
            failed.append(batches.failure(entry, error))
        else:
            successful.append({"Id": entry["Id"]})
    return batches.answer(successful, failed), found
