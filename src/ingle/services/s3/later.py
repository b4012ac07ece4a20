"""Members that Ingle does not act on yet are refused by name, never ignored."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ingle.services.s3.errors import NotSupported

_TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


def refuse_later(
    members: Mapping[str, Any], table: Literal["object", "deletion", "bucket", "versioning"]
) -> None:
    """Refuse a structure that asks for what Ingle cannot do.

    Args:
        members: the structure's members.
        table: the part of `later.toml` that lists what to refuse.

    Raises:
        NotSupported: names the first such member.
    """
    for member, does_anyway in _TABLES[table].items():
        value = members.get(member)
        if value and value != does_anyway:
            hint = f" Use {does_anyway}." if isinstance(does_anyway, str) else " Leave it out."
            raise NotSupported(f"{member} is not supported by this version of Ingle.{hint}")
