"""Log events as queries see them: with the fields that are found in them.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import orjson

from ingle.services.logs.insights.values import Moment, Value, text

_MOST_FIELDS = 200
"""AWS finds so many fields of JSON in an event."""
_MEGABYTE = 1_000_000
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLATFORM = re.compile(rf"(START|END|REPORT) RequestId: ({_UUID})", re.ASCII)
_REQUEST = re.compile(rf"(?:RequestId: |\t| |^)({_UUID})(?=\s|$)", re.ASCII)
# An id further behind belongs to the text.
_HEAD = 160
_MEASURES = re.compile(
    r"\t(Duration|Billed Duration|Memory Size|Max Memory Used|Init Duration|Restore Duration"
    r"|Billed Restore Duration): ([0-9.]+) (ms|MB)",
    re.ASCII,
)
_XRAY = re.compile(r"XRAY TraceId: (\S+)\tSegmentId: (\S+)", re.ASCII)
_FIELDS = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
    "Init Duration": "@initDuration",
    "Restore Duration": "@restoreDuration",
    "Billed Restore Duration": "@billedRestoreDuration",
}


class _Position(Protocol):
    @property
    def timestamp_ms(self) -> int: ...
    @property
    def text(self) -> str: ...


class _Group(Protocol):
    @property
    def account_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Row:
    """What a command hands to the next: fields by name."""

    __slots__ = ("fields",)

    def __init__(self, fields: dict[str, Value]) -> None:
        self.fields = fields

    def get(self, name: str) -> Value:
        """Return a field; None where there is none."""
        return self.fields.get(name)

    def set(self, name: str, value: Value) -> None:
        """Give a field a value."""
        self.fields[name] = value


class Record(Row):
    """A log event; what is in its message is looked for when it is asked for."""

    __slots__ = ("_embedded", "_platform", "message")

    def __init__(self, fields: dict[str, Value], message: str) -> None:
        super().__init__(fields)
        self.message = message
        self._embedded: dict[str, Value] | None = None
        self._platform: dict[str, Value] | None = None

    def get(self, name: str) -> Value:
        """Return a field; None where there is none."""
        value = self.fields.get(name)
        if value is not None:
            return value
        if name.startswith("@"):
            return self.platform.get(name)
        return self.embedded.get(name)

    @property
    def embedded(self) -> Mapping[str, Value]:
        """The fields of the first JSON in the message, those within others by `outer.inner`."""
        if self._embedded is None:
            self._embedded = _embedded(self.message)
        return self._embedded

    @property
    def platform(self) -> Mapping[str, Value]:
        """The fields that lines of Lambda have."""
        if self._platform is None:
            self._platform = _platform(self.message)
        return self._platform

    def texts(self) -> Iterator[tuple[str, str]]:
        """List all fields as GetLogRecord shows them."""
        for name, value in {**self.embedded, **self.platform, **self.fields}.items():
            yield name, str(int(value)) if isinstance(value, Moment) else text(value)


def record_of(
    position: _Position, message: str, ingestion_ms: int, stream: str, group: _Group
) -> Record:
    """Make a record of an event.

    Args:
        position: its time, and what @ptr is.
        message: its text.
        ingestion_ms: when it came.
        stream: the name of its stream.
        group: its group.
    """
    return Record(
        {
            "@timestamp": Moment(position.timestamp_ms),
            "@message": message,
            "@ingestionTime": Moment(ingestion_ms),
            "@logStream": stream,
            "@log": f"{group.account_id}:{group.name}",
            "@ptr": position.text,
        },
        message,
    )


def discovered_fields(messages: Sequence[str], _group: _Group) -> Mapping[str, int]:
    """Count how many of some events have each field."""
    counts: Counter[str] = Counter()
    always = ("@timestamp", "@message", "@ingestionTime", "@logStream", "@log")
    for message in messages:
        record = Record({}, message)
        counts.update({*always, *record.embedded, *record.platform})
    return counts


def _platform(message: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    line = _PLATFORM.match(message)
    if line is None:
        request = _REQUEST.search(message[:_HEAD])
        if request is not None:
            found["@requestId"] = request[1]
        return found
    found["@type"], found["@requestId"] = line[1], line[2]
    if line[1] == "REPORT":
        for name, number, unit in _MEASURES.findall(message):
            read = float(number)
            found[_FIELDS[name]] = read * _MEGABYTE if unit == "MB" else read
        trace = _XRAY.search(message)
        if trace is not None:
            found["@xrayTraceId"], found["@xraySegmentId"] = trace[1], trace[2]
    return found


def _embedded(message: str) -> dict[str, Value]:
    start = message.find("{")
    if start < 0:
        return {}
    end = message.rfind("}")
    if end < start:
        return {}
    try:
        document = orjson.loads(message[start : end + 1])
    except orjson.JSONDecodeError:
        return {}
    found: dict[str, Value] = {}
    _flatten(document, "", found)
    return found


def _flatten(value: Any, name: str, found: dict[str, Value]) -> None:
    if len(found) >= _MOST_FIELDS:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, found)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _flatten(inner, f"{name}.{index}", found)
    elif value is not None and name:
        found[name] = value
