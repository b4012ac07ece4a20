"""What CloudWatch is told of queues."""

from collections.abc import AsyncIterator

import pytest

from ingle.services.cloudwatch.api import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.sqs.measuring import QueueMeter
from tests.services.conftest import ACCOUNT, REGION
from tests.services.sqs.conftest import Sqs


class Told:
    """What a meter tells, as metrics have it."""

    def __init__(self, sqs: Sqs, metrics: Metrics) -> None:
        self._meter = QueueMeter(sqs.service._store, sqs.clock)
        self._metrics = metrics

    async def __call__(self) -> dict[tuple[str, str], float]:
        """Measure, and tell the sum of each metric by queue and name."""
        self._metrics._waiting.clear()
        await self._meter.measure(self._metrics)
        told = {}
        for (key, _, _, _), summary in self._metrics._waiting.items():
            assert key[:3] == (ACCOUNT, REGION, "AWS/SQS")
            ((name, queue),) = key.dimensions
            assert name == "QueueName"
            told[queue, key.name] = summary.total
        return told


@pytest.fixture
async def told(sqs: Sqs) -> AsyncIterator[Told]:
    metrics = await Metrics.open(MetricsStore(sqs.database), sqs.clock)
    yield Told(sqs, metrics)
    await metrics.close()


async def test_what_happens_in_a_queue_is_counted(sqs: Sqs, told: Told) -> None:
    await sqs.make("q")
    await sqs.send("q", "four")
    await sqs.send("q", "eleven char")
    await sqs.send("q", "later", DelaySeconds=10)
    (first, _) = await sqs.receive("q")
    await sqs.receive("q")
    await sqs.call("DeleteMessage", "q", ReceiptHandle=first["ReceiptHandle"])
    await sqs.clock.advance(5)
    assert await told() == {
        ("q", "NumberOfMessagesSent"): 3,
        ("q", "SentMessageSize"): 20,
        ("q", "NumberOfMessagesReceived"): 2,
        ("q", "NumberOfEmptyReceives"): 1,
        ("q", "NumberOfMessagesDeleted"): 1,
        ("q", "ApproximateNumberOfMessagesVisible"): 0,
        ("q", "ApproximateNumberOfMessagesNotVisible"): 1,
        ("q", "ApproximateNumberOfMessagesDelayed"): 1,
        ("q", "ApproximateAgeOfOldestMessage"): 5,
    }
    assert await told() == {}
    await sqs.send("q", "four")
    assert await told() == {("q", "NumberOfMessagesSent"): 1, ("q", "SentMessageSize"): 4}


async def test_what_does_not_happen_is_told_each_minute_for_six_hours(sqs: Sqs, told: Told) -> None:
    await sqs.make("q")
    await sqs.receive("q")
    assert (await told())["q", "NumberOfEmptyReceives"] == 1
    await sqs.clock.advance(60)
    found = await told()
    assert found["q", "NumberOfEmptyReceives"] == 0
    assert found["q", "ApproximateNumberOfMessagesVisible"] == 0
    await sqs.clock.advance(6 * 3600)
    assert await told() == {}
    await sqs.send("q", "b")
    await told()
    await sqs.clock.advance(24 * 3600)
    assert (await told())["q", "ApproximateAgeOfOldestMessage"] == 24 * 3600


async def test_groups_and_copies_of_a_fifo_queue_are_counted(sqs: Sqs, told: Told) -> None:
    await sqs.make("q.fifo")
    for group in ("a", "a", "b"):
        await sqs.send("q.fifo", "b", group=group, copy=group)
    await sqs.receive("q.fifo", 1)
    found = await told()
    assert found["q.fifo", "NumberOfMessagesSent"] == 2
    assert found["q.fifo", "NumberOfDeduplicatedSentMessages"] == 1
    assert found["q.fifo", "ApproximateNumberOfGroupsWithInflightMessages"] == 1
