"""What is charged for being kept: provisioned concurrency, snapshots, code.

It is charged from when it is there until it is gone, also while the server does not run: on AWS it
would be kept, too. How much was charged is on the disk with the charge, so that nothing is charged
twice or forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from ingle.cost.usage import SNAPSHOT_LEAST_MS, STANDING_STEP_MS, rounded_up
from ingle.metering.tally import UsageKey

_DAY_MS = 86_400_000
_S_MS = 1000
_PATIENCE_MS = 3_600_000
"""For so long what is kept is charged together: every function's code every minute would be much
to write."""


class Kind(StrEnum):
    """What is kept."""

    PROVISIONED = "provisioned"
    SNAPSHOT = "snapshot"
    CODE = "code"


_COLUMNS = {
    Kind.PROVISIONED: ("standing_mb_ms", 1),
    Kind.SNAPSHOT: ("snapshot_mb_ms", 1),
    Kind.CODE: ("code_byte_s", _S_MS),
}
"""Where it is added up, and how many milliseconds make one of its units."""


class StandingKey(NamedTuple):
    """What is kept, of which version or, for code, of which function."""

    kind: Kind
    account_id: str
    region: str
    function: str
    version: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that is kept.

    Attributes:
        architecture: of the version.
        amount: how much of it: MB of memory, or bytes of code.
        since_ms: since when, in milliseconds since the epoch.
        charged_ms: for how long it is in the usage already.
    """

    architecture: str
    amount: int
    since_ms: int
    charged_ms: int = 0


def due_ms(kind: Kind, kept_ms: int) -> int:
    """Say for how long is charged what was kept for a while."""
    if kind is Kind.PROVISIONED:
        return rounded_up(max(1, kept_ms), STANDING_STEP_MS)
    if kind is Kind.SNAPSHOT:
        return max(kept_ms, SNAPSHOT_LEAST_MS)
    return rounded_up(kept_ms, _S_MS)


def charge(
    key: StandingKey, standing: Standing, now_ms: int, *, last: bool = False
) -> tuple[Standing, list[tuple[UsageKey, str, int]]]:
    """Charge what is not in the usage yet.

    Args:
        key: what it is.
        standing: how it is kept.
        now_ms: in milliseconds since the epoch.
        last: whether it is kept no longer.

    Returns:
        The same with more charged, and what is to be added: to which row, which column, how much.
    """
    until = due_ms(key.kind, max(0, now_ms - standing.since_ms))
    left = until - standing.charged_ms
    # The first charge of a snapshot is for more than that, and a step of five minutes is one.
    patient = key.kind is not Kind.PROVISIONED and not last
    if left <= 0 or (patient and left < _PATIENCE_MS):
        return standing, []
    column, unit_ms = _COLUMNS[key.kind]
    begin, end = standing.since_ms + standing.charged_ms, standing.since_ms + until
    whose = (key.account_id, key.region)
    added = [
        (
            UsageKey(*whose, day, key.function, key.version, standing.architecture),
            column,
            part_ms * standing.amount // unit_ms,
        )
        for day, part_ms in _days(begin, end)
    ]
    return replace(standing, charged_ms=until), added


def _days(begin_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Cut a span into days: which, and how many milliseconds of it."""
    while begin_ms < end_ms:
        day = begin_ms // _DAY_MS
        cut = min(end_ms, (day + 1) * _DAY_MS)
        yield day, cut - begin_ms
        begin_ms = cut
