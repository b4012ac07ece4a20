"""Reads a function's log group, a page at a time."""

from collections.abc import Iterator
from typing import Any

# Lines are stored in batches, each sandbox's on its own: some come in behind newer ones.
_LATE_MS = 10_000
_BEGINS = ("START RequestId: ", '"platform.start"')
_ENDS = ("REPORT RequestId: ", '"platform.report"')

Event = dict[str, Any]


class Reader:
    """Reads one log group again and again, and returns each event once.

    Args:
        client: of CloudWatch Logs.
        group: the group's name.
        pattern: only events that match this; None for all.
        end_ms: only events before this, in milliseconds since the epoch; None for all.
    """

    def __init__(
        self, client: Any, group: str, pattern: str | None, end_ms: int | None = None
    ) -> None:
        self._client = client
        self._request: dict[str, Any] = {"logGroupName": group}
        if pattern:
            self._request["filterPattern"] = pattern
        if end_ms is not None:
            self._request["endTime"] = end_ms
        self._seen: dict[str, int] = {}
        self._newest_ms = 0

    def group_exists(self) -> bool:
        """Whether there is such a group."""
        try:
            self._client.filter_log_events(**self._request, limit=1)
        except self._client.exceptions.ResourceNotFoundException:
            return False
        return True

    def new_events(self, start_ms: int) -> Iterator[Event]:
        """Yield the events since a time, or since shortly before the newest one known."""
        since = max(start_ms, self._newest_ms - _LATE_MS)
        for event in self._pages(**self._request, startTime=since):
            if event["eventId"] not in self._seen:
                self._seen[event["eventId"]] = event["timestamp"]
                self._newest_ms = max(self._newest_ms, event["timestamp"])
                yield event
        oldest_ms = self._newest_ms - _LATE_MS
        self._seen = {key: at for key, at in self._seen.items() if at >= oldest_ms}

    def of_request(self, request_id: str, start_ms: int) -> list[Event]:
        """Return the events of one invocation, those between its first and its last line.

        What the function printed in between belongs to it too, because a sandbox runs one
        invocation at a time and has a stream of its own.
        """
        quoted = '"' + request_id.replace("\\", "\\\\").replace('"', '\\"') + '"'
        named = list(self._pages(**{**self._request, "filterPattern": quoted}, startTime=start_ms))
        first = next((each for each in named if _is(each, _BEGINS)), None)
        if first is None:
            return named
        last = next((each for each in named if _is(each, _ENDS)), None)
        found: list[Event] = []
        within = {
            "logGroupName": self._request["logGroupName"],
            "logStreamNames": [first["logStreamName"]],
            "startTime": first["timestamp"],
        }
        if last is not None:
            within["endTime"] = last["timestamp"] + 1
        for event in self._pages(**within):
            if found or event["eventId"] == first["eventId"]:
                if found and last is None and _is(event, _BEGINS):
                    break
                found.append(event)
            if last is not None and event["eventId"] == last["eventId"]:
                break
        return found

    def _pages(self, **request: Any) -> Iterator[Event]:
        while True:
            try:
                page = self._client.filter_log_events(**request)
            except self._client.exceptions.ResourceNotFoundException:
                return  # made when the function first runs
            yield from page["events"]
            if "nextToken" not in page:
                return
            request["nextToken"] = page["nextToken"]


def _is(event: Event, kinds: tuple[str, str]) -> bool:
    text, in_json = kinds
    message: str = event["message"]
    return message.startswith(text) or (message.startswith("{") and in_json in message)


def group_of(functions: Any, name: str) -> str:
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
