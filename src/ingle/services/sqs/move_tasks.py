"""StartMessageMoveTask and its neighbours: dead letters go back, or elsewhere.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

import asyncio
import base64
import binascii
import logging
import uuid

import orjson

from ingle.clock import Clock
from ingle.services.sqs.errors import (
    InvalidParameterValue,
    QueueDoesNotExist,
    ResourceNotFound,
    UnsupportedOperation,
    invalid,
)
from ingle.services.sqs.journal import Change, Journal
from ingle.services.sqs.limits import MOVE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import Message, MoveStatus, MoveTask, State
from ingle.services.sqs.moving import Moving
from ingle.services.sqs.store import SqsStore
from ingle.wire.service import ServiceInput, ServiceOutput

_logger = logging.getLogger("ingle.sqs")

_GONE = "AWS.SimpleQueueService.NonExistentQueue"
_UNKNOWN_SOURCE = "CouldNotDetermineMessageSource"
_ACTIVE = (MoveStatus.RUNNING, MoveStatus.CANCELLING)
_NO_SOURCE = "The resource that you specified for the SourceArn parameter doesn't exist."


class MoveTasks:
    """Runs tasks that move messages; those that a server leaves behind go on with the next.

    Args:
        store: keeps them.
        moving: moves messages.
        journal: writes it.
        clock: the time of day.
    """

    def __init__(self, store: SqsStore, moving: Moving, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._moving = moving
        self._journal = journal
        self._clock = clock
        self._tasks: dict[str, MoveTask] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Take up what was not finished."""
        for task in await self._store.tasks():
            self._tasks[task.id] = task
            if task.status in _ACTIVE:
                self._run(task)

    async def close(self) -> None:
        """Leave what runs for the next start."""
        running = list(self._running.values())
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def start(self, request: ServiceInput) -> ServiceOutput:
        """Begin to move the messages of a dead-letter queue."""
        source, destination = request["SourceArn"], request.get("DestinationArn") or None
        live = self._source(source)
        rate: int | None = request.get("MaxNumberOfMessagesPerSecond")
        if rate is not None and not 1 <= rate <= MOVE.per_second:
            raise invalid(
                "MaxNumberOfMessagesPerSecond",
                rate,
                f"Must be an integer between 1 and {MOVE.per_second}.",
            )
        if not self._store.sources(source):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        self._check_destination(live, destination)
        if any(each.source == source and each.status in _ACTIVE for each in self._tasks.values()):
            raise InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source "
                "queue arn at a given time."
            )
        task = MoveTask(
            id=str(uuid.uuid4()),
            source=source,
            destination=destination,
            per_second=rate,
            started_ms=int(self._clock.time() * 1000),
            to_move=live.line.count(State.READY),
        )
        self._tasks[task.id] = task
        try:
            await self._store.put_task(task)
        except BaseException:
            del self._tasks[task.id]
            raise
        await self._forget_oldest(source)
        self._run(task)
        return {"TaskHandle": _handle(task)}

    def listed(self, request: ServiceInput) -> ServiceOutput:
        """List the latest tasks of a queue, the latest first."""
        source = request["SourceArn"]
        self._source(source)
        most: int = request.get("MaxResults") or 1
        if not 1 <= most <= MOVE.listed:
            raise invalid("MaxResults", most, f"Must be between 1 and {MOVE.listed}.")
        found = [each for each in self._tasks.values() if each.source == source]
        found.sort(key=lambda each: each.started_ms, reverse=True)
        return {"Results": [_described(each) for each in found[:most]]}

    async def cancel(self, request: ServiceInput) -> ServiceOutput:
        """End a task; what it has moved stays moved."""
        task_id, source = _read_handle(request["TaskHandle"])
        self._source(source)
        task = self._tasks.get(task_id)
        if task is None or task.source != source:
            raise ResourceNotFound("Task does not exist.")
        if task.status is not MoveStatus.RUNNING:
            raise UnsupportedOperation("The message move task is not running.")
        moved, task.status = task.moved, MoveStatus.CANCELLING
        await self._store.put_task(task)
        return {"ApproximateNumberOfMessagesMoved": moved}

    def _run(self, task: MoveTask) -> None:
        running = asyncio.create_task(self._move(task), name="sqs message move task")
        self._running[task.id] = running
        running.add_done_callback(lambda _: self._running.pop(task.id, None))

    async def _move(self, task: MoveTask) -> None:
        try:
            while task.status is MoveStatus.RUNNING and await self._step(task):
                step = 1 if task.per_second is not None else 0
                await self._clock.sleep(step / (task.per_second or 1))
        except QueueDoesNotExist:
            task.status, task.failure = MoveStatus.FAILED, _GONE
        except _SourceUnknown:
            task.status, task.failure = MoveStatus.FAILED, _UNKNOWN_SOURCE
        except Exception as error:
            _logger.exception("The message move task %s failed", task.id)
            task.status, task.failure = MoveStatus.FAILED, type(error).__name__
        if task.status is MoveStatus.CANCELLING:
            task.status = MoveStatus.CANCELLED
        elif task.status is MoveStatus.RUNNING:
            task.status = MoveStatus.COMPLETED
        await self._store.put_task(task)

    async def _step(self, task: MoveTask) -> bool:
        """Move the next messages; return whether there were some."""
        live = self._moving.find(task.source)
        if live is None:
            raise QueueDoesNotExist
        live.line.look(int(self._clock.time() * 1000))
        most = 1 if task.per_second is not None else MOVE.step
        targets: dict[str, list[Message]] = {}
        try:
            for message in live.line.ready():
                if sum(map(len, targets.values())) == most or task.moved >= task.to_move:
                    break
                target = task.destination or message.source
                if target is None:
                    raise _SourceUnknown
                if self._moving.find(target) is None:
                    raise QueueDoesNotExist
                live.line.remove(message)
                targets.setdefault(target, []).append(message)
                task.moved += 1
        finally:
            # Also those that were found before one that cannot be moved.
            change = Change()
            for target, messages in targets.items():
                self._moving.move(live, messages, target, change)
            if targets:
                await self._journal.write(change)
        return bool(targets)

    def _source(self, arn: str) -> LiveQueue:
        if arn.count(":") != 5:
            raise InvalidParameterValue(
                "You must use this format to specify the SourceArn: "
                "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
            )
        live = self._moving.find(arn)
        if live is None:
            raise ResourceNotFound(_NO_SOURCE)
        return live

    def _check_destination(self, live: LiveQueue, destination: str | None) -> None:
        if destination is None:
            return
        target = self._moving.find(destination)
        if target is None:
            raise ResourceNotFound(
                "The resource that you specified for the DestinationArn parameter doesn't exist."
            )
        if target is live:
            raise InvalidParameterValue("Source queue arn and destination queue arn are the same.")
        if target.queue.is_fifo != live.queue.is_fifo:
            raise InvalidParameterValue(
                "The source and destination queues must be of the same type."
            )

    async def _forget_oldest(self, source: str) -> None:
        own = [each for each in self._tasks.values() if each.source == source]
        old = [each.id for each in own[: -MOVE.kept] if each.status not in _ACTIVE]
        for each in old:
            del self._tasks[each]
        if old:
            await self._store.forget_tasks(old)


class _SourceUnknown(Exception):
    """A message came from no queue that is known."""


def _described(task: MoveTask) -> ServiceOutput:
    told: ServiceOutput = {
        "Status": task.status.value,
        "SourceArn": task.source,
        "DestinationArn": task.destination,
        "MaxNumberOfMessagesPerSecond": task.per_second,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure,
        "StartedTimestamp": task.started_ms,
    }
    if task.status is MoveStatus.RUNNING:
        told["TaskHandle"] = _handle(task)
    return {name: value for name, value in told.items() if value is not None}


def _handle(task: MoveTask) -> str:
    named = orjson.dumps({"taskId": task.id, "sourceArn": task.source})
    return base64.b64encode(named).decode("ascii")


def _read_handle(handle: str) -> tuple[str, str]:
    try:
        named = orjson.loads(base64.b64decode(handle, validate=True))
        return str(named["taskId"]), str(named["sourceArn"])
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
