"""The operations on queues themselves: making, finding and deleting them, attributes, tags, purge.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
and its neighbours.
"""

from collections.abc import Mapping

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.locks import KeyedLocks
from ingle.services.sqs import attributes, redrive_policies
from ingle.services.sqs.contents import Contents
from ingle.services.sqs.errors import (
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    invalid,
)
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import QUEUE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Queue, QueueKey, State
from ingle.services.sqs.names import FIFO, check_name, key_of_url
from ingle.services.sqs.store import SqsStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_COUNTED = dict(zip(attributes.COUNTS, (State.READY, State.IN_FLIGHT, State.DELAYED), strict=True))


class Queues:
    """The operations on queues.

    Args:
        store: where they are kept.
        journal: deletes the messages of those that are purged.
        contents: forgets what these said.
        clock: the time of day.
        changing: the lock of each queue.
    """

    def __init__(
        self,
        store: SqsStore,
        journal: Journal,
        contents: Contents,
        clock: Clock,
        changing: KeyedLocks[QueueKey],
    ) -> None:
        self._store = store
        self._journal = journal
        self._contents = contents
        self._clock = clock
        self._changing = changing
        self._deleted_ms: dict[QueueKey, int] = {}

    def existing(self, context: CallContext, request: ServiceInput) -> LiveQueue:
        """Find the queue that a request is about.

        Raises:
            QueueDoesNotExist: there is none.
            InvalidAddress: the URL is none.
        """
        live = self._store.get(key_of_url(request["QueueUrl"], context))
        if live is None:
            raise _missing(context)
        return live

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a queue; one that is there is answered where it has the same attributes."""
        name: str = request["QueueName"]
        wanted: Mapping[str, str] = request.get("Attributes") or {}
        fifo = wanted.get("FifoQueue", "").lower() == "true"
        check_name(name, fifo=fifo)
        key = QueueKey(context.account_id, context.region, name)
        checked = attributes.checked(wanted, {}, key, fifo=fifo, creating=True)
        tags = _checked_tags(request.get("tags") or {})
        async with self._changing(key):
            present = self._store.get(key)
            if present is not None:
                _check_same(present.queue, wanted)
                return {"QueueUrl": key.url(context.endpoint)}
            self._check_not_deleted(key)
            self._check_redrive(key, wanted)
            await self._store.create(key, checked, tags)
        return {"QueueUrl": key.url(context.endpoint)}

    async def delete(self, live: LiveQueue) -> None:
        """Delete a queue with its messages."""
        async with self._changing(live.queue.key):
            if live.deleted:
                raise QueueDoesNotExist
            messages = list(live.line.messages.values())
            await self._store.delete(live)
            for message in messages:
                self._contents.drop(message)
            self._deleted_ms[live.queue.key] = self._now_ms()

    def url(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a queue's URL."""
        account_id = request.get("QueueOwnerAWSAccountId") or context.account_id
        key = QueueKey(account_id, context.region, request["QueueName"])
        if self._store.get(key) is None:
            raise _missing(context)
        return {"QueueUrl": key.url(context.endpoint)}

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the URLs of the caller's queues by name; in pages where the request says so."""
        prefix = request.get("QueueNamePrefix") or ""
        found = self._store.of_region(context.account_id, context.region)
        return self._page(
            context,
            request,
            [each for each in found if each.key.name.startswith(prefix)],
            "QueueUrls",
        )

    def sources(
        self, context: CallContext, request: ServiceInput, live: LiveQueue
    ) -> ServiceOutput:
        """List the URLs of the queues whose dead letters come to a queue."""
        found = self._store.sources(live.queue.key.arn)
        return self._page(context, request, found, "queueUrls")

    def describe(self, live: LiveQueue, names: list[str]) -> ServiceOutput:
        """Tell attributes of a queue, those with these names, or `All`."""
        attributes.check_known(names)
        queue = live.queue
        live.line.look(self._now_ms())
        told = attributes.effective(queue.attributes, fifo=queue.is_fifo) | {
            "QueueArn": queue.key.arn,
            "CreatedTimestamp": str(queue.created_ms // 1000),
            "LastModifiedTimestamp": str(queue.modified_ms // 1000),
        }
        told |= {name: str(live.line.count(state)) for name, state in _COUNTED.items()}
        if "All" not in names:
            told = {name: value for name, value in told.items() if name in names}
        return {"Attributes": told} if told else {}

    async def set(self, live: LiveQueue, wanted: Mapping[str, str]) -> None:
        """Set attributes of a queue; the others stay."""
        queue = live.queue
        async with self._changing(queue.key):
            checked = attributes.checked(
                wanted, live.queue.attributes, queue.key, fifo=queue.is_fifo, creating=False
            )
            self._check_redrive(queue.key, wanted)
            await self._store.set(live, attributes=checked)

    async def purge(self, live: LiveQueue) -> None:
        """Delete all messages of a queue, at most once a minute."""
        now_ms = self._now_ms()
        if live.purged_ms is not None and now_ms - live.purged_ms < QUEUE.purge_pause_s * 1000:
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {live.queue.key.name} is allowed every "
                f"{QUEUE.purge_pause_s} seconds."
            )
        live.purged_ms = now_ms
        messages, change = list(live.line.messages.values()), Change()
        for message in messages:
            change.delete(message)

        def gone() -> None:
            for message in messages:
                live.line.remove(message)
                self._contents.drop(message)

        change.applied = gone
        if messages:
            await self._journal.write(change)

    async def tag(self, live: LiveQueue, tags: Mapping[str, str]) -> None:
        """Add tags to a queue, or give new values to those that it has."""
        async with self._changing(live.queue.key):
            await self._store.set(live, tags=_checked_tags({**live.queue.tags, **tags}))

    async def untag(self, live: LiveQueue, keys: list[str]) -> None:
        """Remove tags from a queue, as far as it has them."""
        async with self._changing(live.queue.key):
            left = {key: value for key, value in live.queue.tags.items() if key not in keys}
            await self._store.set(live, tags=left)

    def _page(
        self, context: CallContext, request: ServiceInput, found: list[Queue], member: str
    ) -> ServiceOutput:
        most: int | None = request.get("MaxResults")
        token: str | None = request.get("NextToken")
        if most is not None and not 1 <= most <= QUEUE.page:
            raise InvalidParameterValue(
                f"Value {most} for parameter MaxResults is invalid. Reason: MaxResults must be an "
                f"integer between 1 and {QUEUE.page}."
            )
        if token is not None and most is None:
            raise InvalidParameterValue("MaxResults is a required parameter if NextToken is sent.")
        try:
            page, after = paging.page(found, lambda each: each.key.name, token, most or QUEUE.page)
        except paging.BadToken as error:
            raise invalid("NextToken", token, "Invalid or expired next token.") from error
        answer: ServiceOutput = {}
        if page or member == "queueUrls":
            answer[member] = [each.key.url(context.endpoint) for each in page]
        if after is not None and most is not None:
            answer["NextToken"] = after
        return answer

    def _check_not_deleted(self, key: QueueKey) -> None:
        pause_ms, now_ms = QUEUE.deleted_pause_s * 1000, self._now_ms()
        self._deleted_ms = {
            each: at for each, at in self._deleted_ms.items() if now_ms - at < pause_ms
        }
        if key in self._deleted_ms:
            raise QueueDeletedRecently(
                f"You must wait {QUEUE.deleted_pause_s} seconds after deleting a queue before you "
                "can create another with the same name."
            )

    def _check_redrive(self, key: QueueKey, wanted: Mapping[str, str]) -> None:
        policy = wanted.get("RedrivePolicy")
        if policy:
            redrive_policies.check_target(key, policy, self._queue)

    def _queue(self, key: QueueKey) -> Queue | None:
        live = self._store.get(key)
        return None if live is None else live.queue

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _missing(context: CallContext) -> QueueDoesNotExist:
    # Both protocols have words of their own.
    return QueueDoesNotExist(form="x-amz-target" not in context.request.headers)


def _check_same(queue: Queue, wanted: Mapping[str, str]) -> None:
    present = attributes.effective(queue.attributes, fifo=queue.key.name.endswith(FIFO))
    for name, value in wanted.items():
        if present.get(name, "") != value:
            raise QueueNameExists(
                "A queue already exists with the same name and a different value for attribute "
                f"{name}"
            )


def _checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if len(tags) > QUEUE.tags:
        raise InvalidParameterValue(f"Too many tags added for queue: at most {QUEUE.tags}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= QUEUE.tag_key or key.lower().startswith("aws:"):
            raise InvalidParameterValue(
                f"Tag keys must be between 1 and {QUEUE.tag_key} characters in length, and not "
                f"begin with aws:. This one is '{key}'."
            )
        if len(value) > QUEUE.tag_value:
            raise InvalidParameterValue(
                f"Tag values must be between 0 and {QUEUE.tag_value} characters in length. That "
                f"of '{key}' is longer."
            )
    return dict(tags)
