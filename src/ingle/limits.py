"""How large requests may be; the figures are in limits.toml."""

import tomllib
from pathlib import Path
from typing import Any

_LIMITS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_DEFAULT = int(_LIMITS["default"])


def max_body(service: str, operation: str) -> int:
    """Return the most bytes that the body of a request for this operation may have."""
    operations = _LIMITS.get(service)
    return _DEFAULT if operations is None else int(operations.get(operation, _DEFAULT))
