"""The metrics of queues, as CloudWatch has them.

A queue is measured while it is in use: while it has messages, and for six hours after the last
call.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from ingle.clock import Clock
from ingle.services.cloudwatch.api import Metrics, Sample, Source, Summary
from ingle.services.sqs.fifo import FifoLine
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import State
from ingle.services.sqs.store import SqsStore

_NAMESPACE = "AWS/SQS"
_COUNT, _BYTES, _SECONDS = "Count", "Bytes", "Seconds"
_IN_USE_S = 6 * 3600
_MINUTE_S = 60
_STATES = {
    "ApproximateNumberOfMessagesVisible": State.READY,
    "ApproximateNumberOfMessagesNotVisible": State.IN_FLIGHT,
    "ApproximateNumberOfMessagesDelayed": State.DELAYED,
}


class QueueMeter(Source):
    """Tells CloudWatch what happened in queues, and once a minute how full they are.

    Args:
        store: has the queues, which count what happens.
        clock: the time of day.
    """

    def __init__(self, store: SqsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def measure(self, metrics: Metrics) -> None:
        """Hand over what was counted since the last time."""
        now = self._clock.time()
        for live in self._store.all():
            samples = self._samples(live, now)
            if samples:
                key = live.queue.key
                metrics.add(key.account_id, key.region, _NAMESPACE, samples)

    def _samples(self, live: LiveQueue, now: float) -> list[Sample]:
        counts, dimensions = live.counts, (("QueueName", live.queue.key.name),)
        told = {
            "NumberOfMessagesSent": counts.sent,
            "NumberOfMessagesReceived": counts.received,
            "NumberOfEmptyReceives": counts.empty,
            "NumberOfMessagesDeleted": counts.deleted,
        }
        if live.queue.is_fifo:
            told["NumberOfDeduplicatedSentMessages"] = counts.copies
        minute = int(now // _MINUTE_S)
        if any(told.values()):
            counts.used_s = now
        begins = minute != counts.minute and (
            now - counts.used_s < _IN_USE_S or bool(live.line.messages)
        )
        # What did not happen is told once a minute.
        samples = [
            Sample(name, float(count), dimensions, _COUNT)
            for name, count in told.items()
            if count or begins
        ]
        if counts.sizes:
            sizes = Summary.of(counts.sizes[0])
            for size in counts.sizes[1:]:
                sizes.add(size)
            samples.append(Sample("SentMessageSize", sizes, dimensions, _BYTES))
        counts.clear()
        if begins:
            counts.minute = minute
            samples += [
                Sample(name, value, dimensions, unit) for name, value, unit in _fill(live, now)
            ]
        return samples


def _fill(live: LiveQueue, now: float) -> list[tuple[str, float, str]]:
    """Tell how full a queue is."""
    line = live.line
    line.look(int(now * 1000))
    found = [(name, float(line.count(state)), _COUNT) for name, state in _STATES.items()]
    oldest = next(iter(line.messages.values()), None)
    age_s = 0.0 if oldest is None else max(0.0, now - oldest.sent_ms / 1000)
    found.append(("ApproximateAgeOfOldestMessage", age_s, _SECONDS))
    if isinstance(line, FifoLine):
        groups = float(line.groups_in_flight())
        found.append(("ApproximateNumberOfGroupsWithInflightMessages", groups, _COUNT))
    return found
