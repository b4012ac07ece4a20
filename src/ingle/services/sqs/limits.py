"""The quotas of Amazon SQS, read from `limits.toml`; sizes in bytes, times in seconds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Range(NamedTuple):
    """What a numeric attribute may be, and is where nothing is said."""

    least: int
    greatest: int
    default: int


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Of queues; the pauses are those after a purge and after the end of a queue."""

    page: int
    tags: int
    tag_key: int
    tag_value: int
    policy_bytes: int
    permission_accounts: int
    permission_actions: int
    label: int
    allowed_sources: int
    purge_pause_s: int
    deleted_pause_s: int


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """Of messages and of the requests about them."""

    batch: int
    batch_bytes: int
    batch_id: int
    attributes: int
    attribute_name: int
    attribute_type: int
    id: int
    delay_s: int
    receive: int
    wait_s: int
    visibility_s: int
    max_receives: int
    deduplication_s: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class FifoLimits:
    """Of FIFO queues."""

    calls_per_second: int


@dataclass(frozen=True, slots=True)
class MoveLimits:
    """Of tasks that move messages."""

    per_second: int
    listed: int
    step: int
    kept: int


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """Ingle's own."""

    bodies_bytes: int
    waiting: int
    sweep_s: int


_TABLES = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

QUEUE = QueueLimits(**_TABLES["queue"])
ATTRIBUTES: Mapping[str, Range] = {
    name: Range(*bounds) for name, bounds in _TABLES["attributes"].items()
}
MESSAGE = MessageLimits(**_TABLES["message"])
FIFO = FifoLimits(**_TABLES["fifo"])
MOVE = MoveLimits(**_TABLES["move"])
MEMORY = MemoryLimits(**_TABLES["memory"])
