"""`ingle top`: what functions do at this moment."""

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from ingle.cli.connection import Connection, connect
from ingle.cli.errors import CommandError
from ingle.cli.options import DataDir, EndpointUrl, Format, Region, TableFormat

_INTERRUPTED = 130


class Sort(StrEnum):
    """What functions are sorted by; all but the name with the largest first."""

    RATE = "rate"
    P50 = "p50"
    P99 = "p99"
    ERRORS = "errors"
    THROTTLES = "throttles"
    SANDBOXES = "sandboxes"
    MEMORY = "memory"
    NAME = "name"


_MEMBERS = {
    Sort.RATE: "PerSecond",
    Sort.P50: "P50Ms",
    Sort.P99: "P99Ms",
    Sort.ERRORS: "Errors",
    Sort.THROTTLES: "Throttles",
    Sort.SANDBOXES: "Sandboxes",
    Sort.MEMORY: "PeakMB",
}


def top(
    sort: Annotated[Sort, typer.Option("--sort", "-s", help="What to sort by.")] = Sort.RATE,
    seconds: Annotated[
        int, typer.Option(min=5, max=300, help="How many seconds the figures are of.")
    ] = 60,
    interval: Annotated[
        float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print it once, and end.")] = False,
    format: TableFormat = Format.TABLE,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Show what functions do at this moment, in a table that stays up to date.

    On a terminal, these keys sort: r (rate), 5 (p50), 9 (p99), e (errors), t (throttles),
    s (sandboxes), m (memory), n (name); q ends it. Elsewhere, and as JSON, it is printed once.

    \b
    Examples:
      ingle top
      ingle top --sort p99 --seconds 10
      ingle top --once --format json
    """
    look = _Look(connect(endpoint_url, data_dir, region), seconds)
    report = look.take()
    if format is Format.JSON:
        typer.echo(json.dumps({**report, "Functions": ordered(report, sort)}, indent=2))
        return
    from ingle.cli import top_screen

    if once or not (sys.stdout.isatty() and sys.stdin.isatty()):
        top_screen.print_once(report, sort)
        return
    try:
        top_screen.show(report, look.take, sort, interval)
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def ordered(report: Mapping[str, Any], sort: Sort) -> list[Mapping[str, Any]]:
    """Sort the functions of a report."""
    functions: list[Mapping[str, Any]] = sorted(
        report["Functions"], key=lambda each: str(each["Function"])
    )
    if sort is Sort.NAME:
        return functions
    member = _MEMBERS[sort]
    return sorted(functions, key=lambda each: each[member] or 0, reverse=True)


class _Look:
    """Asks the server what functions do."""

    def __init__(self, connection: Connection, seconds: int) -> None:
        self._connection = connection
        self._path = f"/_ingle/top?seconds={seconds}"

    def take(self) -> Mapping[str, Any]:
        """Ask once.

        Raises:
            CommandError: it does not answer.
        """
        with self._connection.errors():
            answer = self._connection.call("GET", self._path)
        if not isinstance(answer, dict) or "Functions" not in answer:
            raise CommandError("the answer tells of no functions", "is it the address of an Ingle?")
        return answer
