"""Exporting the events of a group to a bucket.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateExportTask.html
"""

import asyncio
import contextlib
import gzip
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.iam.principal import service_principal
from ingle.services import paging
from ingle.services.logs import tables
from ingle.services.logs.errors import (
    InvalidOperation,
    InvalidParameter,
    LimitExceeded,
    ResourceNotFound,
    bad_token,
)
from ingle.services.logs.groups import group_key
from ingle.services.logs.limits import PAGE
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.model import Event, Group, GroupKey, Stream
from ingle.services.logs.reading import Selection
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_logger = logging.getLogger(__name__)

_PENDING, _RUNNING, _COMPLETED = "PENDING", "RUNNING", "COMPLETED"
_CANCELLED, _FAILED = "CANCELLED", "FAILED"
_UNFINISHED = (_PENDING, _RUNNING)
_SERVICE = "logs.amazonaws.com"
_PREFIX = "exportedlogs"
_TYPE = "application/x-gzip"
_STREAMS_AT_ONCE = 50
# Of one file, before it is compressed.
_FILE_BYTES = 8 << 20


class Objects(Protocol):
    """What stores objects in buckets."""

    def has_bucket(self, name: str) -> bool:
        """Say whether there is a bucket."""
        ...

    async def write_within(
        self, connection: AsyncConnection, name: str, key: str, data: bytes, content_type: str
    ) -> Callable[[], None]:
        """Store an object within a transaction; return what to do once that is committed."""
        ...


