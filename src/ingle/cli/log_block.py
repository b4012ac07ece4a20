"""One invocation's log as one block: what it took, then what it printed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from typer import style

from ingle.cli.log_lines import colour_of, utc

_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z ]+): (?P<value>[^\t\n]+)")
_NUMBERS = {
    "Duration": "DurationMs",
    "Billed Duration": "BilledMs",
    "Memory Size": "MemoryMB",
    "Max Memory Used": "PeakMB",
    "Init Duration": "InitMs",
    "Restore Duration": "RestoreMs",
}
_METRICS = {
    "durationMs": "DurationMs",
    "billedDurationMs": "BilledMs",
    "memorySizeMB": "MemoryMB",
    "maxMemoryUsedMB": "PeakMB",
    "initDurationMs": "InitMs",
    "restoreDurationMs": "RestoreMs",
}
_EDGES = ("START ", "END ", "REPORT ")


class Block:
    """One invocation.

    Args:
        request_id: its id.
        events: its events, in order.
    """

    def __init__(self, request_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        self._request_id = request_id
        self._events = events
        self._facts: dict[str, Any] = {}
        self._printed: list[Mapping[str, Any]] = []
        for event in events:
            if not self._understand(event["message"]):
                self._printed.append(event)

    def described(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "RequestId": self._request_id,
            "Stream": self._events[0]["logStreamName"],
            "Started": utc(self._events[0]["timestamp"]),
            **self._facts,
            "Lines": [
                {"Timestamp": utc(each["timestamp"]), "Message": each["message"].rstrip("\n")}
                for each in self._printed
            ],
        }

    def lines(self, *, colours: bool) -> Iterator[str]:
        """Return it as lines of text, with colours or without."""
        failed = self._facts.get("Status", "success") != "success"
        at = datetime.fromtimestamp(self._events[0]["timestamp"] / 1000)
        head = f"{self._request_id}  {at.isoformat(' ', 'milliseconds')}"
        facts = "  ".join(self._told())
        if colours:
            head = style(head, bold=True)
            facts = style(facts, fg="red") if failed else style(facts, dim=True)
        yield head
        yield f"  {facts}"
        for event in self._printed:
            message = event["message"].rstrip()
            after_ms = event["timestamp"] - self._events[0]["timestamp"]
            first, *others = message.splitlines() or [""]
            when = f"{after_ms:+7d} ms"
            yield f"{style(when, dim=True) if colours else when}  {_shown(first, colours)}"
            for line in others:
                yield f"{'':{len(when)}}  {_shown(line, colours, message)}"

    def _told(self) -> Iterator[str]:
        facts = self._facts
        if "Version" in facts:
            yield f"version {facts['Version']}"
        if "DurationMs" not in facts:
            yield "has not ended yet"
            return
        yield f"took {facts['DurationMs']} ms, billed {facts.get('BilledMs', '?')} ms"
        if "PeakMB" in facts:
            yield f"{facts['PeakMB']} of {facts['MemoryMB']} MB"
        for name, what in (("InitMs", "cold start"), ("RestoreMs", "restored in")):
            if name in facts:
                yield f"{what} {facts[name]} ms"
        if facts.get("Status", "success") != "success":
            yield f"status {facts['Status']}" + (
                f" ({facts['ErrorType']})" if "ErrorType" in facts else ""
            )

    def _understand(self, message: str) -> bool:
        """Take the facts out of one of the platform's lines; say whether it is one."""
        if message.startswith(_EDGES):
            fields = {match["name"]: match["value"] for match in _FIELD.finditer(message)}
            if message.startswith("START "):
                _, _, version = message.partition(" Version: ")
                self._facts["Version"] = version.strip()
            for name, member in _NUMBERS.items():
                if name in fields:
                    self._facts[member] = _number(fields[name].split()[0])
            for name, member in (("Status", "Status"), ("Error Type", "ErrorType")):
                if name in fields:
                    self._facts[member] = fields[name].strip()
            return True
        event = _platform_event(message)
        if event is None:
            return False
        record = event["record"]
        if "version" in record:
            self._facts["Version"] = record["version"]
        if event["type"] == "platform.report":
            for name, member in _METRICS.items():
                if name in record.get("metrics", {}):
                    self._facts[member] = record["metrics"][name]
        for name, member in (("status", "Status"), ("errorType", "ErrorType")):
            if name in record:
                self._facts[member] = record[name]
        return True


def _platform_event(message: str) -> Mapping[str, Any] | None:
    if not message.startswith("{"):
        return None
    try:
        event = json.loads(message)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("record"), dict):
        return None
    return event if str(event.get("type", "")).startswith("platform.") else None


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value == int(value) else value


def _shown(line: str, colours: bool, message: str = "") -> str:
    if not colours:
        return line
    colour = colour_of(message or line)
    return style(line, fg=colour) if colour else line
