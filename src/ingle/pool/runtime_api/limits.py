"""The quotas of the APIs that a sandbox's processes find, read from `limits.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LIMITS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Range:
    """A number's bounds, both allowed, and its default."""

    min: int
    max: int
    default: int


MAX_ANSWER: int = _LIMITS["runtime"]["answer"]
MAX_STREAM: int = _LIMITS["runtime"]["stream"]
MAX_CONNECTIONS: int = _LIMITS["runtime"]["connections"]
MAX_OTHER: int = _LIMITS["runtime"]["other"]
MAX_EXTENSIONS: int = _LIMITS["extensions"]["most"]
SHUTDOWN_MS: dict[str, int] = _LIMITS["extensions"]["shutdown_ms"]
BUFFERING: dict[str, Range] = {
    name: Range(**bounds) for name, bounds in _LIMITS["buffering"].items()
}
