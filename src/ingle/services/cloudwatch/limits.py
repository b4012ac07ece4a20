"""The quotas of CloudWatch, read from `limits.toml`; times in seconds, sizes in bytes."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Tier:
    """One of the resolutions in which data is kept.

    Attributes:
        seconds: the length of one datapoint.
        kept: how long it is kept this finely.
        row: the time of which the data is in one row.
    """

    seconds: int
    kept: int
    row: int


_TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

PUT: dict[str, int] = _TABLES["put"]
LIST: dict[str, int] = _TABLES["list"]
STATISTICS: dict[str, int] = _TABLES["statistics"]
DATA: dict[str, int] = _TABLES["data"]
INTAKE: dict[str, int] = _TABLES["intake"]
DASHBOARD: dict[str, int] = _TABLES["dashboard"]
IMAGE: dict[str, int] = _TABLES["image"]
TIERS: tuple[Tier, ...] = tuple(Tier(**each) for each in _TABLES["tier"])
"""From the finest to the coarsest."""
TIER_OF: dict[int, Tier] = {tier.seconds: tier for tier in TIERS}
