"""The quotas of S3, read from `limits.toml`; sizes in bytes."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ObjectLimits:
    """What an object may have."""

    put_bytes: int
    key_bytes: int
    metadata_bytes: int
    tags: int


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What a multipart upload may have."""

    parts: int
    part_bytes: int
    object_bytes: int


@dataclass(frozen=True, slots=True)
class BucketLimits:
    """What an account and a bucket may have."""

    number: int
    policy_bytes: int
    cors_rules: int
    routing_rules: int
    tags: int
    notifications: int
    notification_id: int


@dataclass(frozen=True, slots=True)
class LifecycleLimits:
    """What a lifecycle configuration may have."""

    rules: int
    id_characters: int
    newer_noncurrent_versions: int
    object_bytes: int


@dataclass(frozen=True, slots=True)
class PageLimits:
    """What one answer or request may hold."""

    keys: int
    deleted: int
    buckets: int


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

OBJECT = ObjectLimits(**_TABLES["object"])
UPLOAD = UploadLimits(**_TABLES["upload"])
BUCKET = BucketLimits(**_TABLES["bucket"])
LIFECYCLE = LifecycleLimits(**_TABLES["lifecycle"])
PAGE = PageLimits(**_TABLES["page"])
INLINE_BYTES: int = _TABLES["storage"]["inline_bytes"]