class Exports:
    """The operations on export tasks.

    Args:
        database: where tasks are kept.
        lookup: finds groups and their events.
        objects: stores what is exported.
        authorizer: decides by the policies of buckets.
    """

    def __init__(
        self, database: Database, lookup: Lookup, objects: Objects, authorizer: Authorizer
    ) -> None:
        self._database = database
        self._lookup = lookup
        self._objects = objects
        self._authorizer = authorizer
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Begin anew what a stop interrupted."""
        columns = tables.export_tasks.c
        for row in await self._rows(columns.code.in_(_UNFINISHED)):
            self._begin(row.id)

    async def close(self) -> None:
        """Interrupt what runs; the next start begins it anew."""
        for task in list(self._running.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin to export."""
        start_ms, end_ms = request["from"], request["to"]
        if start_ms >= end_ms:
            raise InvalidParameter(
                f"The from time {start_ms} must be before the to time {end_ms}, both in "
                "milliseconds."
            )
        group = await self._lookup.group(group_key(context, request))
        bucket = request["destination"]
        prefix = request.get("destinationPrefix", _PREFIX)
        self._check(group.key, bucket, prefix)
        columns = tables.export_tasks.c
        mine = (columns.account_id == context.account_id) & (columns.region == context.region)
        unfinished = select(columns.id).where(mine & columns.code.in_(_UNFINISHED))
        task_id = str(uuid.uuid4())
        values = {
            "id": task_id,
            "account_id": context.account_id,
            "region": context.region,
            "name": request.get("taskName", ""),
            "group_name": group.key.name,
            "stream_prefix": request.get("logStreamNamePrefix", ""),
            "from_ms": start_ms,
            "to_ms": end_ms,
            "bucket": bucket,
            "prefix": prefix,
            "code": _PENDING,
            "message": "Pending",
            "creation_ms": self._lookup.now_ms,
        }

        async def run(connection: AsyncConnection) -> None:
            if (await connection.execute(unfinished)).first() is not None:
                raise LimitExceeded("An export task is running already; one at a time may.")
            await connection.execute(insert(tables.export_tasks).values(values))

        await self._database.write(run)
        self._begin(task_id)
        return {"taskId": task_id}

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List export tasks, at most 50 a page."""
        columns = tables.export_tasks.c
        where = (columns.account_id == context.account_id) & (columns.region == context.region)
        if "taskId" in request:
            where &= columns.id == request["taskId"]
        if "statusCode" in request:
            where &= columns.code == request["statusCode"]
        try:
            page, token = paging.page(
                await self._rows(where),
                lambda row: f"{row.creation_ms:020d}{row.id}",
                request.get("nextToken"),
                request.get("limit", PAGE.items),
            )
        except paging.BadToken as error:
            raise bad_token() from error
        answer: ServiceOutput = {"exportTasks": [_answer(row) for row in page]}
        if token is not None:
            answer["nextToken"] = token
        return answer

    async def cancel(self, context: CallContext, request: ServiceInput) -> None:
        """End an export; what was written stays."""
        found = await self.describe(context, {"taskId": request["taskId"]})
        if not found["exportTasks"]:
            raise ResourceNotFound("The specified export task does not exist.")
        code = found["exportTasks"][0]["status"]["code"]
        if code not in _UNFINISHED:
            raise InvalidOperation(f"The specified export task cannot be cancelled: it is {code}.")
        await self._end(request["taskId"], _CANCELLED, "Cancelled by user")
        task = self._running.get(request["taskId"])
        if task is not None:
            task.cancel()

    def _begin(self, task_id: str) -> None:
        task = asyncio.create_task(self._run(task_id), name=f"export {task_id}")
        self._running[task_id] = task
        task.add_done_callback(lambda _: self._running.pop(task_id, None))

    async def _run(self, task_id: str) -> None:
        (row,) = await self._rows(tables.export_tasks.c.id == task_id)
        try:
            await self._set(task_id, {"code": _RUNNING, "message": "Running"})
            await self._export(row)
            await self._end(task_id, _COMPLETED, "Completed successfully")
        except ServiceError as error:
            await self._end(task_id, _FAILED, error.message)
        except Exception:
            _logger.exception("the export task %s failed", task_id)
            await self._end(task_id, _FAILED, "Internal error; the server's own log says why")

    async def _export(self, row: Any) -> None:
        group = await self._lookup.group(GroupKey(row.account_id, row.region, row.group_name))
        after: tuple[int, str] | None = None
        while True:
            streams = await self._lookup.store.streams(
                group.id, prefix=row.stream_prefix, after=after, limit=_STREAMS_AT_ONCE
            )
            for stream in streams:
                await self._export_stream(row, group, stream)
            if len(streams) < _STREAMS_AT_ONCE:
                return
            after = (0, streams[-1].name)

    async def _export_stream(self, row: Any, group: Group, stream: Stream) -> None:
        folder = f"{row.prefix}/{row.id}/{stream.name.replace('/', '-')}"
        selection = Selection(
            group.id,
            stream_ids=[stream.id],
            start_ms=max(row.from_ms, group.expired_ms(self._lookup.now_ms)),
            end_ms=row.to_ms,
        )
        number, size = 0, 0
        gathered: list[Event] = []
        while True:
            page = await self._lookup.store.events(selection, PAGE.events)
            gathered += page.events
            size += sum(len(event.message) for event in page.events)
            if gathered and (size >= _FILE_BYTES or not page.more):
                self._check(group.key, row.bucket, row.prefix)
                data = await asyncio.to_thread(_file, gathered)
                await self._write(row.bucket, f"{folder}/{number:06d}.gz", data)
                number, size, gathered = number + 1, 0, []
            if not page.more:
                return
            selection = replace(selection, beyond=page.last)

    async def _write(self, bucket: str, key: str, data: bytes) -> None:
        async def run(connection: AsyncConnection) -> Callable[[], None]:
            return await self._objects.write_within(connection, bucket, key, data, _TYPE)

        (await self._database.write(run))()

    def _check(self, key: GroupKey, bucket: str, prefix: str) -> None:
        """See that the bucket is there and lets the service write into it.

        Raises:
            InvalidParameter: it is not, or it does not.
        """
        if not self._objects.has_bucket(bucket):
            raise InvalidParameter(f"The given bucket {bucket} does not exist.")
        keys = {"aws:sourceaccount": (key.account_id,), "aws:sourcearn": (f"{key.arn}:*",)}
        caller = service_principal(_SERVICE)
        for action, arn in (
            ("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}"),
            ("s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}/aws-logs-write-test"),
        ):
            ruling = self._authorizer.rule(caller, action, arn, keys)
            fault = self._authorizer.fault_of(ruling)
            if fault:
                raise InvalidParameter(
                    f"{action} call on the given bucket failed. Please check if CloudWatch Logs "
                    f"has been granted permission to perform this operation. ({fault})"
                )

    async def _end(self, task_id: str, code: str, message: str) -> None:
        await self._set(
            task_id, {"code": code, "message": message, "completion_ms": self._lookup.now_ms}
        )

    async def _set(self, task_id: str, values: Mapping[str, Any]) -> None:
        """Change a task that is not over."""
        columns = tables.export_tasks.c
        where = (columns.id == task_id) & columns.code.in_(_UNFINISHED)

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(update(tables.export_tasks).where(where).values(values))

        await self._database.write(run)

    async def _rows(self, where: Any) -> Sequence[Any]:
        columns = tables.export_tasks.c
        statement = select(tables.export_tasks).where(where)

        async def run(connection: AsyncConnection) -> Sequence[Any]:
            order = (columns.creation_ms, columns.id)
            return (await connection.execute(statement.order_by(*order))).all()

        return await self._database.read(run)


def _file(events: Sequence[Event]) -> bytes:
    lines = []
    for event in events:
        moment = datetime.fromtimestamp(event.position.timestamp_ms / 1000, UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
        lines.append(f"{stamp} {event.message.removesuffix(chr(10))}\n")
    return gzip.compress("".join(lines).encode(), mtime=0)


def _answer(row: Any) -> ServiceOutput:
    info = {"creationTime": row.creation_ms}
    if row.completion_ms is not None:
        info["completionTime"] = row.completion_ms
    answer: ServiceOutput = {
        "taskId": row.id,
        "logGroupName": row.group_name,
        "from": row.from_ms,
        "to": row.to_ms,
        "destination": row.bucket,
        "destinationPrefix": row.prefix,
        "status": {"code": row.code, "message": row.message},
        "executionInfo": info,
    }
    if row.name:
        answer["taskName"] = row.name
    return answer
