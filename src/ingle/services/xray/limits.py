"""The quotas of X-Ray, read from `limits.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What X-Ray takes and keeps; `limits.toml` says what each means."""

    document_bytes: int
    trace_bytes: int
    retention_days: int
    range_hours: int
    page: int
    batch: int
    annotations: int
    backlog: int
    daemon_bytes: int


LIMITS = Limits(**tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8")))
