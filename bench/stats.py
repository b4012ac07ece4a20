"""Percentiles, and what a run measured."""

from collections.abc import Sequence
from statistics import median

Results = dict[str, float]
"""Figures by dotted name (`cold.ingle.p50_ms`); the last part of a name ends in its unit."""


def percentile(samples: Sequence[float], q: float) -> float:
    """The q-th percentile (0 to 100) of samples, interpolated linearly between neighbours.

    Raises:
        ValueError: there are no samples, or q is out of range.
    """
    if not samples:
        raise ValueError("a percentile needs at least one sample")
    if not 0 <= q <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {q}")
    ordered = sorted(samples)
    position = (len(ordered) - 1) * q / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    low, high = ordered[below], ordered[above]
    if low == high:
        return low
    return low + (high - low) * (position - below)


def summarise(prefix: str, seconds: Sequence[float]) -> Results:
    """The p50 and p99 in milliseconds, and the number, of samples given in seconds."""
    return {
        f"{prefix}.p50_ms": percentile(seconds, 50) * 1e3,
        f"{prefix}.p99_ms": percentile(seconds, 99) * 1e3,
        f"{prefix}.samples": len(seconds),
    }


def median_of(prefix: str, rounds: Sequence[Results]) -> Results:
    """The median of every figure over the rounds; all rounds carry the same names.

    Raises:
        ValueError: there are no rounds, or they differ in what they measured.
    """
    if not rounds:
        raise ValueError("no round was measured")
    names = rounds[0].keys()
    if any(one.keys() != names for one in rounds):
        raise ValueError("the rounds measured different things")
    return {f"{prefix}.{name}": median(one[name] for one in rounds) for name in names}
