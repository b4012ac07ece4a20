"""Writes docs/api-coverage.md: which of AWS's operations Ingle has.

Asks no server: the operations are those of botocore's models, and Ingle has those for which the
service's class has a method. `later.toml` says which members of them are refused.
"""

import importlib
import json
import pkgutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ingle.services
from ingle.wire.model import Model, load_model
from ingle.wire.service import Service
from ingle.wire.shapes import Shape

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api-coverage.md"
_INTRODUCTION = """\
# API coverage

Every operation that AWS has of the services that Ingle serves, by botocore's models, and whether
Ingle has it. An operation that it does not have is refused by name (`NotImplemented`, 501), and so
is a parameter that it does not act on; the last column names these.

This page is written by `make api-coverage`, and a test keeps it up to date.
"""


def services() -> list[type[Service]]:
    """The classes of all services, by name: those of each `ingle.services.<name>.api`."""
    found: dict[str, type[Service]] = {}
    for package in pkgutil.iter_modules(ingle.services.__path__, "ingle.services."):
        if not package.ispkg:
            continue
        for each in vars(importlib.import_module(f"{package.name}.api")).values():
            if isinstance(each, type) and issubclass(each, Service) and each is not Service:
                found[each.name] = each
    return [found[name] for name in sorted(found)]


def refusals(service: type[Service], model: Model, operation: str) -> list[str]:
    """The members of an operation's input that are refused, by the `later.toml` beside its class.

    Its table `applies` says for each of the others to which operations, or structures in their
    input, it applies.
    """
    page = Path(importlib.import_module(service.__module__).__file__ or "")
    path = page.with_name("later.toml")
    if not path.is_file():
        return []
    tables = tomllib.loads(path.read_text("utf-8"))
    return [
        refusal
        for table, where in tables.pop("applies").items()
        for place in where
        if place.partition(".")[0] == operation
        for refusal in _refused(tables[table], model, operation, place.partition(".")[2])
    ]


def _refused(table: Mapping[str, Any], model: Model, operation: str, member: str) -> Iterator[str]:
    shape: Shape | None = model.operation(operation).input
    if shape is not None and member:
        shape = shape.members[member]
    for name, taken in table.items():
        if shape is not None and name in shape.members:
            path = f"`{member}.{name}`" if member else f"`{name}`"
            yield f"{path} other than `{json.dumps(taken)}`" if taken else path


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for service in services():
        model = load_model(service.name)
        rows = []
        for name in sorted(model.operation_names):
            has = hasattr(service, model.operation(name).method)
            told = ", ".join(refusals(service, model, name)) if has else ""
            rows.append(f"| `{name}` | {'yes' if has else 'no'} | {told} |".replace("|  |", "| |"))
        count = sum("| yes |" in row for row in rows)
        parts.append(
            f"\n## {model.metadata['serviceFullName']}\n\n"
            f"{count} of {len(rows)} operations.\n\n"
            "| Operation | Implemented | Refused by name |\n|---|---|---|\n"
            + "".join(f"{row}\n" for row in rows)
        )
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
