"""The operations of Amazon SQS, one method each; each says where it is done.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.locks import KeyedLocks
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.deleting import Deleting
from ingle.services.sqs.for_services import ServiceMessages
from ingle.services.sqs.journal import Journal
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import QueueKey
from ingle.services.sqs.move_tasks import MoveTasks
from ingle.services.sqs.moving import Moving
from ingle.services.sqs.permissions import Permissions
from ingle.services.sqs.queues import Queues
from ingle.services.sqs.receiving import Receiving
from ingle.services.sqs.resources import SqsResources
from ingle.services.sqs.sending import Sending
from ingle.services.sqs.store import SqsStore
from ingle.services.sqs.throughput import Throughput
from ingle.services.sqs.waking import Waking, sweep
from ingle.storage.database import Database
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class SqsService(Service):
    """Amazon SQS.

    Args:
        store: where queues are kept, and the index of their messages.
        database: where messages are kept.
        authorizer: decides what other services may send.
        clock: the time of day.

    Attributes:
        resources: tells of queues to those that decide who may use them.
        for_services: what other services do with queues.
    """

    name: ClassVar[str] = "sqs"

    def __init__(
        self, store: SqsStore, database: Database, authorizer: Authorizer, clock: Clock
    ) -> None:
        changing: KeyedLocks[QueueKey] = KeyedLocks()
        self.resources = SqsResources(store)
        self._store = store
        self._clock = clock
        self._journal = Journal(database, clock)
        self._contents = Contents(database, store.seals)
        self._waking = Waking(store, clock)
        arrived, watch = self._waking.arrived, self._waking.watch
        self._queues = Queues(store, self._journal, self._contents, clock, changing)
        self._permissions = Permissions(store, changing)
        self._sending = Sending(
            self._journal, self._contents, store.seals, clock, store.last_id, arrived
        )
        moving = Moving(store, clock, self._sending.next_id, arrived)
        self._receiving = Receiving(self._journal, self._contents, moving, clock, watch)
        self._deleting = Deleting(self._journal, self._contents, clock, arrived, watch)
        self._throughput = Throughput(clock)
        self._move_tasks = MoveTasks(store, moving, self._journal, clock)
        self.for_services = ServiceMessages(
            store, authorizer, self._sending, self._receiving, self._deleting
        )

    async def start(self) -> None:
        """Go on with the tasks that were not finished."""
        await self._move_tasks.open()

    async def keep_time(self) -> None:
        """Delete messages that are too old, for as long as this runs."""
        await sweep(self._store, self._journal, self._contents, self._clock)

    def stop(self) -> None:
        """Answer those that wait for messages, and let nobody wait any more."""
        self._receiving.close()
        self._waking.wake_all()

    async def close(self) -> None:
        """End what runs, and write what waits."""
        self.stop()
        await self._move_tasks.close()
        await self._waking.close()
        await self._journal.close()

    async def create_queue(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a queue."""
        return await self._queues.create(context, request)

    async def get_queue_url(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a queue's URL."""
        return self._queues.url(context, request)

    async def list_queues(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the queues of an account in a region."""
        return self._queues.listed(context, request)

    async def delete_queue(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a queue with its messages."""
        await self._queues.delete(self._queue(context, request))

    async def purge_queue(self, context: CallContext, request: ServiceInput) -> None:
        """Delete all messages of a queue."""
        await self._queues.purge(self._queue(context, request))

    async def get_queue_attributes(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell attributes of a queue."""
        live = self._queue(context, request)
        return self._queues.describe(live, request.get("AttributeNames") or [])

    async def set_queue_attributes(self, context: CallContext, request: ServiceInput) -> None:
        """Set attributes of a queue."""
        await self._queues.set(self._queue(context, request), request["Attributes"])

    async def tag_queue(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a queue, or change them."""
        await self._queues.tag(self._queue(context, request), request["Tags"])

    async def untag_queue(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags from a queue."""
        await self._queues.untag(self._queue(context, request), request["TagKeys"])

    async def list_queue_tags(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a queue."""
        tags = self._queue(context, request).queue.tags
        return {"Tags": dict(tags)} if tags else {}

    async def add_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Add a statement to the policy of a queue."""
        await self._permissions.add(self._queue(context, request), request)

    async def remove_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement from the policy of a queue."""
        await self._permissions.remove(self._queue(context, request), request)

    async def list_dead_letter_source_queues(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the queues whose dead letters come to a queue."""
        return self._queues.sources(context, request, self._queue(context, request))

    async def send_message(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Send a message."""
        live = self._queue(context, request)
        self._throughput.take(live, "SendMessage", _groups([request]))
        return await self._sending.send(live, _sender(context), request, _trace(context))

    async def send_message_batch(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Send up to ten messages."""
        live = self._queue(context, request)
        self._throughput.take(live, "SendMessageBatch", _groups(request["Entries"]))
        return await self._sending.send_batch(
            live, _sender(context), request["Entries"], _trace(context)
        )

    async def receive_message(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Receive up to ten messages, or wait for one."""
        live = self._queue(context, request)
        self._throughput.take(live, "ReceiveMessage")
        return await self._receiving.receive(live, request)

    async def delete_message(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a message that was received."""
        live = self._queue(context, request)
        self._throughput.take(live, "DeleteMessage")
        await self._deleting.delete(live, request["ReceiptHandle"])

    async def delete_message_batch(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete up to ten messages that were received."""
        live = self._queue(context, request)
        self._throughput.take(live, "DeleteMessageBatch")
        return await self._deleting.delete_batch(live, request["Entries"])

    async def change_message_visibility(self, context: CallContext, request: ServiceInput) -> None:
        """Hide a message that was received for another time."""
        await self._deleting.change(
            self._queue(context, request), request["ReceiptHandle"], request["VisibilityTimeout"]
        )

    async def change_message_visibility_batch(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Do so with up to ten messages."""
        return await self._deleting.change_batch(self._queue(context, request), request["Entries"])

    async def start_message_move_task(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Begin to move the messages of a dead-letter queue."""
        return await self._move_tasks.start(request)

    async def list_message_move_tasks(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the latest tasks that move messages of a queue."""
        return self._move_tasks.listed(request)

    async def cancel_message_move_task(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """End a task that moves messages."""
        return await self._move_tasks.cancel(request)

    def _queue(self, context: CallContext, request: ServiceInput) -> LiveQueue:
        return self._queues.existing(context, request)


def _sender(context: CallContext) -> str:
    unique_id: str = context.identity.principal.unique_id
    return unique_id


def _groups(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    return (each.get("MessageGroupId") or "" for each in entries)


def _trace(context: CallContext) -> str:
    return context.request.headers.get("x-amzn-trace-id", "")
