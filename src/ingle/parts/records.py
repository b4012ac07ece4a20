"""What is written of what functions do: metrics, logs, and what it costs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ingle.auth.authorizer import Authorizer
from ingle.metering.meter import Kept, Meter
from ingle.parts.base import Base
from ingle.services.cloudwatch.lambda_metrics import LambdaMetrics
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.logs.deliveries import Enqueue
from ingle.services.logs.permission import LogPermission
from ingle.services.logs.resources import LogsResources
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.services.logs.watching import Watching


@dataclass(frozen=True, slots=True)
class Records:
    """What is written of what functions do.

    Attributes:
        metrics: all metrics.
        lambda_metrics: those of functions.
        logs: where log events are kept.
        watching: looks at log events for filters.
        sink: takes log lines, and writes them.
        meter: adds up what functions use.
    """

    metrics: Metrics
    lambda_metrics: LambdaMetrics
    logs: LogsStore
    watching: Watching
    sink: Sink
    meter: Meter

    @classmethod
    async def open(
        cls,
        base: Base,
        authorizer: Authorizer,
        enqueue: Enqueue,
        kept: Callable[[], Iterable[Kept]],
        of_sandboxes: Sequence[int],
    ) -> Self:
        """Read what there is.

        Args:
            base: what everything is built on.
            authorizer: says whether a function's role may write its log; it is told of log groups.
            enqueue: has a function take log events.
            kept: what functions keep.
            of_sandboxes: what `ingle.metering.meter.processor_time` takes.
        """
        database, clock, ending = base.database, base.clock, base.ending
        metrics = await Metrics.open(MetricsStore(database), clock)
        lambda_metrics = LambdaMetrics(clock)
        metrics.draw_from(lambda_metrics)
        ending.push_async_callback(metrics.close)
        logs = await LogsStore.open(database)
        resources = LogsResources(logs)
        authorizer.tell("logs", resources)
        watching = await Watching.open(database, logs, metrics, clock, enqueue)
        permission = LogPermission(authorizer, resources)
        sink = await Sink.open(logs, clock, permission=permission, watching=watching)
        ending.push_async_callback(sink.close)
        meter = await Meter.open(database, clock, kept, of_sandboxes)
        ending.push_async_callback(meter.close)
        return cls(metrics, lambda_metrics, logs, watching, sink, meter)
