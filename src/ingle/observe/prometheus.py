"""Measurements of all functions, as a page that Prometheus reads.

Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from ingle.invoke.metrics import Metric, MetricSink

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
}
_AGE = (
    "ingle_lambda_async_event_age_seconds",
    "Time from the acceptance of an event to an attempt to run it.",
)
_LABELS = ("account", "region", "function")


class Measurements(MetricSink):
    """What was measured since the server started."""

    def __init__(self) -> None:
        self._values: dict[Metric, dict[tuple[str, str, str], float]] = {
            metric: {} for metric in Metric
        }
        self._ages: dict[tuple[str, str, str], int] = {}

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
        if metric is Metric.ASYNC_EVENT_AGE:
            self._ages[function] = self._ages.get(function, 0) + 1

    def page(self) -> bytes:
        """Write all measurements in Prometheus's text format."""
        lines: list[str] = []
        for metric, (name, help_text) in _COUNTERS.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} counter"]
            lines += [
                f"{name}{_labels(function)} {value:.0f}"
                for function, value in sorted(self._values[metric].items())
            ]
        name, help_text = _AGE
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} summary"]
        for function, total_ms in sorted(self._values[Metric.ASYNC_EVENT_AGE].items()):
            labels = _labels(function)
            lines += [
                f"{name}_sum{labels} {total_ms / 1000:.3f}",
                f"{name}_count{labels} {self._ages[function]}",
            ]
        return ("\n".join(lines) + "\n").encode()


def _labels(function: tuple[str, str, str]) -> str:
    pairs = zip(_LABELS, function, strict=True)
    # None of the three can hold a quote, a backslash or a line end.
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs) + "}"
