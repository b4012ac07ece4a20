"""Messages that another service sends to several queues within one transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.sqs.journal import Change
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.sending import Sending, Sent, parcel


class Outgoing:
    """Takes messages, also for FIFO queues, and writes all of them in one statement.

    Args:
        sender: the unique id of who sends.
        find: finds a queue by its ARN, or raises.
        sending: makes messages.
    """

    def __init__(self, sender: str, find: Callable[[str], LiveQueue], sending: Sending) -> None:
        self._sender = sender
        self._find = find
        self._sending = sending
        self._change = Change()
        self._sent: list[tuple[LiveQueue, Sent]] = []

    def add(self, arn: str, message: Mapping[str, Any], trace: str = "") -> None:
        """Take a message.

        Args:
            arn: the queue's.
            message: the members of SendMessage, without the URL.
            trace: the trace header that goes with it, or "".

        Raises:
            ServiceError: there is no such queue, or it takes no such message.
        """
        live = self._find(arn)
        packed = parcel(live, message, trace)
        self._sent.append((live, self._sending.accept(live, self._sender, packed, self._change)))

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of them; `arrive` must follow the commit, and `withdraw` where there is none,
        also if there was no attempt."""
        if self._sent:
            await self._change.write(connection)

    def arrive(self) -> None:
        """Let them be received."""
        for live, sent in self._sent:
            self._sending.arrive(live, [sent])

    def withdraw(self) -> None:
        """Forget them."""
        for live, sent in self._sent:
            self._sending.withdraw(live, [sent])
