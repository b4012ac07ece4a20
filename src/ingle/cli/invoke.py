"""`ingle invoke`: run a function and print what it returns."""

import base64
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ingle.cli.connection import connect
from ingle.cli.errors import FAILURE, USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Region

_LONGEST_INVOCATION_S = 900


def invoke(
    name: Annotated[str, typer.Argument(help="The function's name or ARN.")],
    event: Annotated[
        str,
        typer.Option(
            metavar="JSON|@FILE|-",
            help="The event: JSON text, a file that holds it, or - for standard input.",
        ),
    ] = "{}",
    log: Annotated[
        bool, typer.Option("--log/--no-log", help="Print the end of its log on standard error.")
    ] = True,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Run a function and print what it returns.

    The answer goes to standard output; the log and errors go to standard error. Exits with 1 if
    the function failed.

    \b
    Examples:
      ingle invoke hello
      ingle invoke hello --event '{"username": "Sally"}'
      ingle invoke hello --event @event.json --no-log
      echo '[1, 2]' | ingle invoke hello --event - > answer.json
    """
    payload = _read_event(event)
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        answer = connection.client("lambda", _LONGEST_INVOCATION_S).invoke(
            FunctionName=name, Payload=payload, LogType="Tail" if log else "None"
        )
        result: bytes = answer["Payload"].read()
    if log:
        sys.stderr.write(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))
        sys.stderr.flush()
    _print_payload(result)
    failure = answer.get("FunctionError")
    if failure:
        typer.echo(f"{failure}: {_describe(result)}", err=True)
        raise typer.Exit(FAILURE)


def _read_event(text: str) -> bytes:
    try:
        if text == "-":
            content = sys.stdin.buffer.read()
        elif text.startswith("@"):
            content = Path(text[1:]).read_bytes()
        else:
            content = text.encode()
    except OSError as error:
        raise CommandError(
            f"the event cannot be read from {text[1:]}: {error.strerror}", status=USAGE
        ) from error
    except UnicodeEncodeError as error:
        raise CommandError("the event is not valid UTF-8", status=USAGE) from error
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CommandError(
            f"the event is not JSON: {error}",
            "give it like --event '{\"key\": 1}', or as --event @FILE",
            USAGE,
        ) from error
    return content


def _print_payload(payload: bytes) -> None:
    if sys.stdout.isatty():
        with suppress(ValueError, RecursionError):  # what is not JSON is printed as it came
            payload = json.dumps(json.loads(payload), indent=2, ensure_ascii=False).encode()
    sys.stdout.buffer.write(payload + b"\n")
    sys.stdout.buffer.flush()


def _describe(payload: bytes) -> str:
    """Say in a line what the function's error was."""
    try:
        error = json.loads(payload)
        message = error["errorMessage"]
    except (ValueError, TypeError, KeyError):
        return "the function failed"
    return f"{error['errorType']}: {message}" if error.get("errorType") else str(message)
