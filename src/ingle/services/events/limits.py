"""The quotas of Amazon EventBridge, read from `limits.toml`; sizes in bytes."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Of buses, rules, targets and entries."""

    buses: int
    rules: int
    targets: int
    pattern_bytes: int
    policy_bytes: int
    page: int
    tags: int
    entries_bytes: int
    hops: int
    archives: int
    replays: int
    replay_days: int
    connections: int
    destinations: int


LIMITS = EventLimits(**tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8")))
