"""The operations of AWS X-Ray, one method each.

Source: https://docs.aws.amazon.com/xray/latest/api/API_Operations.html.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import orjson

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.xray import documents, filters
from ingle.services.xray.daemon import Daemon
from ingle.services.xray.documents import TRACE_ID, BadDocument, Segment
from ingle.services.xray.errors import InvalidRequest
from ingle.services.xray.invocations import Recorder
from ingle.services.xray.limits import LIMITS
from ingle.services.xray.store import SegmentStore
from ingle.services.xray.summaries import Trace, summary
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput

__all__ = ["Daemon", "Recorder", "SegmentStore", "XRayService"]

_BY_EVENT, _BY_SERVICE = "Event", "Service"
_LEEWAY_S = 3600.0
"""Between the time in a trace's name and that of its segments, mostly."""


class XRayService(Service):
    """AWS X-Ray: the traces of invocations, and what clients add to them.

    Args:
        store: where segments are kept.
        recorder: writes those of invocations.
        daemon: writes those that functions send.
        clock: the time.
    """

    name: ClassVar[str] = "xray"

    def __init__(
        self, store: SegmentStore, recorder: Recorder, daemon: Daemon, clock: Clock
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._daemon = daemon
        self._clock = clock

    async def put_trace_segments(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Keep segments; those that are none are told, and the others are on the disk."""
        place = context.account_id, context.region
        taken: list[Segment] = []
        refused: list[dict[str, str]] = []
        for text in request["TraceSegmentDocuments"]:
            try:
                taken.append(documents.read(text))
            except BadDocument as error:
                refused.append(_unprocessed("ParseError", error.segment_id, str(error)))
        for each, text in await self._store.add_within(place, taken):
            refused.append(_unprocessed("LimitExceeded", each.id, text))
        return {"UnprocessedTraceSegments": refused}

    async def put_telemetry_records(self, context: CallContext, request: ServiceInput) -> None:
        """Take a daemon's report on itself; nothing is kept of it."""

    async def batch_get_traces(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the segments of up to five traces."""
        names: Sequence[str] = request["TraceIds"]
        if len(names) > LIMITS.batch:
            raise InvalidRequest(f"TraceIds has {len(names)} members, and may have {LIMITS.batch}.")
        for name in names:
            if not TRACE_ID.fullmatch(name):
                raise InvalidRequest(f"Invalid trace id: {name}")
        await self._recorder.flush()
        await self._daemon.flush()
        found = await self._store.of_traces((context.account_id, context.region), names)
        traces = []
        for name in dict.fromkeys(names):
            if name not in found:
                continue
            trace = Trace(name, context.account_id, documents.assembled(found[name]))
            traces.append(
                {
                    "Id": name,
                    "Duration": round(trace.duration, 3),
                    "LimitExceeded": False,
                    "Segments": [
                        {"Id": each["id"], "Document": orjson.dumps(each).decode()}
                        for each in trace.documents
                    ],
                }
            )
        missing = [name for name in dict.fromkeys(names) if name not in found]
        return {"Traces": traces, "UnprocessedTraceIds": missing}

    async def get_trace_summaries(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe the traces of a time, those that a filter expression chooses."""
        start, end = request["StartTime"], request["EndTime"]
        if start > end:
            raise InvalidRequest("StartTime is after EndTime.")
        if end - start > LIMITS.range_hours * 3600:
            raise InvalidRequest(
                f"The time from StartTime to EndTime is more than {LIMITS.range_hours} hours."
            )
        kind = request.get("TimeRangeType", "TraceId")
        matches = _filter(request.get("FilterExpression", ""))
        token = request.get("NextToken")
        place = context.account_id, context.region
        await self._recorder.flush()
        await self._daemon.flush()
        leeway = 0.0 if kind in (_BY_EVENT, _BY_SERVICE) else _LEEWAY_S
        names = await self._store.trace_ids(place, start - leeway, end + leeway)
        if leeway:
            names = [name for name in names if start <= _named_time(name) <= end]
        try:
            last = paging.decode(token) if token else ""
        except paging.BadToken as error:
            raise InvalidRequest(f"Invalid NextToken: {token}") from error
        left = [name for name in names if name > last]
        page = left[: LIMITS.page]
        found = await self._store.of_traces(place, page)

        def told() -> list[dict[str, Any]]:
            traces = (
                Trace(name, context.account_id, documents.assembled(found[name]))
                for name in page
                if name in found
            )
            return [summary(trace) for trace in traces if matches(trace)]

        summaries = await asyncio.to_thread(told)
        for each in summaries if kind == _BY_EVENT else ():
            each["MatchedEventTime"] = max(start, each["StartTime"])
        answer: dict[str, Any] = {
            "TraceSummaries": summaries,
            "ApproximateTime": end if not page else _named_time(page[0]),
            "TracesProcessedCount": len(page),
        }
        return answer | ({"NextToken": paging.encode(page[-1])} if len(left) > len(page) else {})


def _filter(expression: str) -> Callable[[Trace], bool]:
    if not expression.strip():
        return lambda _trace: True
    try:
        return filters.parse(expression)
    except filters.BadFilter as error:
        raise InvalidRequest(f"Invalid filter expression: {error}.") from error


def _named_time(trace_id: str) -> float:
    return float(int(trace_id.split("-")[1], 16))


def _unprocessed(code: str, segment_id: str, message: str) -> dict[str, str]:
    told = {"ErrorCode": code, "Message": message}
    return told | ({"Id": segment_id} if segment_id else {})
