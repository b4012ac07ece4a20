"""The quotas of alarms, read from `limits.toml`; times in seconds."""

import tomllib
from pathlib import Path
from typing import Any

_TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))

ALARM: dict[str, int] = _TABLES["alarm"]
EVALUATION: dict[str, int] = _TABLES["evaluation"]
COMPOSITE: dict[str, int] = _TABLES["composite"]
