"""What size of machine carries a load that was measured. How it reasons is in docs/cost.md."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

_TABLE = tomllib.loads((Path(__file__).parent / "data" / "machines.toml").read_text("utf-8"))
_SIZES = sorted((each["processors"], each["memory_gb"]) for each in _TABLE["sizes"])
PROCESSORS_FULL: float = _TABLE["processors_full"]
MEMORY_FULL: float = _TABLE["memory_full"]
OWN_MEMORY_MB: int = _TABLE["own_memory_mb"]
_MB_PER_GB = 1024


@dataclass(frozen=True, slots=True)
class Need:
    """What a load takes in its busiest minute.

    Attributes:
        processors: how many were busy on average.
        memory_mb: what the invocations that ran at a time used together.
    """

    processors: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Machines:
    """So many machines of a size.

    Attributes:
        count: how many.
        processors: of each.
        memory_gb: of each.
    """

    count: int
    processors: int
    memory_gb: int


def machines_for(need: Need) -> Machines:
    """Find the smallest machine that carries a load, or how many of the largest do."""
    processors = need.processors / PROCESSORS_FULL
    memory_mb = need.memory_mb / MEMORY_FULL
    for each, memory_gb in _SIZES:
        if processors <= each and memory_mb + OWN_MEMORY_MB <= memory_gb * _MB_PER_GB:
            return Machines(1, each, memory_gb)
    each, memory_gb = _SIZES[-1]
    count = max(
        math.ceil(processors / each),
        math.ceil(memory_mb / (memory_gb * _MB_PER_GB - OWN_MEMORY_MB)),
    )
    return Machines(count, each, memory_gb)
