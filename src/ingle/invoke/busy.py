"""How many invocations run at a moment: of accounts, functions, versions and aliases."""

from collections.abc import Iterator
from typing import NamedTuple

from ingle.pool.spec import FunctionSpec


class Count:
    """Invocations that run.

    Attributes:
        active: how many do now.
        peak: how many did at most since the last look.
    """

    __slots__ = ("active", "peak")

    def __init__(self) -> None:
        self.active = 0
        self.peak = 0


class Whose(NamedTuple):
    """What a count is of.

    Attributes:
        account_id: the account.
        region: the region.
        function: the function's name; "" for all of the account.
        arn: where it is of a version or an alias, its ARN; else "".
    """

    account_id: str
    region: str
    function: str = ""
    arn: str = ""


class Busy:
    """Counts the invocations that run."""

    def __init__(self) -> None:
        self._counts: dict[Whose, Count] = {}
        # By the ARN that was invoked: of the function first, then of all that it counts for.
        self._together: dict[str, tuple[Count, ...]] = {}

    def enter(self, spec: FunctionSpec, invoked_arn: str) -> tuple[Count, ...]:
        """Count an invocation; `leave` when it is over.

        Args:
            spec: the version that runs.
            invoked_arn: the function's ARN, with the qualifier that was asked for.

        Returns:
            Its counts, that of the function first.
        """
        counts = self._together.get(invoked_arn) or self._make(spec, invoked_arn)
        for count in counts:
            count.active += 1
            if count.active > count.peak:
                count.peak = count.active
        return counts

    def peaks(self) -> Iterator[tuple[Whose, int]]:
        """Tell what ran at most at a time since the last call, of all of which something ran."""
        idle = set()
        for whose, count in list(self._counts.items()):
            if count.peak:
                yield whose, count.peak
            else:
                idle.add(count)
                del self._counts[whose]
            count.peak = count.active
        if idle:
            self._together = {
                arn: counts for arn, counts in self._together.items() if idle.isdisjoint(counts)
            }

    def _make(self, spec: FunctionSpec, invoked_arn: str) -> tuple[Count, ...]:
        account_id, region, name = spec.account_id, spec.region, spec.name
        keys = [Whose(account_id, region, name), Whose(account_id, region)]
        if not invoked_arn.endswith(f":function:{name}"):
            keys.append(Whose(account_id, region, name, invoked_arn))
        counts = tuple(self._counts.setdefault(key, Count()) for key in keys)
        self._together[invoked_arn] = counts
        return counts


def leave(counts: tuple[Count, ...]) -> None:
    """An invocation that was counted is over."""
    for count in counts:
        count.active -= 1
