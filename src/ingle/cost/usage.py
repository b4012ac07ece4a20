"""What is charged for, in exact numbers: integers, so that adding up loses nothing.

Memory times time is in MB-milliseconds; a GB is 1,024 MB, as on AWS's pricing page.
"""

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Self

MB_MS_PER_GB_S = 1024 * 1000
BYTES_PER_GB = 1024**3
FREE_EPHEMERAL_MB = 512
"""What each function has of `/tmp` for nothing; https://aws.amazon.com/lambda/pricing/"""
ROUNDINGS_MS = (1, 100)
"""What durations can be rounded up to: as today, and as until December 2020."""
STANDING_STEP_MS = 5 * 60 * 1000
SNAPSHOT_LEAST_MS = 3 * 60 * 60 * 1000
"""Provisioned concurrency is charged by five minutes that were begun, and the cache of a snapshot
for three hours at least; https://aws.amazon.com/lambda/pricing/"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a function, or several, used in a month.

    Attributes:
        requests: invocations that no provisioned concurrency served.
        mb_ms: memory times billed duration of these.
        provisioned_requests: those that provisioned concurrency served.
        provisioned_mb_ms: memory times billed duration of these.
        ephemeral_mb_ms: what `/tmp` has beyond what is free, times billed duration, of both.
        standing_mb_ms: memory of provisioned concurrency, times how long it was kept.
        snapshot_mb_ms: memory of functions with SnapStart, times how long a snapshot was kept.
        restored_mb: memory of functions with SnapStart, for each start from a snapshot.
        code_byte_s: code that was kept, in bytes times seconds.
    """

    requests: int = 0
    mb_ms: int = 0
    provisioned_requests: int = 0
    provisioned_mb_ms: int = 0
    ephemeral_mb_ms: int = 0
    standing_mb_ms: int = 0
    snapshot_mb_ms: int = 0
    restored_mb: int = 0
    code_byte_s: int = 0

    def __add__(self, other: Self) -> "Usage":
        """Add up."""
        return Usage(*(getattr(self, n) + getattr(other, n) for n in _NAMES))

    @property
    def all_requests(self) -> int:
        """How many invocations there were."""
        return self.requests + self.provisioned_requests


_NAMES = [each.name for each in fields(Usage)]


def gb_s(mb_ms: int) -> Fraction:
    """Turn MB-milliseconds into GB-seconds."""
    return Fraction(mb_ms, MB_MS_PER_GB_S)


def rounded_up(ms: int, rounding_ms: int) -> int:
    """Round a duration up to a multiple."""
    return -(-ms // rounding_ms) * rounding_ms
