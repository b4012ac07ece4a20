"""What CloudWatch tells of deliveries.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
"""

from collections.abc import Mapping
from enum import Enum, auto

from ingle.services.cloudwatch.api import Metrics, Sample
from ingle.services.delivering.model import Delivery

_COUNT = "Count"


class Outcome(Enum):
    """What became of an attempt to deliver."""

    TAKEN = auto()
    """The target has it."""
    AGAIN = auto()
    """It failed, and is tried again."""
    GIVEN_UP = auto()
    """It failed, and is not."""
    LETTER = auto()
    """What was given up is in the dead-letter queue."""
    NO_LETTER = auto()
    """What was given up could not be sent there."""


_NAMESPACES: Mapping[str, str] = {
    "events.amazonaws.com": "AWS/Events",
    "scheduler.amazonaws.com": "AWS/Scheduler",
}
_NAMES: Mapping[str, Mapping[Outcome, tuple[str, ...]]] = {
    "AWS/Events": {
        Outcome.TAKEN: ("Invocations",),
        Outcome.AGAIN: ("RetryInvocationAttempts",),
        Outcome.GIVEN_UP: ("Invocations", "FailedInvocations"),
        Outcome.LETTER: ("InvocationsSentToDlq",),
        Outcome.NO_LETTER: ("InvocationsFailedToBeSentToDlq",),
    },
    "AWS/Scheduler": {
        Outcome.TAKEN: ("InvocationAttemptCount",),
        Outcome.AGAIN: ("InvocationAttemptCount", "TargetErrorCount"),
        Outcome.GIVEN_UP: ("InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount"),
        Outcome.LETTER: ("InvocationsSentToDeadLetterCount",),
        Outcome.NO_LETTER: ("InvocationsFailedToBeSentToDeadLetterCount",),
    },
}
_IN_TOTAL = frozenset({"Invocations"})
"""What is told without dimensions, too."""


class Measuring:
    """Counts what becomes of deliveries.

    Args:
        metrics: keep the figures.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def count(self, delivery: Delivery, outcome: Outcome) -> None:
        """Count an attempt; it returns at once."""
        namespace = _NAMESPACES.get(delivery.service)
        if namespace is None:
            # Nobody's rule or schedule.
            return
        place = delivery.source_arn.split(":", 5)[5].split("/")
        dimensions: tuple[tuple[str, str], ...] = (("ScheduleGroup", place[1]),)
        if namespace == "AWS/Events":
            bus = (("EventBusName", place[1]),) if len(place) == 3 else ()
            dimensions = (*bus, ("RuleName", place[-1]))
        names = _NAMES[namespace][outcome]
        samples = [Sample(name, 1.0, dimensions, _COUNT) for name in names]
        samples += [Sample(name, 1.0, (), _COUNT) for name in names if name in _IN_TOTAL]
        self._metrics.add(delivery.account_id, delivery.region, namespace, samples)
