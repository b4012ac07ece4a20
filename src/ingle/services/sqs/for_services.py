"""What other services do with queues: send to them, and have functions take from them.

Topics, rules and schedules send as services, whom a queue's policy must let:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html
Functions' destinations send, and event source mappings receive, as the function's role, of which
whoever calls has made sure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.iam.principal import Principal
from ingle.iam.request import Values
from ingle.services.sqs.deleting import Deleting
from ingle.services.sqs.errors import AccessRefused, QueueDoesNotExist
from ingle.services.sqs.journal import Change
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Content, Message, Queue, State
from ingle.services.sqs.names import key_of_arn
from ingle.services.sqs.outgoing import Outgoing
from ingle.services.sqs.receiving import Receiving
from ingle.services.sqs.sending import Sending, parcel
from ingle.services.sqs.store import SqsStore

SEND = "sqs:SendMessage"
_NO_KEYS: Mapping[str, Values] = {}
_ALL = ("All",)


class Received(NamedTuple):
    """A message that was received.

    Attributes:
        message: what SQS knows of it.
        content: what it says.
        receives: how often it was received; what was received again since is somebody else's.
        described: as ReceiveMessage describes it, with all its attributes.
    """

    message: Message
    content: Content
    receives: int
    described: Mapping[str, Any]


class ServiceMessages:
    """Sends, receives and deletes for other services.

    Args:
        store: knows the queues.
        authorizer: decides by their policies.
        sending: takes messages in.
        receiving: hands them out.
        deleting: deletes them.
    """

    def __init__(
        self,
        store: SqsStore,
        authorizer: Authorizer,
        sending: Sending,
        receiving: Receiving,
        deleting: Deleting,
    ) -> None:
        self._store = store
        self._authorizer = authorizer
        self._sending = sending
        self._receiving = receiving
        self._deleting = deleting

    def find(self, arn: str) -> Queue | None:
        """Find a queue; None where there is none."""
        live = self._live(arn)
        return None if live is None else live.queue

    def check_may_send(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = _NO_KEYS
    ) -> None:
        """Check that somebody may send to a queue.

        Args:
            principal: for instance `ingle.iam.principal.service_principal("sns.amazonaws.com")`.
            arn: the queue's.
            keys: condition keys in lower case, for instance `aws:sourcearn`.

        Raises:
            AccessRefused: they may not.
        """
        ruling = self._authorizer.rule(principal, SEND, arn, keys)
        fault = self._authorizer.fault_of(ruling)
        if fault:
            raise AccessRefused(fault)

    async def send(
        self,
        principal: Principal,
        arn: str,
        message: Mapping[str, Any],
        *,
        keys: Mapping[str, Values] = _NO_KEYS,
        trace: str = "",
    ) -> str:
        """Send a message for a service, as far as it may; it is on disk when this returns.

        Args:
            principal: who sends.
            arn: the queue's.
            message: the members of SendMessage, without the URL.
            keys: condition keys in lower case, for instance `aws:sourcearn`.
            trace: the trace header that came along, or "".

        Returns:
            The message's id.

        Raises:
            AccessRefused: the queue's policy does not allow it.
            ServiceError: there is no such queue, or it takes no such message.
        """
        self.check_may_send(principal, arn, keys)
        answer = await self._sending.send(self._known(arn), principal.unique_id, message, trace)
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
        """Send a message within a transaction; what is returned is to be called after its commit.

        To a standard queue only, for what copies a FIFO queue takes is decided otherwise.

        Args:
            connection: the transaction's.
            sender: the unique id of who sends.
            arn: the queue's.
            message: the members of SendMessage, without the URL.
            trace: the trace header that goes with it, or "".

        Raises:
            ServiceError: there is no such queue, or it takes no such message.
        """
        live, change = self._known(arn), Change()
        sent = self._sending.accept(live, sender, parcel(live, message, trace), change)
        await change.write(connection)
        return lambda: self._sending.arrive(live, [sent])

    def outgoing(self, sender: str) -> Outgoing:
        """Begin to send several messages within a transaction.

        Args:
            sender: the unique id of who sends.
        """
        return Outgoing(sender, self._known, self._sending)

    async def receive(
        self, arn: str, count: int, hidden_s: float | None, wait_s: float
    ) -> list[Received]:
        """Receive messages; at least one if one comes within a time.

        Args:
            arn: the queue's.
            count: how many at most; also more than ten.
            hidden_s: how long nobody else receives them; None for as long as the queue says.
            wait_s: how long to wait for the first.

        Raises:
            ServiceError: there is no such queue, or too many messages are in flight.
        """
        live = self._known(arn)
        if hidden_s is None:
            hidden_s = live.queue.settings.visibility_s
        taken = await self._receiving.take(live, count, hidden_s, wait_s)
        return [
            Received(
                message,
                content,
                receives,
                self._receiving.described(live, message, content, receives, _ALL, _ALL),
            )
            for message, content, receives in taken
        ]

    async def delete(self, arn: str, received: Sequence[Received]) -> None:
        """Delete messages, as far as nobody has received them again."""
        live = self._live(arn)
        if live is not None:
            await self._deleting.remove(live, self._still(live, received))

    async def hide(self, arn: str, received: Sequence[Received], seconds: int) -> None:
        """Hide messages for so long from now on, likewise; 0 shows them at once."""
        live = self._live(arn)
        if live is not None:
            found = [(each, seconds) for each in self._still(live, received)]
            await self._deleting.hide(live, found)

    async def discard(self, arn: str, received: Sequence[Received]) -> None:
        """Send messages to the queue's dead-letter queue at once; without one they are deleted."""
        live = self._live(arn)
        if live is not None:
            await self._receiving.discard(live, self._still(live, received))

    def waiting(self, arn: str) -> int:
        """How many messages of a queue could be received now."""
        live = self._live(arn)
        return 0 if live is None else live.line.count(State.READY)

    def _still(self, live: LiveQueue, received: Sequence[Received]) -> list[Message]:
        return [
            each.message
            for each in received
            if each.message.id in live.line.messages
            and each.message.receives == each.receives
            and each.message.state is State.IN_FLIGHT
        ]

    def _live(self, arn: str) -> LiveQueue | None:
        key = key_of_arn(arn)
        return None if key is None else self._store.get(key)

    def _known(self, arn: str) -> LiveQueue:
        live = self._live(arn)
        if live is None:
            raise QueueDoesNotExist
        return live
