"""What is counted of invocations, by function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import enum
from typing import Protocol


class Metric(enum.StrEnum):
    """A metric, by AWS's name."""

    ASYNC_EVENTS_RECEIVED = "AsyncEventsReceived"
    ASYNC_EVENT_AGE = "AsyncEventAge"
    ASYNC_EVENTS_DROPPED = "AsyncEventsDropped"
    DESTINATION_DELIVERY_FAILURES = "DestinationDeliveryFailures"
    DEAD_LETTER_ERRORS = "DeadLetterErrors"
    POLLED_EVENT_COUNT = "PolledEventCount"
    FILTERED_OUT_EVENT_COUNT = "FilteredOutEventCount"
    INVOKED_EVENT_COUNT = "InvokedEventCount"
    FAILED_INVOKE_EVENT_COUNT = "FailedInvokeEventCount"
    DELETED_EVENT_COUNT = "DeletedEventCount"
    RECURSIVE_INVOCATIONS_DROPPED = "RecursiveInvocationsDropped"
    URL_REQUEST_COUNT = "UrlRequestCount"
    URL_REQUEST_LATENCY = "UrlRequestLatency"
    URL_4XX_COUNT = "Url4xxCount"
    URL_5XX_COUNT = "Url5xxCount"


class MetricSink(Protocol):
    """What takes the measurements of all functions."""

    def record(
        self,
        metric: Metric,
        function: tuple[str, str, str],
        value: float = 1.0,
        qualifier: str = "",
    ) -> None:
        """Take one measurement; it returns at once.

        Args:
            metric: what was measured.
            function: account, region and name.
            value: how many there were; for AsyncEventAge and UrlRequestLatency, milliseconds.
            qualifier: the version or alias that it was measured of, or "".
        """
        ...


class SeveralSinks(MetricSink):
    """Hands measurements on.

    Args:
        sinks: get all of them.
    """

    def __init__(self, *sinks: MetricSink) -> None:
        self._sinks = sinks

    def record(
        self,
        metric: Metric,
        function: tuple[str, str, str],
        value: float = 1.0,
        qualifier: str = "",
    ) -> None:
        """Hand on one measurement."""
        for sink in self._sinks:
            sink.record(metric, function, value, qualifier)
