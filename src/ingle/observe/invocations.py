"""How many invocations there were, and what they took, for Prometheus."""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from ingle.invoke.measured import InvocationListener, Measured, Throttled
from ingle.observe.exposition import Family, Sample

BUCKETS_S = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0),
)
"""Upper ends of the histogram of durations, in seconds."""


class _Counts:
    """What is counted of one function."""

    __slots__ = (
        "buckets", "cold", "cold_s", "duration_s", "errors", "gb_s", "invocations", "throttles",
    )  # fmt: skip

    def __init__(self) -> None:
        self.invocations = self.throttles = self.cold = 0
        self.duration_s = self.cold_s = self.gb_s = 0.0
        self.errors: dict[str, int] = {}
        self.buckets = [0] * (len(BUCKETS_S) + 1)


class Invocations(InvocationListener):
    """Counts the invocations of each function since the server started."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], _Counts] = {}

    def measured(self, record: Measured | Throttled) -> None:
        """Count an invocation."""
        spec = record.spec
        key = (spec.account_id, spec.region, spec.name)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = _Counts()
        if isinstance(record, Throttled):
            counts.throttles += 1
            return
        bill = record.bill
        counts.invocations += 1
        counts.duration_s += bill.duration_s
        counts.gb_s += bill.billed_ms * spec.memory_mb / 1_024_000
        counts.buckets[bisect_left(BUCKETS_S, bill.duration_s)] += 1
        if record.error:
            counts.errors[record.error] = counts.errors.get(record.error, 0) + 1
        cold_s = bill.init_s if bill.restore_s is None else bill.restore_s
        if cold_s is not None:
            counts.cold += 1
            counts.cold_s += cold_s

    def families(self) -> list[Family]:
        """Tell what was counted."""
        name = "ingle_lambda_"
        return [
            self._of(
                f"{name}invocations_total",
                "Invocations that ran.",
                lambda counts: counts.invocations,
            ),
            Family(
                f"{name}errors_total",
                "counter",
                "Invocations that failed, by how.",
                [
                    Sample("", labels | {"error": kind}, count)
                    for labels, counts in self._all()
                    for kind, count in sorted(counts.errors.items())
                ],
            ),
            self._of(
                f"{name}throttles_total",
                "Invocations that were refused, because concurrency or memory was used up.",
                lambda counts: counts.throttles,
            ),
            Family(
                f"{name}duration_seconds",
                "histogram",
                "Time from handing over the event to the end, without cold starts.",
                [each for found in self._all() for each in _histogram(*found)],
            ),
            Family(
                f"{name}init_seconds",
                "summary",
                "Time that cold starts took to load the handler or restore a snapshot.",
                [
                    sample
                    for labels, counts in self._all()
                    for sample in (
                        Sample("_sum", labels, counts.cold_s),
                        Sample("_count", labels, counts.cold),
                    )
                ],
            ),
            self._of(
                f"{name}billed_gigabyte_seconds_total",
                "What is charged on AWS.",
                lambda counts: counts.gb_s,
            ),
        ]

    def _of(self, name: str, told: str, value: Callable[[_Counts], float]) -> Family:
        samples = [Sample("", labels, value(counts)) for labels, counts in self._all()]
        return Family(name, "counter", told, samples)

    def _all(self) -> Iterator[tuple[dict[str, str], _Counts]]:
        for (account_id, region, name), counts in sorted(
            self._counts.items(), key=lambda each: each[0]
        ):
            yield {"account": account_id, "region": region, "function": name}, counts


def _histogram(labels: dict[str, str], counts: _Counts) -> Iterator[Sample]:
    total = 0
    for end, count in zip((*BUCKETS_S, None), counts.buckets, strict=True):
        total += count
        yield Sample("_bucket", labels | {"le": "+Inf" if end is None else f"{end:g}"}, total)
    yield Sample("_sum", labels, counts.duration_s)
    yield Sample("_count", labels, total)
