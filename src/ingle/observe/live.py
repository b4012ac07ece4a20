"""What functions do at this moment: the invocations of the last five minutes, in memory only."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ddsketch.mapping import LogarithmicMapping

from ingle.clock import Clock
from ingle.invoke.measured import InvocationListener, Measured, Throttled
from ingle.pool.spec import FunctionSpec
from ingle.wire.errors import ServiceError

FunctionKey = tuple[str, str, str]
"""Account, region and name."""

SLOT_S = 5
MOST_S = 300
"""How far back it goes."""
_SLOTS = MOST_S // SLOT_S + 1
_FEW = 1024
_MAPPING = LogarithmicMapping(0.01)
"""Durations that a bin holds are at most one percent from what it stands for; bins can be added up.
https://arxiv.org/abs/1908.10693"""
_SMALLEST_MS = 0.001


class Slot:
    """Five seconds of one version.

    Attributes:
        number: which, since the epoch.
        count: invocations that ended.
        errors: how many of them failed.
        throttles: how many were refused.
        peak_mb: the most memory that one used.
        concurrency: the most at a time.
        bins: how many durations are in each bin.
    """

    __slots__ = (
        "bins",
        "concurrency",
        "count",
        "errors",
        "number",
        "peak_mb",
        "throttles",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = self.errors = self.throttles = 0
        self.peak_mb = self.concurrency = 0
        self.bins: dict[int, int] = {}


class _Recent:
    """The last five minutes of one version."""

    __slots__ = ("slots", "spec")

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.slots: deque[Slot] = deque(maxlen=_SLOTS)


class Live(InvocationListener):
    """Knows what functions did in the last five minutes.

    Args:
        clock: the time.
        sandboxes: says how many sandboxes each function has, and what they used of memory, in MB.
    """

    def __init__(
        self, clock: Clock, sandboxes: Callable[[], Mapping[FunctionKey, tuple[int, int]]]
    ) -> None:
        self._clock = clock
        self._sandboxes = sandboxes
        self._since = clock.time()
        self._recent: dict[str, _Recent] = {}
        self._most = _FEW

    def measured(self, record: Measured | Throttled) -> None:
        """Count an invocation."""
        spec = record.spec
        recent = self._recent.get(spec.arn) or self._open(spec)
        if type(record) is Throttled:
            self._slot(recent, record.at).throttles += 1
            return
        assert type(record) is Measured
        bill = record.bill
        slot = self._slot(recent, record.started + bill.duration_s)
        peak_mb = bill.peak_mb
        slot.count += 1
        if record.error:
            slot.errors += 1
        if peak_mb > slot.peak_mb:
            slot.peak_mb = peak_mb
        if record.concurrency > slot.concurrency:
            slot.concurrency = record.concurrency
        number = _MAPPING.key(max(_SMALLEST_MS, bill.duration_s * 1000))
        slot.bins[number] = slot.bins.get(number, 0) + 1
        recent.spec = spec

    def _slot(self, recent: _Recent, at: float) -> Slot:
        number = int(at // SLOT_S)
        slots = recent.slots
        if not slots or slots[-1].number < number:
            slots.append(Slot(number))
        return slots[-1]

    def _open(self, spec: FunctionSpec) -> _Recent:
        if len(self._recent) >= self._most:
            first = int(self._clock.time() // SLOT_S) - _SLOTS
            self._recent = {
                arn: each for arn, each in self._recent.items() if each.slots[-1].number > first
            }
            self._most = max(_FEW, 2 * len(self._recent))
        recent = self._recent[spec.arn] = _Recent(spec)
        return recent

    async def answer(
        self, account_id: str, region: str, query: Mapping[str, str]
    ) -> dict[str, Any]:
        """Tell what the functions of an account in a region did lately.

        Args:
            account_id: whose.
            region: where.
            query: `seconds` says how far to look back, from 5 to 300, 60 where it is not given;
                whole slots are looked at.

        Raises:
            ServiceError: it is another number, or none.
        """
        seconds = _seconds(query.get("seconds", "60"))
        sandboxes = self._sandboxes()
        now = self._clock.time()
        first = int(now // SLOT_S) - -(-seconds // SLOT_S) + 1
        covered_s = max(1.0, now - max(first * SLOT_S, self._since))
        slots: dict[str, list[Slot]] = {}
        memory: dict[str, int] = {}
        for recent in self._recent.values():
            spec = recent.spec
            if (spec.account_id, spec.region) == (account_id, region):
                wanted = [each for each in recent.slots if each.number >= first]
                if wanted:
                    slots.setdefault(spec.name, []).extend(wanted)
                    memory[spec.name] = max(memory.get(spec.name, 0), spec.memory_mb)
        names = {name for *whose, name in sandboxes if whose == [account_id, region]}
        functions = []
        for name in sorted(names | slots.keys()):
            count, held_mb = sandboxes.get((account_id, region, name), (0, 0))
            functions.append(
                {
                    "Function": name,
                    **_told(slots.get(name, []), covered_s),
                    "Sandboxes": count,
                    "SandboxesMB": held_mb,
                    "MemoryMB": memory.get(name, 0),
                }
            )
        return {
            "AccountId": account_id,
            "Region": region,
            "Time": now,
            "Seconds": round(covered_s, 3),
            "Functions": functions,
        }


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and SLOT_S <= int(text) <= MOST_S):
        raise ServiceError(
            f"seconds is a whole number from {SLOT_S} to {MOST_S}, not {text!r}",
            code="ValidationException",
            status=400,
        )
    return int(text)


def _told(slots: list[Slot], covered_s: float) -> dict[str, Any]:
    bins: dict[int, int] = {}
    for each in slots:
        for number, count in each.bins.items():
            bins[number] = bins.get(number, 0) + count
    count = sum(each.count for each in slots)
    return {
        "Invocations": count,
        "PerSecond": round(count / covered_s, 3),
        "P50Ms": percentile(bins, 0.5),
        "P99Ms": percentile(bins, 0.99),
        "Errors": sum(each.errors for each in slots),
        "Throttles": sum(each.throttles for each in slots),
        "Concurrency": max((each.concurrency for each in slots), default=0),
        "PeakMB": max((each.peak_mb for each in slots), default=0),
    }


def percentile(bins: Mapping[int, int], part: float) -> float | None:
    """Find the duration, in ms, that this part of all is not longer than; None of nothing."""
    rank, passed = part * (sum(bins.values()) - 1), 0
    for number, count in sorted(bins.items()):
        passed += count
        if passed > rank:
            return round(float(_MAPPING.value(number)), 3)
    return None
