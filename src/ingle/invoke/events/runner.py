"""Runs one event, and decides what becomes of it."""

import logging

from ingle.clock import Clock
from ingle.invoke import lineage
from ingle.invoke.errors import ShuttingDown
from ingle.invoke.events.destinations import Delivery
from ingle.invoke.events.event import Condition, Event
from ingle.invoke.events.fate import Fate, Left, Outcome, Refused
from ingle.invoke.events.functions import Functions
from ingle.invoke.events.record import Response, dead_letter, record
from ingle.invoke.events.retries import after_failure, is_expired
from ingle.invoke.invoker import InvocationResult, Invoker
from ingle.invoke.metrics import Metric, MetricSink
from ingle.invoke.tracing import Tracer
from ingle.wire.errors import ServiceError

_logger = logging.getLogger(__name__)

_BAD_REQUEST, _CONFLICT, _TOO_MANY = 400, 409, 429


class Runner:
    """Runs events.

    Args:
        functions: knows what to run.
        invoker: runs it.
        metrics: what takes the measurements.
        clock: the time of day.
        tracer: makes trace headers.
    """

    def __init__(
        self,
        functions: Functions,
        invoker: Invoker,
        metrics: MetricSink,
        clock: Clock,
        tracer: Tracer,
    ) -> None:
        self._functions = functions
        self._invoker = invoker
        self._metrics = metrics
        self._clock = clock
        self._tracer = tracer

    async def run(self, event: Event, refusal: int | None) -> Fate:
        """Run an event once, unless it is too old or part of an endless loop.

        Args:
            event: the event.
            refusal: the HTTP status with which the attempt before this one was refused, if it was.
        """
        now_s = self._clock.time()
        if is_expired(event.accepted_ms, int(now_s * 1000), self._functions.settings(event.key)):
            response = None if refusal is None else Response(refusal)
            return self._dropped(event, Condition.EVENT_AGE_EXCEEDED, response, event.trace)
        trace = event.trace
        try:
            target = await self._functions.target(event.key)
            if target.is_off:
                return self._dropped(event, Condition.ZERO_RESERVED_CONCURRENCY, None, trace)
            if not target.may_loop and lineage.loops(event.trace, target.arn) >= lineage.LOOPS:
                self._metrics.record(Metric.RECURSIVE_INVOCATIONS_DROPPED, event.function)
                return self._dropped(event, Condition.RECURSIVE_INVOCATION, None, trace)
            if target.isolated != bool(event.tenant_id):
                # It came from a destination, or for another function of that name.
                return self._failed(event, Response(_BAD_REQUEST), trace)
            spec = target.spec
            trace = self._tracer.header(event.trace, target.arn, event.request_id, spec.tracing)
            if target.start is not None:
                await target.start(event.payload, event.request_id, trace)
                result = InvocationResult(b"null", None, None)
            else:
                result = await self._invoker.invoke(
                    spec.for_tenant(event.tenant_id) if event.tenant_id else spec,
                    event.payload,
                    request_id=event.request_id,
                    invoked_arn=target.invoked_arn,
                    trace_id=trace,
                )
        except ShuttingDown:
            return Left()
        except ServiceError as error:
            status = error.http_status or 500
            if status in (_CONFLICT, _TOO_MANY) or status >= 500:
                return Refused(status)
            return self._failed(event, Response(status), trace)
        except Exception:
            _logger.exception("event %s could not be run; it is tried again", event.request_id)
            return Refused(500)
        age_ms = max(0.0, now_s * 1000 - event.accepted_ms)
        self._metrics.record(Metric.ASYNC_EVENT_AGE, event.function, age_ms)
        response = Response(200, target.spec.version, result.function_error, result.payload)
        if result.function_error is not None:
            return self._failed(event, response, trace)
        return self._over(event, Condition.SUCCESS, event.attempts + 1, response, trace)

    def _failed(self, event: Event, response: Response, trace: str) -> Outcome:
        settings = self._functions.settings(event.key)
        event.attempts += 1
        now_ms = int(self._clock.time() * 1000)
        verdict = after_failure(event.attempts, event.accepted_ms, now_ms, settings)
        if isinstance(verdict, Condition):
            return self._dropped(event, verdict, response, trace)
        event.due_ms = verdict
        event.payload = b""
        return Outcome(event, over=False)

    def _dropped(
        self, event: Event, condition: Condition, response: Response | None, trace: str
    ) -> Outcome:
        self._metrics.record(Metric.ASYNC_EVENTS_DROPPED, event.function)
        return self._over(event, condition, event.attempts, response, trace)

    def _over(
        self,
        event: Event,
        condition: Condition,
        invocations: int,
        response: Response | None,
        trace: str,
    ) -> Outcome:
        settings = self._functions.settings(event.key)
        success = condition is Condition.SUCCESS
        arn = settings.on_success if success else settings.on_failure
        deliveries: list[Delivery] = []
        if arn:
            function_arn = self._functions.qualified_arn(event.key)
            told = record(event, function_arn, condition, invocations, response, self._clock.time())
            deliveries.append(Delivery(arn, told, event.key, trace))
        if settings.dead_letter and not success:
            deliveries.append(dead_letter(settings.dead_letter, event, response, trace))
        event.payload = b""
        return Outcome(event, over=True, deliveries=deliveries, ran=response is not None)
