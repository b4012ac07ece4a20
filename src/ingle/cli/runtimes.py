"""`ingle runtimes`: which runtimes this machine can run."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import ConfigFile, Format, Search, Substitutes, TableFormat
from ingle.config import ConfigError, load_config

if TYPE_CHECKING:
    from ingle.runtimes.interpreter import Interpreter

_Row = dict[str, str | None]


def runtimes(
    format: TableFormat = Format.TABLE,
    runtimes_substitutes: Substitutes = None,
    runtimes_search: Search = None,
    config: ConfigFile = None,
) -> None:
    """Show which runtimes this machine can run, and how to install the others.

    Needs no server; one with the same settings serves the same runtimes.

    \b
    Examples:
      ingle runtimes
      ingle runtimes --substitutes true
      ingle runtimes --search /srv/runtimes --format json
    """
    flags = {"runtimes_substitutes": runtimes_substitutes, "runtimes_search": runtimes_search}
    try:
        settings = load_config(flags, file=config)
    except ConfigError as error:
        raise CommandError(str(error), "see `ingle runtimes --help`", USAGE) from error
    rows = _rows(settings.runtimes_substitutes, settings.runtimes_search)
    if format is Format.JSON:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_tables(rows)


def _rows(substitutes: bool | frozenset[str], search: Sequence[Path]) -> list[_Row]:
    from ingle.runtimes.catalogue import catalogue, install_hint
    from ingle.runtimes.discovery import discover

    found = {each.runtime: each for each in discover(more=search, substitutes=substitutes)}
    rows: list[_Row] = []
    for info in catalogue().values():
        if info.served:
            interpreter = found.get(info.id)
            missing = interpreter is None and bool(info.line)
            rows.append(
                {
                    "runtime": info.id,
                    "served_by": None if missing else _manner(interpreter),
                    "version": interpreter.version if interpreter else None,
                    "path": str(interpreter.executable) if interpreter else None,
                    "package": interpreter.package if interpreter else None,
                    "install": install_hint(info.id) if missing else None,
                    "deprecated": info.deprecated.isoformat() if info.deprecated else None,
                }
            )
    return rows


def _manner(interpreter: "Interpreter | None") -> str:
    if interpreter is None:
        return "the function"
    if interpreter.substitute:
        return "substitute"
    return "own" if interpreter.package is None else "pip"


def _print_tables(rows: Sequence[_Row]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    style = {"box": None, "padding": (0, 2, 0, 0)}
    present = Table("Runtime", "Version", "Served by", "AWS ended it", **style)  # type: ignore[arg-type]
    present.add_column("Interpreter", overflow="fold")
    missing = Table("Missing", **style)  # type: ignore[arg-type]
    missing.add_column("To install it", overflow="fold")
    for row in rows:
        if row["install"]:
            missing.add_row(row["runtime"], escape(row["install"]))
            continue
        manner = escape(row["served_by"] or "")
        present.add_row(
            row["runtime"],
            row["version"] or "—",
            f"[yellow]{manner}[/]" if manner == "substitute" else manner,
            _ended(row["deprecated"]),
            escape(row["path"] or "bootstrap"),
        )
    console = Console()
    console.print(present)
    if missing.row_count:
        console.print()
        console.print(missing)


def _ended(deprecated: str | None) -> str:
    if deprecated is None or date.fromisoformat(deprecated) > date.today():
        return "—"
    return deprecated
