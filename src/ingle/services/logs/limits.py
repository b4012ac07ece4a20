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


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """What one log group may have."""

    retention_days: list[int]
    tags: int
    metric_filters: int
    subscription_filters: int
    regex_filters: int
    dimensions: int


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What queries of an account and region may take."""

    concurrent: int
    groups: int
    definitions: int
    results: int
    seconds: int
    remembered: int
    held_bytes: int


@dataclass(frozen=True, slots=True)
class TailLimits:
    """What live tails of an account and region may take."""

    sessions: int
    seconds: int
    events_a_second: int


@dataclass(frozen=True, slots=True)
class KinesisLimits:
    """How events are brought to streams of Kinesis.

    `record_bytes` is of a record's data, `disabled_s` how long a filter is that failed, in seconds.
    """

    record_bytes: int
    disabled_s: int


_TABLES = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

EVENT_OVERHEAD_BYTES: int = _TABLES["event_overhead_bytes"]
PAGE = PageLimits(**_TABLES["page"])
PUT = PutLimits(**_TABLES["put"])
CHUNK = ChunkLimits(**_TABLES["chunk"])
GROUP = GroupLimits(**_TABLES["groups"])
QUERY = QueryLimits(**_TABLES["queries"])
TAIL = TailLimits(**_TABLES["tails"])
KINESIS = KinesisLimits(**_TABLES["kinesis"])
BACKLOG_BYTES: int = _TABLES["backlog"]["bytes"]
