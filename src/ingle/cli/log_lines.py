"""How log events are printed, one after the other."""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from typer import style

_PLATFORM = ("START ", "END ", "REPORT ", "INIT_START ", "INIT_REPORT ", "RESTORE_", "XRAY ")
_ERROR = re.compile(
    r'\[?\b(ERROR|CRITICAL|FATAL)\b|"level":\s*"(ERROR|FATAL|CRITICAL)"|^Traceback|Task timed out'
)
_WARNING = re.compile(r'\[?\bWARN(ING)?\b|"level":\s*"WARN(ING)?"')


class Lines:
    """Writes events.

    Args:
        to: where to.
        as_json: each as an object in a line of its own.

    Attributes:
        colours: whether what is written is for a terminal, and may have colours; see
            https://no-color.org.
    """

    def __init__(self, to: TextIO, *, as_json: bool = False) -> None:
        self._to = to
        self._as_json = as_json
        self.colours = to.isatty() and not os.environ.get("NO_COLOR")

    def write(self, event: Mapping[str, Any]) -> None:
        """Write one event, so that a reader sees it at once."""
        self._to.write(self._json(event) if self._as_json else self._text(event))
        self._to.flush()

    def _text(self, event: Mapping[str, Any]) -> str:
        at = datetime.fromtimestamp(event["timestamp"] / 1000).isoformat(" ", "milliseconds")
        message = event["message"].rstrip()
        if not self.colours:
            return f"{at}  {message}\n"
        return f"{style(at, dim=True)}  {coloured(message)}\n"

    def _json(self, event: Mapping[str, Any]) -> str:
        described = {
            "timestamp": utc(event["timestamp"]),
            "stream": event["logStreamName"],
            "message": event["message"].rstrip("\n"),
        }
        return json.dumps(described, ensure_ascii=False) + "\n"


def utc(ms: int) -> str:
    """Write a time in milliseconds since the epoch as ISO 8601 has it."""
    at = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def coloured(message: str) -> str:
    """Colour a message by what it tells of: the platform's dimly, errors red, warnings yellow."""
    if message.startswith(_PLATFORM) or '"type":"platform.' in message[:80]:
        failed = "\tStatus: " in message
        return style(message, fg="red") if failed else style(message, dim=True)
    colour = colour_of(message)
    return style(message, fg=colour) if colour else message


def colour_of(message: str) -> str | None:
    """The colour of a message of a function's own; None for no colour."""
    if _ERROR.search(message):
        return "red"
    return "yellow" if _WARNING.search(message) else None
