"""The quotas of Amazon SNS, read from `limits.toml`; sizes in bytes, times in seconds."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TopicLimits:
    """Of topics; names, tags and display names in characters."""

    name: int
    page: int
    tags: int
    tag_key: int
    tag_value: int
    display_name: int
    policy_bytes: int
    filter_policies: int


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """Of messages and of the requests about them."""

    bytes: int
    subject: int
    batch: int
    entry_id: int
    deduplication_s: int
    id: int
    attribute_name: int


@dataclass(frozen=True, slots=True)
class FilterLimits:
    """Of filter policies."""

    keys: int
    combinations: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ConfirmationLimits:
    """Of subscriptions that wait to be confirmed."""

    token_s: int


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """Of delivery policies."""

    delay_s: int
    retries: int
    total_s: int


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Of archives; the last two are Ingle's own."""

    days: int
    page: int
    replays: int


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """Of deliveries to endpoints outside; all but the first are Ingle's own."""

    timeout_s: int
    deliveries: int
    per_subscription: int


_TABLES = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

TOPIC = TopicLimits(**_TABLES["topic"])
MESSAGE = MessageLimits(**_TABLES["message"])
FILTER = FilterLimits(**_TABLES["filter"])
CONFIRMATION = ConfirmationLimits(**_TABLES["confirmation"])
RETRIES = RetryLimits(**_TABLES["retries"])
ARCHIVE = ArchiveLimits(**_TABLES["archive"])
OUTBOX = OutboxLimits(**_TABLES["outbox"])
