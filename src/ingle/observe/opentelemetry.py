"""A span for each invocation, with what it spent its time on, to any OTLP endpoint.

The attributes are those of https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/ and
https://opentelemetry.io/docs/specs/semconv/resource/faas/. A span is in the trace that the
invocation's trace header names, so spans of functions that call each other are one trace.
"""

import asyncio
import logging
import random
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from ingle import __version__
from ingle.clock import Clock
from ingle.invoke.measured import InvocationListener, Measured, Throttled
from ingle.invoke.tracing import segment_of

_logger = logging.getLogger(__name__)

_GATHER_S = 1.0
_AT_ONCE = 512
_MOST_WAITING = 20_000
_TIMEOUT_S = 10.0
_LAST_TIMEOUT_S = 3.0
_COMPLAIN_EVERY_S = 60.0
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})", re.IGNORECASE)
_SCOPE = InstrumentationScope("ingle", __version__)


class SpanSender(InvocationListener):
    """Sends spans; `keep` runs beside it.

    What the endpoint does not take is tried again for ten seconds, and then lost, counted and told.

    Args:
        endpoint: OTLP over HTTP, for instance `http://127.0.0.1:4318`; `/v1/traces` is added.
        headers: sent along: `name=value` pairs with commas between, URL-encoded.
        caller: tells under which segment of its caller an invocation's is, "" where none is known.
        clock: paces the sending.
    """

    def __init__(
        self,
        endpoint: str,
        headers: str,
        caller: Callable[[str], str],
        clock: Clock,
    ) -> None:
        # It would tell of each attempt; `_complain` tells of what is lost.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._endpoint = endpoint
        self._exporter = OTLPSpanExporter(
            endpoint=f"{endpoint.rstrip('/')}/v1/traces",
            headers={name: unquote(value) for name, value in _pairs(headers)},
            timeout=_TIMEOUT_S,
        )
        self._caller = caller
        self._clock = clock
        self._waiting: deque[Measured | Throttled] = deque()
        self._sending = asyncio.Lock()
        self._lost = 0
        self._complained = float("-inf")

    def measured(self, record: Measured | Throttled) -> None:
        """Take note of an invocation."""
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(record)

    async def keep(self) -> None:
        """Send what comes, for as long as this runs."""
        while True:
            await self._clock.sleep(_GATHER_S)
            while self._waiting:
                await self._send()
            self._complain()

    async def close(self) -> None:
        """Try once more to send what waits, for a few seconds."""
        try:
            async with asyncio.timeout(_LAST_TIMEOUT_S):
                while self._waiting:
                    await self._send()
        except TimeoutError:
            self._lost += len(self._waiting)
        self._complained = float("-inf")
        self._complain()
        await asyncio.to_thread(self._exporter.shutdown)

    async def _send(self) -> None:
        async with self._sending:
            count = min(len(self._waiting), _AT_ONCE)
            records = [self._waiting.popleft() for _ in range(count)]
            spans = [span for record in records for span in _spans(record, self._caller)]
            sent = SpanExportResult.FAILURE
            try:
                sent = await asyncio.to_thread(self._exporter.export, spans)
            except Exception:
                _logger.exception("spans could not be sent to %s", self._endpoint)
            finally:
                if sent is not SpanExportResult.SUCCESS:
                    self._lost += len(records)

    def _complain(self) -> None:
        now = self._clock.monotonic()
        if self._lost and now - self._complained >= _COMPLAIN_EVERY_S:
            _logger.warning(
                "the spans of %d invocations are lost: %s did not take them; see whether a "
                "collector listens there for OTLP over HTTP",
                self._lost,
                self._endpoint,
            )
            self._lost, self._complained = 0, now


def _pairs(headers: str) -> Iterator[tuple[str, str]]:
    for each in filter(None, headers.split(",")):
        name, _, value = each.partition("=")
        yield name, value


def _spans(record: Measured | Throttled, caller: Callable[[str], str]) -> Iterator[ReadableSpan]:
    root = _ROOT.search(record.trace)
    trace_id = int(root[1] + root[2], 16) if root else random.getrandbits(128)
    own = segment_of(record.trace)
    span_id, parent = _number(own.segment_id if own else ""), None
    if own is not None:
        above = _number(caller(own.segment_id))
        parent = _context(trace_id, above) if above else None
    context = _context(trace_id, span_id or random.getrandbits(64) or 1)
    spec = record.spec
    resource = _resource(spec.account_id, spec.region, spec.name)
    attributes: dict[str, str | int | float | bool] = {
        "faas.invocation_id": record.bill.request_id
        if isinstance(record, Measured)
        else record.request_id,
        "faas.version": spec.version,
        "cloud.resource_id": record.invoked_arn,
    }
    if isinstance(record, Throttled):
        at = _nanoseconds(record.at)
        attributes["error.type"] = record.reason
        yield _span(
            spec.name, context, parent, resource, attributes, at, at, record.reason, server=True
        )
        return
    phases = [("queue", record.queue_s)]
    if record.restore_ms is not None:
        phases = [("cold start", record.queue_s), ("restore", record.restore_ms / 1000)]
    elif record.init_ms is not None:
        phases = [("cold start", record.queue_s), ("init", record.init_ms / 1000)]
    at_s = record.started - sum(seconds for _, seconds in phases)
    phases.append(("handler", record.bill.duration_s - (record.post_s or 0.0)))
    if record.post_s is not None:
        phases.append(("extensions", record.post_s))
    attributes |= {
        "faas.coldstart": record.init_ms is not None or record.restore_ms is not None,
        "faas.max_memory": spec.memory_mb * 1024 * 1024,
        "ingle.peak_memory": record.peak_mb * 1024 * 1024,
        "ingle.billed_ms": record.billed_ms,
    }
    if record.error:
        attributes["error.type"] = record.error
    yield _span(
        spec.name,
        context,
        parent,
        resource,
        attributes,
        _nanoseconds(at_s),
        _nanoseconds(record.ended),
        record.error,
        server=True,
    )
    for name, seconds in phases:
        inner = _context(trace_id, random.getrandbits(64) or 1)
        failed = record.error if name == "handler" else ""
        start, at_s = at_s, at_s + seconds
        yield _span(
            name, inner, context, resource, {}, _nanoseconds(start), _nanoseconds(at_s), failed
        )


def _span(
    name: str,
    context: SpanContext,
    parent: SpanContext | None,
    resource: Resource,
    attributes: Mapping[str, str | int | float | bool],
    start: int,
    end: int,
    failed: str,
    *,
    server: bool = False,
) -> ReadableSpan:
    return ReadableSpan(
        name,
        context,
        parent,
        resource,
        attributes,
        kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, failed) if failed else Status(),
        start_time=start,
        end_time=end,
        instrumentation_scope=_SCOPE,
    )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, False, TraceFlags(TraceFlags.SAMPLED))


def _number(hexadecimal: str) -> int:
    try:
        return int(hexadecimal, 16) & (2**64 - 1) if hexadecimal else 0
    except ValueError:  # a caller may have sent anything
        return 0


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


@lru_cache(4096)
def _resource(account_id: str, region: str, function: str) -> Resource:
    return Resource(
        {
            "service.name": function,
            "faas.name": function,
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "cloud.region": region,
            "cloud.account.id": account_id,
        }
    )
