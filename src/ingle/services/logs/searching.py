"""Reading and searching events.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
and the pages of the other operations.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingle.services.logs import tokens
from ingle.services.logs.chunks import unpack
from ingle.services.logs.errors import InvalidParameter, ResourceNotFound, no_such_stream
from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.parsing import parse_pattern, passes_everything
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.groups import group_key
from ingle.services.logs.insights.records import discovered_fields, record_of
from ingle.services.logs.limits import PAGE
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.model import Event, Group, Position
from ingle.services.logs.reading import Selection
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

# FilterLogEvents reads backwards only from here on: 2024-01-01T00:00:00Z.
_BACKWARDS_FROM_MS = 1_704_067_200_000
# GetLogGroupFields looks at so many of the latest events of a quarter of an hour.
_SAMPLE = 1000
_SAMPLE_MS = 900_000
_AROUND_MS = 480_000
_MANY = 500


def read_pattern(text: str) -> Pattern | None:
    """Read a filter pattern; None where every message passes.

    Raises:
        InvalidParameter: it is malformed.
    """
    try:
        pattern = parse_pattern(text)
    except PatternError as error:
        raise InvalidParameter(str(error)) from error
    return None if passes_everything(pattern) else pattern


class Searching:
    """The operations that read events.

    Args:
        lookup: finds groups and streams.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._store = lookup.store

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Read a stream; by default its latest events. The end time is not part of the range."""
        token = request.get("nextToken")
        beyond = None
        forward = request.get("startFromHead", False)
        if token is not None:
            forward, beyond = tokens.read_event_token(token)
        _check_times(request)
        group = await self._lookup.group(group_key(context, request))
        stream = await self._lookup.stream(group, request["logStreamName"])
        selection = self._unexpired(
            group,
            Selection(
                group.id,
                stream_ids=[stream.id],
                start_ms=request.get("startTime", 0),
                end_ms=request.get("endTime"),
                forward=forward,
                beyond=beyond,
            ),
        )
        page = await self._store.events(selection, request.get("limit", PAGE.events))
        events = page.events if forward else page.events[::-1]
        ends = tokens.ends(events, forward, beyond)
        return {
            "events": await _answered(events, None),
            "nextForwardToken": tokens.event_token(True, ends.forward),
            "nextBackwardToken": tokens.event_token(False, ends.backward),
        }

    async def filter(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Search the streams of a group, interleaved. The end time is part of the range.

        A page can be short, or empty, and still have a token: then there is more to search.
        """
        names = request.get("logStreamNames")
        prefix = request.get("logStreamNamePrefix")
        if names is not None and prefix is not None:
            raise InvalidParameter(
                "logStreamNamePrefix and logStreamNames are mutually exclusive parameters."
            )
        pattern = read_pattern(request.get("filterPattern", ""))
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
        _check_times(request)
        group = await self._lookup.group(group_key(context, request))
        end_ms = request.get("endTime")
        selection = self._unexpired(
            group,
            Selection(
                group.id,
                stream_ids=await self._ids(group, names),
                stream_prefix=prefix,
                start_ms=start_ms or 0,
                end_ms=end_ms + 1 if end_ms is not None else None,
                forward=forward,
                beyond=beyond,
                pattern=pattern,
            ),
        )
        page = await self._store.events(selection, request.get("limit", PAGE.events))
        stream_names = await self._store.stream_names(
            sorted({event.stream_id for event in page.events})
        )
        answer: ServiceOutput = {
            "events": await _answered(page.events, stream_names),
            "searchedLogStreams": [],
        }
        if page.more and page.last is not None:
            answer["nextToken"] = tokens.search_token(forward, page.last)
        return answer

    async def record(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Return all fields of one event, by the @ptr of a query's result."""
        pointer = request["logRecordPointer"]
        position = Position.parse(pointer)
        if position is None:
            raise InvalidParameter(f"The logRecordPointer {pointer} is invalid.")
        await self._lookup.written()
        found = await self._store.chunk(position.chunk_id)
        if found is not None:
            group, stream, row = found
            own = (group.key.account_id, group.key.region) == (context.account_id, context.region)
            events = await asyncio.to_thread(unpack, row.encoding, row.data) if own else []
            if position.place <= len(events):
                timestamp, message = events[position.place - 1]
                if timestamp == position.timestamp_ms >= group.expired_ms(self._lookup.now_ms):
                    record = record_of(position, message, row.ingestion_ms, stream.name, group.key)
                    return {"logRecord": dict(record.texts())}
        raise ResourceNotFound("The specified log record does not exist.")

    async def fields(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the fields that events of a group have, and how many of the events have each."""
        group = await self._lookup.group(group_key(context, request))
        time_s = request.get("time")
        now_ms = self._lookup.now_ms
        if time_s is None:
            start_ms, end_ms = now_ms - _SAMPLE_MS, now_ms + 1
        else:
            start_ms, end_ms = time_s * 1000 - _AROUND_MS, time_s * 1000 + _AROUND_MS
        selection = Selection(group.id, start_ms=start_ms, end_ms=end_ms, forward=False)
        page = await self._store.events(self._unexpired(group, selection), _SAMPLE)
        names = await asyncio.to_thread(
            discovered_fields, [event.message for event in page.events], group.key
        )
        return {
            "logGroupFields": [
                {"name": name, "percent": round(100 * count / len(page.events))}
                for name, count in sorted(names.items(), key=lambda each: (-each[1], each[0]))
            ]
        }

    def _unexpired(self, group: Group, selection: Selection) -> Selection:
        least = group.expired_ms(self._lookup.now_ms)
        return selection if selection.start_ms >= least else replace(selection, start_ms=least)

    async def _ids(self, group: Group, names: Sequence[str] | None) -> list[int] | None:
        if names is None:
            return None
        found = await self._store.named_streams(group.id, names)
        if len(found) < len(set(names)):
            raise no_such_stream()
        return [stream.id for stream in found.values()]


async def _answered(
    events: Sequence[Event], stream_names: Mapping[int, str] | None
) -> list[dict[str, Any]]:
    """Make the answer of events; of many, in a thread, for it takes milliseconds."""
    if len(events) < _MANY:
        return _answers(events, stream_names)
    return await asyncio.to_thread(_answers, events, stream_names)


def _answers(
    events: Sequence[Event], stream_names: Mapping[int, str] | None
) -> list[dict[str, Any]]:
    if stream_names is None:
        return [
            {
                "timestamp": event.position.timestamp_ms,
                "message": event.message,
                "ingestionTime": event.ingestion_ms,
            }
            for event in events
        ]
    return [
        {
            "logStreamName": stream_names[event.stream_id],
            "timestamp": event.position.timestamp_ms,
            "message": event.message,
            "ingestionTime": event.ingestion_ms,
            "eventId": event.position.text,
        }
        for event in events
        # A stream deleted since its events were read has no name.
        if event.stream_id in stream_names
    ]


def _check_times(request: ServiceInput) -> None:
    start_ms, end_ms = request.get("startTime"), request.get("endTime")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise InvalidParameter(
            f"startTime {start_ms} must not be after endTime {end_ms}, both in milliseconds."
        )
