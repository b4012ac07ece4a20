"""`ingle runtimes`: which runtimes this machine can run."""

import json

import typer

from ingle.cli.options import Format, TableFormat


def runtimes(format: TableFormat = Format.TABLE) -> None:
    """Show which runtimes this machine has interpreters for.

    \b
    Examples:
      ingle runtimes
      ingle runtimes --format json
    """
    from ingle.runtimes.catalogue import catalogue, install_hint, served_runtimes
    from ingle.runtimes.discovery import discover

    found = {each.runtime: each for each in discover()}
    rows = []
    for runtime in served_runtimes():
        interpreter = found.get(runtime)
        deprecated = catalogue()[runtime].deprecated
        rows.append(
            {
                "runtime": runtime,
                "version": interpreter.version if interpreter else None,
                "path": str(interpreter.executable) if interpreter else None,
                "install": None if interpreter else install_hint(runtime),
                "deprecated": deprecated.isoformat() if deprecated else None,
            }
        )
    if format is Format.JSON:
        typer.echo(json.dumps(rows, indent=2))
        return

    from rich.console import Console
    from rich.table import Table

    table = Table("Runtime", "Version", "Deprecated", box=None, padding=(0, 2, 0, 0))
    table.add_column("Interpreter", overflow="fold")
    for row in rows:
        missing = f"[yellow]missing[/]; to install it: {row['install']}"
        table.add_row(
            row["runtime"], row["version"] or "—", row["deprecated"] or "—", row["path"] or missing
        )
    Console().print(table)
