"""Counts invocations in memory, on their way: a few additions each."""

from collections.abc import Callable
from typing import NamedTuple

from ingle.cost.usage import FREE_EPHEMERAL_MB, rounded_up
from ingle.invoke.measured import ARCHITECTURE, InvocationListener, Measured, Throttled
from ingle.pool.spec import FunctionSpec

_DAY_S = 86_400
_CLASSIC_MS = 100


class UsageKey(NamedTuple):
    """What one row of usage is of.

    Attributes:
        account_id: the account.
        region: the region.
        day: days since the epoch, of UTC.
        function: its name.
        version: `$LATEST` or a number.
        architecture: `x86_64` or `arm64`.
    """

    account_id: str
    region: str
    day: int
    function: str
    version: str
    architecture: str


class Tally:
    """What the invocations of one revision used on one day, since it was last taken.

    Attributes:
        spec: the revision.
        provisioned: whether provisioned concurrency served them.
        requests: how many.
        billed_ms: their billed durations.
        billed_100ms: the same, each rounded up to 100 ms.
        busy_s: their durations without starts, in seconds.
        restores: how many began with a start from a snapshot.
        concurrency: the most of the function at a time.
        peak_mb: the most memory that one used.
    """

    __slots__ = (
        "billed_100ms",
        "billed_ms",
        "busy_s",
        "concurrency",
        "peak_mb",
        "provisioned",
        "requests",
        "restores",
        "spec",
    )

    def __init__(self, spec: FunctionSpec, provisioned: bool) -> None:
        self.spec = spec
        self.provisioned = provisioned
        self.requests = self.billed_ms = self.billed_100ms = self.restores = 0
        self.concurrency = self.peak_mb = 0
        self.busy_s = 0.0

    def sums(self) -> dict[str, int]:
        """Return it as columns that are added up."""
        spec = self.spec
        more_mb = max(0, spec.ephemeral_mb - FREE_EPHEMERAL_MB)
        kind = "provisioned_" if self.provisioned else ""
        return {
            f"{kind}requests": self.requests,
            f"{kind}mb_ms": self.billed_ms * spec.memory_mb,
            f"{kind}mb_100ms": self.billed_100ms * spec.memory_mb,
            "ephemeral_mb_ms": self.billed_ms * more_mb,
            "ephemeral_mb_100ms": self.billed_100ms * more_mb,
            "restored_mb": self.restores * spec.memory_mb,
            "busy_ms": round(self.busy_s * 1000),
        }


class Tallies(InvocationListener):
    """Counts all invocations until they are taken away to be written.

    Args:
        begun: called when there is something, after there was nothing.
    """

    def __init__(self, begun: Callable[[], None]) -> None:
        self._begun = begun
        self._tallies: dict[tuple[str, bool, int], Tally] = {}

    def measured(self, record: Measured | Throttled) -> None:
        """Count an invocation that ran; what was refused costs nothing."""
        if type(record) is not Measured:
            return
        spec, bill = record.spec, record.bill
        key = (spec.revision_id, record.provisioned, int(record.started // _DAY_S))
        tally = self._tallies.get(key)
        if tally is None:
            if not self._tallies:
                self._begun()
            tally = self._tallies[key] = Tally(spec, record.provisioned)
        billed_ms, peak_mb = bill.billed_ms, bill.peak_mb
        tally.requests += 1
        tally.billed_ms += billed_ms
        tally.billed_100ms += rounded_up(billed_ms, _CLASSIC_MS)
        tally.busy_s += bill.duration_s
        if bill.restore_s is not None:
            tally.restores += 1
        if record.concurrency > tally.concurrency:
            tally.concurrency = record.concurrency
        if peak_mb > tally.peak_mb:
            tally.peak_mb = peak_mb

    def take(self) -> list[tuple[UsageKey, Tally]]:
        """Take away what was counted, by what it belongs to; several may belong to the same."""
        taken, self._tallies = self._tallies, {}
        return [(_key(tally.spec, day), tally) for (_, _, day), tally in taken.items()]


def _key(spec: FunctionSpec, day: int) -> UsageKey:
    return UsageKey(spec.account_id, spec.region, day, spec.name, spec.version, ARCHITECTURE)
