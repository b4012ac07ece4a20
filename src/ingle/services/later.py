"""Members of requests that Ingle does not act on are refused by name, never ignored.

Which these are says the `later.toml` of a service: tables of members with the one value that Ingle
acts on anyway, or `{}` for none; `why`, where there is a reason; and `applies`, the operations and
structures that a table is for, for `docs/api-coverage.md`.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ingle.wire.errors import ServiceError


class Later:
    """What a service refuses.

    Args:
        path: its `later.toml`.
        error: makes the error of a text.
    """

    def __init__(self, path: Path, error: Callable[[str], ServiceError]) -> None:
        self._tables: dict[str, dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))
        self._why = self._tables.pop("why", {})
        self._error = error

    def refuse(self, members: Mapping[str, Any], table: str, path: str = "") -> None:
        """Refuse a structure that asks for what Ingle cannot do.

        Args:
            members: the structure's members.
            table: the table of what to refuse.
            path: what stands before the members' names in the message.

        Raises:
            ServiceError: names the first such member.
        """
        for member, does_anyway in self._tables[table].items():
            value = members.get(member)
            if value and value != does_anyway:
                why = f": {self._why[member]}" if member in self._why else ""
                raise self._error(
                    f"{path}{member} is not supported by this version of Ingle{why}. Leave it out."
                )
