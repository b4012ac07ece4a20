"""What queues do, as the metrics of the namespace `AWS/SQS`.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from ingle.clock import Clock
from ingle.services.cloudwatch.api import Metrics, Sample, Source, Summary
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import State
from ingle.services.sqs.store import SqsStore
from ingle.services.sqs.tally import Tally

NAMESPACE = "AWS/SQS"
_DEPTHS = {
    State.READY: "ApproximateNumberOfMessagesVisible",
    State.IN_FLIGHT: "ApproximateNumberOfMessagesNotVisible",
    State.DELAYED: "ApproximateNumberOfMessagesDelayed",
}
_LOOK_S = 60.0
_ACTIVE_S = 6 * 3600.0
"""How long the depth of a queue that nothing happens to is told."""


class QueueMetrics(Source):
    """Tells of all queues.

    Args:
        store: has them.
        clock: the time.
    """

    def __init__(self, store: SqsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._looked = clock.monotonic()

    async def measure(self, metrics: Metrics) -> None:
        """Hand over what happened since the last time and, once a minute, how deep queues are."""
        now = self._clock.monotonic()
        look = now - self._looked >= _LOOK_S
        if look:
            self._looked = now
        for live in self._store.all():
            samples = []
            if live.tally.any:
                samples = _flows(live.tally)
                live.tally = Tally(active_at=now)
            if look and (live.line.messages or now - live.tally.active_at < _ACTIVE_S):
                samples += self._depths(live)
            if samples:
                key = live.queue.key
                dimensions = (("QueueName", key.name),)
                metrics.add(
                    key.account_id,
                    key.region,
                    NAMESPACE,
                    [each._replace(dimensions=dimensions) for each in samples],
                )

    def _depths(self, live: LiveQueue) -> list[Sample]:
        now_ms = int(self._clock.time() * 1000)
        live.line.look(now_ms)
        samples = [
            Sample(name, live.line.count(state), unit="Count") for state, name in _DEPTHS.items()
        ]
        # Rows grow with time, and a line keeps its messages in the order in which they came.
        oldest = next(iter(live.line.messages.values()), None)
        age_s = 0.0 if oldest is None else max(0.0, (now_ms - oldest.sent_ms) / 1000)
        samples.append(Sample("ApproximateAgeOfOldestMessage", age_s, unit="Seconds"))
        return samples


def _flows(tally: Tally) -> list[Sample]:
    samples = [
        Sample(name, count, unit="Count")
        for name, count in (
            ("NumberOfMessagesSent", tally.sent),
            ("NumberOfMessagesReceived", tally.received),
            ("NumberOfMessagesDeleted", tally.deleted),
            ("NumberOfEmptyReceives", tally.empty),
        )
        if count
    ]
    if tally.sent:
        sizes = Summary.of_set(tally.sent, tally.total_bytes, tally.least_bytes, tally.most_bytes)
        samples.append(Sample("SentMessageSize", sizes, unit="Bytes"))
    return samples
