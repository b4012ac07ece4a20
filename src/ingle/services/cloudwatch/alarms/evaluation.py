"""Which state datapoints make: the state machine of metric alarms, without any reading or writing.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ingle.services.cloudwatch.alarms.limits import EVALUATION
from ingle.services.cloudwatch.alarms.model import IN_ALARM, INSUFFICIENT, OK, StateValue

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


class Datapoint(NamedTuple):
    """What a metric was in one period.

    Attributes:
        at: the beginning of the period, seconds since the epoch.
        value: None where there is no data.
        samples: of how many; None where that is not known.
    """

    at: int
    value: float | None
    samples: float | None = None


class Rule(NamedTuple):
    """When an alarm is in the state ALARM.

    Attributes:
        comparison: one of `COMPARISONS`.
        threshold: what values are compared with.
        periods: N, how many periods are evaluated.
        to_alarm: M, how many of them must breach.
        missing: one of `TREATMENTS`.
    """

    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    missing: str = "missing"

    def breaches(self, value: float) -> bool:
        """Whether a value is one to be alarmed of."""
        return COMPARISONS[self.comparison](value, self.threshold)


class Finding(NamedTuple):
    """What an evaluation found.

    Attributes:
        state: the state; None to stay in the present one.
        used: the datapoints that were evaluated, the newest first; none of them is missing.
        filled: how many missing ones were taken for something.
    """

    state: StateValue | None
    used: Sequence[Datapoint]
    filled: int


def evaluated(rule: Rule, points: Sequence[Datapoint]) -> Finding:
    """Find the state.

    Missing datapoints count as seldom as possible: where there are as many others in the range as
    there are periods, the newest of those are evaluated, and the missing ones are left out. An
    alarm does not go into ALARM over a breaching datapoint that is so new that those after it may
    yet be good; once that many periods have gone by without data, it does.

    Args:
        rule: the alarm's.
        points: the evaluation range: a datapoint for each period, the newest first, more than
            there are evaluation periods.
    """
    known = [each for each in points if each.value is not None]
    if len(known) >= rule.periods:
        used = known[: rule.periods]
        return Finding(_decided(rule, _count(rule, used)), used, 0)
    filled = rule.periods - len(known)
    breaching = _count(rule, known)
    if rule.missing == "breaching":
        return Finding(_decided(rule, breaching + filled), known, filled)
    if rule.missing == "notBreaching":
        return Finding(_decided(rule, breaching), known, filled)
    if not known:
        return Finding(INSUFFICIENT if rule.missing == "missing" else None, (), filled)
    if breaching >= rule.to_alarm:
        return Finding(IN_ALARM, known, filled)
    if breaching < len(known):
        return Finding(OK, known, filled)
    oldest = max(age for age, each in enumerate(points, 1) if each.value is not None)
    if rule.missing == "missing" and oldest >= rule.to_alarm:
        return Finding(IN_ALARM, known, filled)
    return Finding(None, known, filled)


def significant(statistic: str, points: Sequence[Datapoint]) -> bool:
    """Whether there are enough samples for a percentile to say something.

    Args:
        statistic: its name; others than percentiles always do.
        points: of that statistic.
    """
    name = statistic.lower()
    if not name.startswith("p") or name.startswith("pr"):
        return True
    share = float(name[1:]) / 100
    distance = min(share, 1 - share)
    return all(
        each.samples is None or each.samples * distance >= EVALUATION["significant"] - 1e-9
        for each in points
        if each.value is not None
    )


def _count(rule: Rule, points: Sequence[Datapoint]) -> int:
    return sum(1 for each in points if each.value is not None and rule.breaches(each.value))


def _decided(rule: Rule, breaching: int) -> StateValue:
    return IN_ALARM if breaching >= rule.to_alarm else OK
