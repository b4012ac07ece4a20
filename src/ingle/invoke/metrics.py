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


class MetricSink(Protocol):
    """What takes the measurements of all functions."""

    def record(self, metric: Metric, function: tuple[str, str, str], value: float = 1.0) -> None:
        """Take one measurement; it returns at once.

        Args:
            metric: what was measured.
            function: account, region and name.
            value: how many there were; for AsyncEventAge, milliseconds.
        """
        ...
