"""The operations of CloudWatch Logs, one method each.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html.
"""

import asyncio
import logging
from typing import ClassVar

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.logs import patterns, tokens
from ingle.services.logs.chunks import pack
from ingle.services.logs.errors import (
    InvalidParameter,
    ResourceAlreadyExists,
    ServiceUnavailable,
    bad_token,
    no_such_group,
    no_such_stream,
)
from ingle.services.logs.groups import group_key, identified_key
from ingle.services.logs.limits import PAGE
from ingle.services.logs.model import Group, GroupKey, Position, Stream
from ingle.services.logs.putting import accepted_events
from ingle.services.logs.reading import Selection
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore, stream_time
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

logger = logging.getLogger(__name__)

# FilterLogEvents reads backwards only from here on: 2024-01-01T00:00:00Z.
_BACKWARDS_FROM_MS = 1_704_067_200_000


class LogsService(Service):
    """CloudWatch Logs, as far as Ingle has it.

    What was logged before a call is seen by it.

    Args:
        store: where logs are kept.
        sink: holds what is not written yet.
        clock: tells when a group or stream was made.
    """

    name: ClassVar[str] = "logs"

    def __init__(self, store: LogsStore, sink: Sink, clock: Clock) -> None:
        self._store = store
        self._sink = sink
        self._clock = clock

    async def create_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Make a log group."""
        for member in ("kmsKeyId", "deletionProtectionEnabled"):
            if request.get(member):
                raise _later(member)
        if request.get("logGroupClass", "STANDARD") != "STANDARD":
            raise _later(f"logGroupClass {request['logGroupClass']}")
        key = group_key(context, request)
        # First, so that a line of this group that waits to be written counts as its first.
        await self._written()
        if not await self._store.add_group(key, self._now_ms(), request.get("tags", {})):
            raise ResourceAlreadyExists("The specified log group already exists")

    async def delete_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a log group with all that is in it."""
        await self._written()
        if not await self._store.remove_group(group_key(context, request)):
            raise no_such_group()

    async def describe_log_groups(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the log groups of the caller's account and region by name, at most 50 a page."""
        prefix = request.get("logGroupNamePrefix")
        pattern = request.get("logGroupNamePattern")
        if prefix is not None and pattern is not None:
            raise InvalidParameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        await self._written()
        groups = await self._store.groups(context.account_id, context.region)
        if prefix is not None:
            groups = [group for group in groups if group.key.name.startswith(prefix)]
        if pattern is not None:
            groups = [group for group in groups if pattern in group.key.name]
        if "logGroupIdentifiers" in request:
            keys = {identified_key(context, each) for each in request["logGroupIdentifiers"]}
            groups = [group for group in groups if group.key in keys]
        if context.account_id not in request.get("accountIdentifiers", [context.account_id]):
            groups = []
        if request.get("logGroupClass", "STANDARD") != "STANDARD":
            groups = []
        try:
            page, token = paging.page(
                groups,
                lambda group: group.key.name,
                request.get("nextToken"),
                request.get("limit", PAGE.items),
            )
        except paging.BadToken as error:
            raise bad_token() from error
        return _with_token({"logGroups": [_group_answer(group) for group in page]}, token)

    async def create_log_stream(self, context: CallContext, request: ServiceInput) -> None:
        """Make a log stream."""
        group = await self._group(group_key(context, request))
        name = request["logStreamName"]
        if not await self._store.add_stream(group.id, name, self._now_ms()):
            raise ResourceAlreadyExists("The specified log stream already exists")

    async def delete_log_stream(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a log stream with its events."""
        group = await self._group(group_key(context, request))
        if not await self._store.remove_stream(group.id, request["logStreamName"]):
            raise no_such_stream()

    async def describe_log_streams(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the streams of a group by name or by their latest events, at most 50 a page."""
        by_time = request.get("orderBy") == "LastEventTime"
        prefix = request.get("logStreamNamePrefix", "")
        if by_time and prefix:
            raise InvalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        token = request.get("nextToken")
        after = tokens.read_stream_token(token) if token is not None else None
        limit = request.get("limit", PAGE.items)
        group = await self._group(group_key(context, request))
        streams = await self._store.streams(
            group.id,
            prefix=prefix,
            by_time=by_time,
            descending=request.get("descending", False),
            after=after,
            limit=limit + 1,
        )
        page = streams[:limit]
        next_token = None
        if len(streams) > limit:
            next_token = tokens.stream_token(stream_time(page[-1]), page[-1].name)
        answers = [_stream_answer(group.key, stream) for stream in page]
        return _with_token({"logStreams": answers}, next_token)

    async def put_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store a batch of events, all that are neither too old nor too new, or none."""
        now_ms = self._now_ms()
        events, rejected = accepted_events(request["logEvents"], now_ms)
        group = await self._group(group_key(context, request))
        stream = await self._stream(group, request["logStreamName"])
        if events:
            chunks = await asyncio.to_thread(pack, events)
            await self._store.put(group.id, stream.id, chunks, now_ms)
        # AWS ignores sequence tokens by now, and still answers one.
        answer: ServiceOutput = {"nextSequenceToken": Position(now_ms, stream.id, 0).text}
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
        return answer

    async def get_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Read a stream; by default its latest events. The end time is not part of the range."""
        token = request.get("nextToken")
        beyond = None
        forward = request.get("startFromHead", False)
        if token is not None:
            forward, beyond = tokens.read_event_token(token)
        group = await self._group(group_key(context, request))
        stream = await self._stream(group, request["logStreamName"])
        selection = Selection(
            group.id,
            stream_ids=[stream.id],
            start_ms=request.get("startTime", 0),
            end_ms=request.get("endTime"),
            forward=forward,
            beyond=beyond,
        )
        page = await self._store.events(selection, request.get("limit", PAGE.events))
        events = page.events if forward else page.events[::-1]
        ends = tokens.ends(events, forward, beyond)
        return {
            "events": [
                {
                    "timestamp": event.position.timestamp_ms,
                    "message": event.message,
                    "ingestionTime": event.ingestion_ms,
                }
                for event in events
            ],
            "nextForwardToken": tokens.event_token(True, ends.forward),
            "nextBackwardToken": tokens.event_token(False, ends.backward),
        }

    async def filter_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Search the streams of a group, interleaved. The end time is part of the range.

        A page can be short, or empty, and still have a token: then there is more to search.
        """
        names = request.get("logStreamNames")
        prefix = request.get("logStreamNamePrefix")
        if names is not None and prefix is not None:
            raise InvalidParameter(
                "logStreamNamePrefix and logStreamNames are mutually exclusive parameters."
            )
        matches = patterns.matcher(request.get("filterPattern", ""))
        token = request.get("nextToken")
        beyond = None
        forward = request.get("startFromHead", True)
        if token is not None:
            forward, beyond = tokens.read_search_token(token)
        start_ms = request.get("startTime")
        if not forward and start_ms is not None and start_ms < _BACKWARDS_FROM_MS:
            raise InvalidParameter(
                "startFromHead can be false only if startTime is on or after Jan 1, 2024 00:00:00 "
                "UTC."
            )
        group = await self._group(group_key(context, request))
        ids = None
        if names is not None:
            found = await self._store.named_streams(group.id, names)
            if len(found) < len(set(names)):
                raise no_such_stream()
            ids = [stream.id for stream in found.values()]
        end_ms = request.get("endTime")
        selection = Selection(
            group.id,
            stream_ids=ids,
            stream_prefix=prefix,
            start_ms=start_ms or 0,
            end_ms=end_ms + 1 if end_ms is not None else None,
            forward=forward,
            beyond=beyond,
            matches=matches,
        )
        page = await self._store.events(selection, request.get("limit", PAGE.events))
        stream_names = await self._store.stream_names(
            sorted({event.stream_id for event in page.events})
        )
        events = [
            {
                "logStreamName": stream_names[event.stream_id],
                "timestamp": event.position.timestamp_ms,
                "message": event.message,
                "ingestionTime": event.ingestion_ms,
                "eventId": event.position.text,
            }
            for event in page.events
            # A stream deleted since its events were read has no name.
            if event.stream_id in stream_names
        ]
        next_token = None
        if page.more and page.last is not None:
            next_token = tokens.search_token(forward, page.last)
        return _with_token({"events": events, "searchedLogStreams": []}, next_token)

    async def _group(self, key: GroupKey) -> Group:
        await self._written()
        group = await self._store.group(key)
        if group is None:
            raise no_such_group()
        return group

    async def _stream(self, group: Group, name: str) -> Stream:
        stream = await self._store.stream(group.id, name)
        if stream is None:
            raise no_such_stream()
        return stream

    async def _written(self) -> None:
        """Wait until all that was logged so far is in the database."""
        try:
            await self._sink.flush()
        except Exception as error:
            logger.exception("Log events that wait could not be written before reading")
            raise ServiceUnavailable(
                "The latest log events could not be stored; the server's own log says why."
            ) from error

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _later(what: str) -> InvalidParameter:
    return InvalidParameter(f"{what} is not supported by this version of Ingle. Leave it out.")


def _with_token(answer: ServiceOutput, token: str | None) -> ServiceOutput:
    if token is not None:
        answer["nextToken"] = token
    return answer


def _group_answer(group: Group) -> ServiceOutput:
    return {
        "logGroupName": group.key.name,
        "creationTime": group.creation_ms,
        "metricFilterCount": 0,
        "arn": f"{group.key.arn}:*",
        "logGroupArn": group.key.arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }


def _stream_answer(group: GroupKey, stream: Stream) -> ServiceOutput:
    answer: ServiceOutput = {
        "logStreamName": stream.name,
        "creationTime": stream.creation_ms,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        # AWS reports no size of single streams since 2019.
        "storedBytes": 0,
    }
    for member, value in (
        ("firstEventTimestamp", stream.first_event_ms),
        ("lastEventTimestamp", stream.last_event_ms),
        ("lastIngestionTime", stream.last_ingestion_ms),
    ):
        if value is not None:
            answer[member] = value
    return answer
