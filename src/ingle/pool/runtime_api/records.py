"""Telemetry events, in the schemas of both APIs.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html#runtimes-logs-api-msg
"""

import time
from collections.abc import Mapping
from typing import Any

import orjson

from ingle.pool.runtime_api.subscription import Api, Subscription

Record = str | Mapping[str, Any]

_ONLY_LOGS = frozenset({"platform.end", "platform.logsSubscription"})
# What the Logs API knows of the platform, and which members its records have.
_IN_LOGS: dict[str, frozenset[str] | None] = {
    "platform.start": frozenset({"requestId", "version"}),
    "platform.end": None,
    "platform.report": frozenset({"requestId", "metrics"}),
    "platform.fault": None,
    "platform.extension": None,
    "platform.logsSubscription": None,
    "platform.logsDropped": None,
}
_RUNTIME_DONE = frozenset({"requestId", "status"})


def stamp(seconds: float) -> str:
    """Return a time as events write it: in UTC, ISO 8601, to the millisecond."""
    milliseconds = int(seconds * 1000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{moment}.{milliseconds % 1000:03d}Z"


def milliseconds(seconds: float) -> float:
    """Return a duration as events write it."""
    return round(seconds * 1000, 3)


def span(name: str, start: float, seconds: float) -> dict[str, Any]:
    """Return a span that began at a time since the epoch."""
    return {"name": name, "start": stamp(start), "durationMs": milliseconds(seconds)}


def event(subscription: Subscription, moment: str, kind: str, record: Record) -> bytes | None:
    """Return an event as a subscriber gets it, or None where its schema has none of this kind."""
    if subscription.api is Api.LOGS:
        if kind == "platform.runtimeDone" and subscription.version > Api.LOGS.versions[0]:
            members: frozenset[str] | None = _RUNTIME_DONE
        elif kind in _IN_LOGS:
            members = _IN_LOGS[kind]
        elif kind.startswith("platform."):
            return None
        else:
            members = None
        if members is not None and not isinstance(record, str):
            record = {name: value for name, value in record.items() if name in members}
    elif kind in _ONLY_LOGS:
        return None
    return orjson.dumps({"time": moment, "type": kind, "record": record})
