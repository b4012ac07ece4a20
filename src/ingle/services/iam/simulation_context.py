"""The condition keys that a simulation is given, of the types that it names.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ingle.iam.request import Values
from ingle.services.iam.errors import InvalidInput

_LIST = "List"


def context_values(entries: Iterable[Mapping[str, Any]]) -> dict[str, Values]:
    """Read ContextEntries: the values by the names of the keys in lower case.

    Raises:
        InvalidInput: a value is not of its type, or there are several of a type that has one.
    """
    found: dict[str, Values] = {}
    for entry in entries:
        name, values = entry.get("ContextKeyName"), tuple(entry.get("ContextKeyValues", ()))
        if name is None:
            raise InvalidInput("A context entry has no ContextKeyName.")
        kind = entry.get("ContextKeyType", "stringList")
        if len(values) > 1 and not kind.endswith(_LIST):
            raise InvalidInput(
                f"The context key {name} has several values, and its type is {kind}."
            )
        check = _CHECKS.get(kind.removesuffix(_LIST), str)
        for value in values:
            try:
                check(value)
            except ValueError as error:
                raise InvalidInput(
                    f"The value {value} of the context key {name} is not of the type {kind}."
                ) from error
        found[name.lower()] = values
    return found


def _boolean(value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)


def _date(value: str) -> None:
    if not value.isdecimal():  # seconds since the epoch are a date, too
        datetime.fromisoformat(value)


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "boolean": _boolean,
    "date": _date,
    "ip": lambda value: ipaddress.ip_network(value, strict=False),
    "numeric": float,
}
