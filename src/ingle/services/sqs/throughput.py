"""How many calls a second a FIFO queue takes.

Without high throughput, 300 of each operation that sends, receives or deletes, batches counted as
one call. With it (`FifoThroughputLimit` is `perMessageGroupId`), messages are sent 300 calls a
second to each message group, and nothing else is bounded.
Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
"""

from collections import OrderedDict
from collections.abc import Iterable

from ingle.clock import Clock
from ingle.services.sqs.errors import RequestThrottled
from ingle.services.sqs.limits import FIFO
from ingle.services.sqs.live import LiveQueue

_NO_GROUPS: tuple[str, ...] = ()


class Throughput:
    """Counts calls of FIFO queues, and refuses those that are too many.

    Args:
        clock: how fast they come.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # By queue, operation and message group: how many calls may come now, and since when. Those
        # that were not used for a second are full again, and need not be kept.
        self._left: OrderedDict[tuple[int, str, str], tuple[float, float]] = OrderedDict()

    def take(self, live: LiveQueue, operation: str, groups: Iterable[str] = _NO_GROUPS) -> None:
        """Count a call.

        Args:
            live: the queue; a standard one takes any number.
            operation: its name.
            groups: the message groups that it sends to.

        Raises:
            RequestThrottled: it is one too many; nothing is counted then.
        """
        if not live.queue.is_fifo:
            return
        buckets = [""]
        if live.queue.settings.by_group_limit:
            buckets = sorted(set(groups))
        now_s = self._clock.monotonic()
        self._forget(now_s)
        keys = [(live.queue.id, operation, each) for each in buckets]
        left = [self._of(key, now_s) for key in keys]
        if any(each < 1 for each in left):
            raise RequestThrottled
        for key, each in zip(keys, left, strict=True):
            self._left[key] = (each - 1, now_s)
            self._left.move_to_end(key)

    def _of(self, key: tuple[int, str, str], now_s: float) -> float:
        left, since_s = self._left.get(key, (FIFO.calls_per_second, now_s))
        return min(FIFO.calls_per_second, left + (now_s - since_s) * FIFO.calls_per_second)

    def _forget(self, now_s: float) -> None:
        while self._left:
            key, (_, since_s) = next(iter(self._left.items()))
            if now_s - since_s < 1:
                return
            del self._left[key]
