"""The names of events, and what goes with them; the data are in events.toml."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("events.toml").read_text("utf-8"))
_VERSION = "2.1"
_PREFIX = "s3:"
_ANY = ":*"

BRIDGED: Mapping[str, Mapping[str, str]] = _DATA["bridged"]
"""What EventBridge is told of an event: `type`, `reason` and `deletion`."""

_NAMES: frozenset[str] = frozenset(_DATA["names"])
_GROUPS: dict[str, set[str]] = {}
for _name in _NAMES:
    if ":" in _name:
        _GROUPS.setdefault(_name.partition(":")[0], set()).add(_name)


def meant_by(text: str) -> frozenset[str]:
    """Say which events a rule means by a name, for instance `s3:ObjectCreated:*`; none if unknown.

    Returns:
        The names of single events, without `s3:`.
    """
    name = text.removeprefix(_PREFIX)
    if name == text:
        return frozenset()
    if name.endswith(_ANY):
        return frozenset(_GROUPS.get(name.removesuffix(_ANY), ()))
    return _NAMES & {name}


def record_version(name: str) -> str:
    """Say which version the record of an event has."""
    found: str = _DATA["versions"].get(name.partition(":")[0], _VERSION)
    return found
