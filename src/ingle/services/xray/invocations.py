"""Segments of Lambda's own: two for each invocation that is traced.

One is the service's, one the function's; under the latter are what its own segments hang from, and
what starting it took. Source:
https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html#services-xray-traces.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from ingle.clock import Clock
from ingle.invoke.measured import InvocationListener, Measured, Throttled
from ingle.invoke.tracing import SAMPLED, segment_of
from ingle.services.xray.documents import TRACE_ID, Segment
from ingle.services.xray.limits import LIMITS
from ingle.services.xray.store import Place, SegmentStore
from ingle.storage.tasks import finish

_logger = logging.getLogger(__name__)

_GATHER_S = 1.0
_FORGET_EVERY_S = 3600.0


class Recorder(InvocationListener):
    """Writes segments of invocations; `keep` runs beside it.

    Args:
        store: where they are kept.
        caller: tells under which segment of its caller an invocation's is, "" where none is known.
        clock: paces the writing.
    """

    def __init__(self, store: SegmentStore, caller: Callable[[str], str], clock: Clock) -> None:
        self._store = store
        self._caller = caller
        self._clock = clock
        self._waiting: deque[Measured | Throttled] = deque()
        self._lost = 0
        self._flushing = asyncio.Lock()

    def measured(self, record: Measured | Throttled) -> None:
        """Take note of an invocation, if it is traced."""
        if SAMPLED not in record.trace:
            return
        if len(self._waiting) >= LIMITS.backlog:
            self._lost += 1
            return
        self._waiting.append(record)

    async def keep(self) -> None:
        """Write what comes, and delete what is old, for as long as this runs."""
        forgotten = float("-inf")
        while True:
            await self._clock.sleep(_GATHER_S)
            try:
                await self.flush()
                now = self._clock.monotonic()
                if now - forgotten >= _FORGET_EVERY_S:
                    forgotten = now
                    await self._store.forget(self._clock.time())
            except Exception:
                _logger.exception("Traces could not be written; they are tried again")

    async def flush(self) -> None:
        """Write what came before this call.

        Raises:
            Exception: it could not be written; it is kept and written later.
        """
        async with self._flushing:
            if self._lost:
                _logger.warning(
                    "%d invocations are in no trace: more came than could be written", self._lost
                )
                self._lost = 0
            count = len(self._waiting)
            found: list[tuple[Place, Segment]] = []
            for index in range(count):
                record = self._waiting[index]
                place = record.spec.account_id, record.spec.region
                found += [(place, each) for each in self._segments(record)]
                if index % 100 == 99:
                    await asyncio.sleep(0)
            if found:
                await finish(self._store.add(found))
            for _ in range(count):
                self._waiting.popleft()

    def _segments(self, record: Measured | Throttled) -> Iterator[Segment]:
        own = segment_of(record.trace)
        if own is None or not TRACE_ID.fullmatch(own.trace_id):
            return
        caller = self._caller(own.segment_id)
        documents = (
            [_throttled(record, caller)]
            if isinstance(record, Throttled)
            else _invoked(record, own.segment_id, caller)
        )
        for document in documents:
            document["trace_id"] = own.trace_id
            yield Segment(
                own.trace_id,
                document["id"],
                document["start_time"],
                document["end_time"],
                orjson.dumps(document).decode(),
            )


def _service(record: Measured | Throttled, caller: str) -> dict[str, Any]:
    document = {
        "id": secrets.token_hex(8),
        "name": record.spec.name,
        "origin": "AWS::Lambda",
        "resource_arn": record.invoked_arn,
        "aws": {"request_id": record.bill.request_id}
        if isinstance(record, Measured)
        else {"request_id": record.request_id},
    }
    return document | ({"parent_id": caller} if caller else {})


def _throttled(record: Throttled, caller: str) -> dict[str, Any]:
    return _service(record, caller) | {
        "start_time": record.at,
        "end_time": record.at,
        "throttle": True,
        "error": True,
        "http": {"response": {"status": 429}},
        "cause": _cause("TooManyRequestsException", record.reason),
    }


def _invoked(record: Measured, segment_id: str, caller: str) -> list[dict[str, Any]]:
    before = [
        (name, span_ms / 1000)
        for name, span_ms in (
            ("Restore", record.restore_ms),
            ("Initialization", record.init_ms),
        )
        if span_ms is not None
    ]
    entered = record.started - sum(span for _, span in before)
    failed = {"fault": True} if record.error else {}
    cause = {"cause": _cause(record.error, "")} if record.error else {}
    children = []
    at = entered
    for name, span in before:
        children.append(_child(name, at, at + span))
        at += span
    answered = record.ended - (record.post_s or 0.0)
    children.append(_child("Invocation", record.started, answered) | failed | cause)
    if record.post_s is not None:
        children.append(_child("Overhead", answered, record.ended))
    service = _service(record, caller)
    service |= {
        "start_time": entered - record.queue_s,
        "end_time": record.ended,
        "http": {"response": {"status": 200}},
    }
    function = {
        "id": segment_id,
        "parent_id": service["id"],
        "name": record.spec.name,
        "origin": "AWS::Lambda::Function",
        "start_time": entered,
        "end_time": record.ended,
        "resource_arn": record.invoked_arn,
        "aws": {
            "account_id": record.account_id,
            "function_arn": record.spec.arn,
            "resource_names": [record.function],
            "request_id": record.request_id,
        },
        "subsegments": children,
        **failed,
        **cause,
    }
    return [service, function]


def _child(name: str, start: float, end: float) -> dict[str, Any]:
    return {"id": secrets.token_hex(8), "name": name, "start_time": start, "end_time": end}


def _cause(kind: str, message: str) -> dict[str, Any]:
    exception = {"id": secrets.token_hex(8), "type": kind, "message": message}
    return {"exceptions": [exception]}
