"""`ingle logs`: the log lines of a function, as they come."""

import json
import sys
import time
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from ingle.cli.amounts import moment_ms
from ingle.cli.connection import connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.log_lines import Lines
from ingle.cli.log_reader import Reader, group_of
from ingle.cli.options import DataDir, EndpointUrl, Region

_INTERRUPTED = 130
_POLL_S = 0.5
_USUAL = "10m"
_OF_REQUEST = "30d"
"""How far back a request is looked for."""


class LogFormat(StrEnum):
    """How log lines are printed."""

    TEXT = "text"
    JSON = "json"


def logs(
    name: Annotated[str, typer.Argument(help="The function's name or ARN.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on printing what comes, until Ctrl-C.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN|TIME",
            show_default=_USUAL,
            help="How far to look back, like 90s, 10m, 2h, 7d, or from when, like "
            "2026-11-21T14:30.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="SPAN|TIME", help="Nothing later than this.")
    ] = None,
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Only lines that match this, as CloudWatch Logs has it."
        ),
    ] = None,
    request: Annotated[
        str | None, typer.Option(metavar="ID", help="All that one invocation logged, as a block.")
    ] = None,
    format: Annotated[
        LogFormat, typer.Option("--format", help="As lines, or each event as JSON.")
    ] = LogFormat.TEXT,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Print a function's log lines, the oldest first; on a terminal, in colours.

    \b
    Examples:
      ingle logs hello
      ingle logs hello --follow
      ingle logs hello --since 2d --until 1d --filter ERROR
      ingle logs hello --request 3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a
      ingle logs hello --format json | jq -r .message
    """
    now_ms = int(time.time() * 1000)
    if since is None:
        since = _USUAL if request is None else _OF_REQUEST
    start_ms = moment_ms("--since", since, now_ms)
    end_ms = moment_ms("--until", until, now_ms) if until is not None else None
    _check(follow, until, filter, request)
    if end_ms is not None and end_ms <= start_ms:
        raise CommandError(
            "--until is not after --since, so there is nothing between",
            "give an earlier --since",
            USAGE,
        )
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        functions = connection.client("lambda")
        reader = Reader(connection.client("logs"), group_of(functions, name), filter, end_ms)
        if not reader.group_exists():
            functions.get_function_configuration(FunctionName=name)
            if request is None:
                typer.echo(f"{name} has not logged anything yet", err=True)
        if request is not None:
            _print_request(reader, name, request, start_ms, format)
            return
        lines = Lines(sys.stdout, as_json=format is LogFormat.JSON)
        try:
            while True:
                for event in reader.new_events(start_ms):
                    lines.write(event)
                if not follow:
                    return
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


def _check(follow: bool, until: str | None, filter: str | None, request: str | None) -> None:
    """Refuse options that contradict each other."""
    if follow and until is not None:
        raise CommandError(
            "--follow has no end, so not --until either", "leave one of them out", USAGE
        )
    if request is not None and (follow or filter is not None):
        other = "--follow" if follow else "--filter"
        raise CommandError(
            f"--request prints one invocation, and not {other}", "leave one of them out", USAGE
        )


def _print_request(
    reader: Reader, name: str, request_id: str, start_ms: int, format: LogFormat
) -> None:
    from ingle.cli.log_block import Block

    events = reader.of_request(request_id, start_ms)
    if not events:
        since = datetime.fromtimestamp(start_ms / 1000).strftime("%Y-%m-%d %H:%M")
        raise CommandError(
            f"{name} has logged nothing of a request {request_id} since {since}",
            "look further back with --since, or list requests with "
            f"`ingle logs {name} --filter REPORT`",
        )
    block = Block(request_id, events)
    if format is LogFormat.JSON:
        described: dict[str, Any] = block.described()
        typer.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    for line in block.lines(colours=Lines(sys.stdout).colours):
        typer.echo(line, color=True)
