"""What topics measure for CloudWatch, in the namespace AWS/SNS.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from ingle.services.cloudwatch.api import Metrics, Sample, Source, Summary
from ingle.services.sns.model import TopicKey

PUBLISHED = "NumberOfMessagesPublished"
DELIVERED = "NumberOfNotificationsDelivered"
FAILED = "NumberOfNotificationsFailed"
FILTERED_OUT = "NumberOfNotificationsFilteredOut"
REDRIVEN = "NumberOfNotificationsRedrivenToDlq"
NOT_REDRIVEN = "NumberOfNotificationsFailedToRedriveToDlq"
SIZE = "PublishSize"


class Measurements(Source):
    """Counts in memory, until CloudWatch asks."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[TopicKey, str], Summary] = {}

    def count(self, topic: TopicKey, name: str, times: int = 1) -> None:
        """Something happened so many times."""
        if times:
            self._add(topic, name, 1.0, times)

    def published(self, topic: TopicKey, size: int) -> None:
        """A message of so many bytes was published."""
        self._add(topic, PUBLISHED, 1.0, 1)
        self._add(topic, SIZE, float(size), 1)

    async def measure(self, metrics: Metrics) -> None:
        """Hand over what was measured since the last time."""
        waiting, self._waiting = self._waiting, {}
        for (topic, name), summary in waiting.items():
            unit = "Bytes" if name == SIZE else "Count"
            sample = Sample(name, summary, (("TopicName", topic.name),), unit)
            metrics.add(topic.account_id, topic.region, "AWS/SNS", [sample])

    def _add(self, topic: TopicKey, name: str, value: float, times: int) -> None:
        known = self._waiting.get((topic, name))
        if known is None:
            self._waiting[topic, name] = Summary.of(value, times)
        else:
            known.add(value, times)
