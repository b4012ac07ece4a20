"""The quotas of CloudWatch Logs, read from `limits.toml`; sizes in bytes, times in milliseconds."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PageLimits:
    """What one answer may hold."""

    events: int
    bytes: int
    scanned_bytes: int
    items: int


@dataclass(frozen=True, slots=True)
class PutLimits:
    """What one PutLogEvents may hold, and how far from now."""

    batch_bytes: int
    event_bytes: int
    span_ms: int
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """When a row of events is closed."""

    bytes: int
    span_ms: int
    pack_from_bytes: int


_TABLES = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

EVENT_OVERHEAD_BYTES: int = _TABLES["event_overhead_bytes"]
PAGE = PageLimits(**_TABLES["page"])
PUT = PutLimits(**_TABLES["put"])
CHUNK = ChunkLimits(**_TABLES["chunk"])
BACKLOG_BYTES: int = _TABLES["backlog"]["bytes"]
