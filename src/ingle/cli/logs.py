"""`ingle logs`: the log lines of a function, as they come."""

import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from ingle.cli.connection import connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Region

_INTERRUPTED = 130
_POLL_S = 0.5
# Lines are stored in batches, each sandbox's on its own: some come in behind newer ones.
_LATE_MS = 10_000
_SPAN = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhdw])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def logs(
    name: Annotated[str, typer.Argument(help="The function's name or ARN.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on printing what comes, until Ctrl-C.")
    ] = False,
    since: Annotated[
        str, typer.Option(metavar="10s|10m|10h|10d|10w", help="How far to look back.")
    ] = "10m",
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="TERM", help="Only lines that hold these terms, as CloudWatch has it."
        ),
    ] = None,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Print a function's log lines, the oldest first.

    \b
    Examples:
      ingle logs hello
      ingle logs hello --follow
      ingle logs hello --since 2d --filter ERROR
    """
    start_ms = int(time.time() * 1000) - _milliseconds(since)
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        functions = connection.client("lambda")
        reader = _Reader(connection.client("logs"), _group_of(functions, name), filter)
        try:
            if not reader.group_exists():
                functions.get_function_configuration(FunctionName=name)
                typer.echo(f"{name} has not logged anything yet", err=True)
            while True:
                for event in reader.new_events(start_ms):
                    _print(event)
                if not follow:
                    return
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


class _Reader:
    """Reads one log group again and again, and returns each event once."""

    def __init__(self, client: Any, group: str, pattern: str | None) -> None:
        self._client = client
        self._request = {"logGroupName": group}
        if pattern:
            self._request["filterPattern"] = pattern
        self._seen: dict[str, int] = {}
        self._newest_ms = 0

    def group_exists(self) -> bool:
        try:
            self._client.filter_log_events(**self._request, limit=1)
        except self._client.exceptions.ResourceNotFoundException:
            return False
        return True

    def new_events(self, start_ms: int) -> Iterator[dict[str, Any]]:
        """Yield the events since a time, or since shortly before the newest one known."""
        request: dict[str, Any] = dict(self._request)
        request["startTime"] = max(start_ms, self._newest_ms - _LATE_MS)
        while True:
            try:
                page = self._client.filter_log_events(**request)
            except self._client.exceptions.ResourceNotFoundException:
                return  # made when the function first runs
            for event in page["events"]:
                if event["eventId"] not in self._seen:
                    self._seen[event["eventId"]] = event["timestamp"]
                    self._newest_ms = max(self._newest_ms, event["timestamp"])
                    yield event
            if "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
        oldest_ms = self._newest_ms - _LATE_MS
        self._seen = {key: at for key, at in self._seen.items() if at >= oldest_ms}


def _print(event: dict[str, Any]) -> None:
    at = datetime.fromtimestamp(event["timestamp"] / 1000).isoformat(" ", "milliseconds")
    sys.stdout.write(f"{at}  {event['message'].rstrip()}\n")
    sys.stdout.flush()


def _group_of(functions: Any, name: str) -> str:
    """Return the log group of a function, which may be given as an ARN or with a qualifier.

    The log of a function that is gone is still where a function of its name writes by default.
    """
    try:
        configuration = functions.get_function_configuration(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        parts = name.split(":")
        at = parts.index("function") + 1 if "function" in parts[:-1] else 0
        return f"/aws/lambda/{parts[at]}"
    return str(configuration["LoggingConfig"]["LogGroup"])


def _milliseconds(span: str) -> int:
    match = _SPAN.fullmatch(span)
    if match is None:
        raise CommandError(
            f"--since {span!r} is not a span of time",
            "give one like 90s, 10m, 2h or 7d",
            USAGE,
        )
    return int(match["count"]) * _UNIT_S[match["unit"]] * 1000
