"""Members that Ingle does not act on yet are refused by name, never ignored."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ingle.services.lambda_.errors import InvalidParameterValue

_TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("later.toml").read_text("utf-8")
)
_WHY = _TABLES.pop("why")


def refuse_later(
    members: Mapping[str, Any],
    table: Literal["function", "code", "durable"],
    path: str = "",
) -> None:
    """Refuse a structure that asks for what Ingle cannot do.

    Args:
        members: the structure's members.
        table: the part of `later.toml` that lists what to refuse.
        path: what stands before the members' names in the message, for instance `Code.`.

    Raises:
        InvalidParameterValue: names the first such member.
    """
    for member, does_anyway in _TABLES[table].items():
        if member not in members:
            continue
        value = _simplified(members[member])
        if value is not None and value != does_anyway:
            why = f": {_WHY[member]}" if member in _WHY else ""
            raise InvalidParameterValue(
                f"{path}{member} is not supported by this version of Ingle{why}. Leave it out."
            )


def _simplified(value: Any) -> Any:
    """Return a value without what is empty or false in it, or None if nothing is left."""
    if isinstance(value, Mapping):
        kept = {name: _simplified(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None} or None
    return value or None
