"""What can be seen of the server: traces, measurements, its log, and what happens now."""

from dataclasses import dataclass
from typing import Self

from ingle.auth.authorizer import Authorizer
from ingle.config import ConfigError
from ingle.invoke.measured import InvocationListener
from ingle.invoke.tracing import Tracer
from ingle.observe.live import Live
from ingle.observe.observer import Observer, SpansUnavailable
from ingle.parts.base import Base
from ingle.pool.pool import Pool
from ingle.services.xray.api import Daemon, Recorder, SegmentStore


@dataclass(frozen=True, slots=True)
class Observing:
    """What can be seen of the server.

    Attributes:
        tracer: knows the traces of what runs.
        segments: where traces are kept.
        traces: makes them of invocations.
        daemon: takes what functions add to them.
        observer: measures, and tells.
        live: what functions do at this moment.
    """

    tracer: Tracer
    segments: SegmentStore
    traces: Recorder
    daemon: Daemon
    observer: Observer
    live: Live

    @classmethod
    def open(cls, base: Base, pool: Pool, authorizer: Authorizer) -> Self:
        """Begin to observe.

        Args:
            base: what everything is built on.
            pool: knows the sandboxes that there are.
            authorizer: says which functions may add to traces.

        Raises:
            ConfigError: spans should be sent, and what sends them is not installed.
        """
        tracer = Tracer(base.clock)
        segments = SegmentStore(base.database)
        traces = Recorder(segments, tracer.caller, base.clock)
        base.ending.push_async_callback(traces.flush)
        daemon = Daemon(segments, authorizer, base.clock)
        base.ending.push_async_callback(daemon.flush)
        observer = _observer(base, tracer)
        base.ending.push_async_callback(observer.close)
        live = Live(base.clock, pool.by_function)
        return cls(tracer, segments, traces, daemon, observer, live)

    @property
    def listeners(self) -> list[InvocationListener]:
        """What is to be told of invocations."""
        return [self.live, self.traces, *self.observer.listeners]


def _observer(base: Base, tracer: Tracer) -> Observer:
    config = base.config
    try:
        return Observer(
            base.clock,
            tracer.caller,
            log_requests=config.log_requests,
            otlp_endpoint=config.otlp_endpoint,
            otlp_headers=config.otlp_headers,
        )
    except SpansUnavailable as error:
        raise ConfigError(
            "otlp_endpoint",
            "the configuration",
            "sending spans takes more than is installed: pip install 'ingle[otel]'",
        ) from error
