"""What CloudWatch tells of rules; `delivering/measuring.py` counts what becomes of deliveries.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from ingle.services.cloudwatch.api import Metrics, Sample
from ingle.services.events.model import BusKey, RuleKey

_COUNT = "Count"


class Measuring:
    """Counts events that match rules.

    Args:
        metrics: keep the figures.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def matched(self, events: Iterable[Sequence[RuleKey]]) -> None:
        """Count events, each by the rules that it matched, of one bus; it returns at once."""
        rules: Counter[RuleKey] = Counter()
        buses: Counter[BusKey] = Counter()
        for keys in events:
            rules.update(keys)
            buses.update(key.bus for key in keys[:1])
        for key, count in rules.items():
            self._add(key.bus, ("MatchedEvents", "TriggeredRules"), count, _dimensions(key))
        for bus, count in buses.items():
            self._add(bus, ("MatchedEvents",), count, ())

    def ticked(self, key: RuleKey) -> None:
        """Count that the time of a rule with a schedule came."""
        self._add(key.bus, ("TriggeredRules",), 1, _dimensions(key))

    def _add(
        self, bus: BusKey, names: Sequence[str], count: int, dimensions: tuple[tuple[str, str], ...]
    ) -> None:
        samples = [Sample(name, float(count), dimensions, _COUNT) for name in names]
        self._metrics.add(bus.account_id, bus.region, "AWS/Events", samples)


def _dimensions(key: RuleKey) -> tuple[tuple[str, str], ...]:
    bus = () if key.bus.name == "default" else (("EventBusName", key.bus.name),)
    return (*bus, ("RuleName", key.name))
