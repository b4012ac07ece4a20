"""How events are brought to targets, read from `limits.toml`; times in seconds."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How often and how long is retried where nothing else is said, and the pauses between."""

    attempts: int
    age_s: int
    first_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """Ingle's own."""

    at_once: int
    failing: int
    failing_targets: int
    promptly: int
    kept: int
    kept_bytes: int
    page: int


_TABLES = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

RETRY = RetryLimits(**_TABLES["retry"])
MEMORY = MemoryLimits(**_TABLES["memory"])
