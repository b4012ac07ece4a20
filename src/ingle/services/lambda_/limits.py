"""Lambda's quotas, read from `limits.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Range:
    """A number's bounds, both allowed, and its default."""

    min: int
    max: int
    default: int


@dataclass(frozen=True, slots=True)
class FunctionLimits:
    """What a function's configuration may hold."""

    memory_mb: Range
    timeout_s: Range
    ephemeral_mb: Range
    environment_bytes: int
    tags: int
    layers: int


@dataclass(frozen=True, slots=True)
class InvocationLimits:
    """What an invocation may carry."""

    request_bytes: int
    event_bytes: int
    invoke_async_bytes: int
    client_context_bytes: int
    log_tail_bytes: int


@dataclass(frozen=True, slots=True)
class PackageLimits:
    """How large a package may be, packed and unpacked; sizes are in bytes."""

    zipped_bytes: int
    request_bytes: int
    unzipped_bytes: int
    entries: int
    depth: int
    path_bytes: int
    name_bytes: int
    link_bytes: int
    link_steps: int


@dataclass(frozen=True, slots=True)
class PolicyLimits:
    """How long a resource-based policy may be."""

    bytes: int


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What an account may have in one region."""

    code_bytes: int
    unreserved: int


@dataclass(frozen=True, slots=True)
class DurableLimits:
    """What durable functions may be, and how long they are waited for.

    Attributes:
        retention_days: how long an execution is kept that is over, by default.
        synchronous_s: how long one may take that its caller waits for.
        runtimes: the first version that can be durable, by language.
    """

    retention_days: int
    synchronous_s: int
    runtimes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListingLimits:
    """How many items a page of a list has at most."""

    page: int
    mappings: int


@dataclass(frozen=True, slots=True)
class MappingLimits:
    """Of event source mappings."""

    batch: int
    filters: int
    pollers_least: int
    pollers_most: int


def _load() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))


_TABLES = _load()
_FUNCTION = _TABLES["function"]

FUNCTION = FunctionLimits(
    memory_mb=Range(**_FUNCTION["memory_mb"]),
    timeout_s=Range(**_FUNCTION["timeout_s"]),
    ephemeral_mb=Range(**_FUNCTION["ephemeral_mb"]),
    environment_bytes=_FUNCTION["environment_bytes"],
    tags=_FUNCTION["tags"],
    layers=_FUNCTION["layers"],
)
INVOCATION = InvocationLimits(**_TABLES["invocation"])
PACKAGE = PackageLimits(**_TABLES["package"])
POLICY = PolicyLimits(**_TABLES["policy"])
SNAP_START: Mapping[str, str] = _TABLES["snap_start"]
"""The first version with SnapStart, by language."""
DURABLE = DurableLimits(**_TABLES["durable"])
ACCOUNT = AccountLimits(**_TABLES["account"])
LISTING = ListingLimits(**_TABLES["listing"])
MAPPING = MappingLimits(**_TABLES["mapping"])
