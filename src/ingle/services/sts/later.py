"""Members that Ingle does not act on are refused by name, never ignored."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ingle.services.sts.errors import ValidationError

_TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
_WHY = _TABLES.pop("why")


def refuse_later(
    request: Mapping[str, Any], table: Literal["by_callers", "by_web_identities"]
) -> None:
    """Refuse a request that asks for what Ingle cannot do.

    Args:
        request: an operation's input.
        table: the part of `later.toml` that lists what to refuse.

    Raises:
        ValidationError: names the first such member.
    """
    for member in _TABLES[table]:
        if member in request:
            raise ValidationError(
                f"{member} is not supported by this version of Ingle: {_WHY[member]}. Leave it out."
            )
