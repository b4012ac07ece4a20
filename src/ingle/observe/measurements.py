"""Measurements of all functions, besides those of invocations, for Prometheus."""

from ingle.invoke.metrics import Metric, MetricSink
from ingle.observe.exposition import Family, Sample

_COUNTERS = {
    Metric.ASYNC_EVENTS_RECEIVED: (
        "ingle_lambda_async_events_received_total",
        "Events that were accepted for asynchronous invocation.",
    ),
    Metric.ASYNC_EVENTS_DROPPED: (
        "ingle_lambda_async_events_dropped_total",
        "Events that were given up.",
    ),
    Metric.DESTINATION_DELIVERY_FAILURES: (
        "ingle_lambda_destination_delivery_failures_total",
        "Records of events that could not be delivered to a destination.",
    ),
    Metric.DEAD_LETTER_ERRORS: (
        "ingle_lambda_dead_letter_errors_total",
        "Events that were given up and could not be sent to a dead-letter queue.",
    ),
    Metric.POLLED_EVENT_COUNT: (
        "ingle_lambda_polled_events_total",
        "Records that event source mappings took out of their sources.",
    ),
    Metric.FILTERED_OUT_EVENT_COUNT: (
        "ingle_lambda_filtered_out_events_total",
        "Of these, the records that no filter let through.",
    ),
    Metric.INVOKED_EVENT_COUNT: (
        "ingle_lambda_invoked_events_total",
        "Records that functions were invoked with.",
    ),
    Metric.FAILED_INVOKE_EVENT_COUNT: (
        "ingle_lambda_failed_invoke_events_total",
        "Records that functions failed on, or could not be invoked with.",
    ),
    Metric.DELETED_EVENT_COUNT: (
        "ingle_lambda_deleted_events_total",
        "Records that were deleted from their queue once a function had processed them.",
    ),
    Metric.RECURSIVE_INVOCATIONS_DROPPED: (
        "ingle_lambda_recursive_invocations_dropped_total",
        "Invocations that were stopped because they were part of an endless loop.",
    ),
    Metric.URL_REQUEST_COUNT: (
        "ingle_lambda_url_requests_total",
        "Requests to function URLs.",
    ),
    Metric.URL_4XX_COUNT: (
        "ingle_lambda_url_4xx_total",
        "Of these, those that were answered with a 4xx status.",
    ),
    Metric.URL_5XX_COUNT: (
        "ingle_lambda_url_5xx_total",
        "Of these, those that were answered with a 5xx status.",
    ),
}
_TIMES = {
    Metric.ASYNC_EVENT_AGE: (
        "ingle_lambda_async_event_age_seconds",
        "Time from the acceptance of an event to an attempt to run it.",
    ),
    Metric.URL_REQUEST_LATENCY: (
        "ingle_lambda_url_latency_seconds",
        "Time that function URLs took to answer.",
    ),
}
"""They are recorded in milliseconds."""
_LABELS = ("account", "region", "function")


class Measurements(MetricSink):
    """What was measured since the server started."""

    def __init__(self) -> None:
        self._values: dict[Metric, dict[tuple[str, str, str], float]] = {
            metric: {} for metric in Metric
        }
        self._counts: dict[Metric, dict[tuple[str, str, str], int]] = {
            metric: {} for metric in _TIMES
        }

    def record(
        self,
        metric: Metric,
        function: tuple[str, str, str],
        value: float = 1.0,
        qualifier: str = "",
    ) -> None:
        """Take one measurement; versions and aliases are not told apart."""
        values = self._values[metric]
        values[function] = values.get(function, 0.0) + value
        counts = self._counts.get(metric)
        if counts is not None:
            counts[function] = counts.get(function, 0) + 1

    def families(self) -> list[Family]:
        """Tell what was measured."""
        counted = [
            Family(
                name,
                "counter",
                told,
                [Sample("", _labels(function), value) for function, value in self._of(metric)],
            )
            for metric, (name, told) in _COUNTERS.items()
        ]
        timed = [
            Family(
                name,
                "summary",
                told,
                [
                    sample
                    for function, total_ms in self._of(metric)
                    for sample in (
                        Sample("_sum", _labels(function), total_ms / 1000),
                        Sample("_count", _labels(function), self._counts[metric][function]),
                    )
                ],
            )
            for metric, (name, told) in _TIMES.items()
        ]
        return [*counted, *timed]

    def _of(self, metric: Metric) -> list[tuple[tuple[str, str, str], float]]:
        return sorted(self._values[metric].items())


def _labels(function: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(_LABELS, function, strict=True))
