"""`ingle doctor`: what this machine, or the role of a function, lacks."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ingle.cli.connection import connect
from ingle.cli.errors import FAILURE
from ingle.cli.options import DEFAULT_DATA_DIR, DataDir, EndpointUrl, Format, Region, TableFormat
from ingle.config import Config

if TYPE_CHECKING:
    from ingle.cli.checks import Check

_DEFAULTS = Config()
_COLOURS = {"ok": "green", "weak": "yellow", "missing": "red"}


def doctor(
    function: Annotated[
        str | None,
        typer.Argument(show_default="this machine", help="A function whose permissions to check."),
    ] = None,
    data_dir: DataDir = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    host: Annotated[str, typer.Option(help="The address the server would use.")] = _DEFAULTS.host,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port the server would use.")
    ] = _DEFAULTS.port,
    format: TableFormat = Format.TABLE,
) -> None:
    """Check whether Ingle can run here, and how well it can lock functions in.

    With the name of a function, check on a running server what its role lacks: whether it is there,
    whether Lambda may assume it, and whether it allows logs and what the function is set up for.

    Exits with 0 unless Ingle, or the function, cannot run at all; what is weak it does without.

    \b
    Examples:
      ingle doctor
      ingle doctor hello
      sudo ingle doctor --data-dir /srv/ingle
      ingle doctor --format json
    """
    if function is None:
        from ingle.cli.checks import run_checks

        checks = run_checks((data_dir or DEFAULT_DATA_DIR).absolute(), host, port)
    else:
        from ingle.cli.function_checks import check_function

        connection = connect(endpoint_url, data_dir, region)
        with connection.errors():
            checks = check_function(connection, function)
    can_run = all(check.state != "missing" for check in checks)
    if format is Format.JSON:
        rows = [
            {"name": c.name, "state": c.state, "detail": c.detail, "advice": c.advice}
            for c in checks
        ]
        typer.echo(json.dumps({"can_run": can_run, "checks": rows}, indent=2))
    else:
        _print_table(checks)
    if not can_run:
        raise typer.Exit(FAILURE)


def _print_table(checks: Sequence["Check"]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("Check", "State", box=None, padding=(0, 2, 0, 0))
    table.add_column("Found", overflow="fold")
    table.add_column("What to do", overflow="fold")
    for check in checks:
        colour = _COLOURS[check.state]
        state = f"[{colour}]{check.state}[/]"
        table.add_row(escape(check.name), state, escape(check.detail), escape(check.advice))
    Console().print(table)
