"""What an extension asks of the Telemetry API or of the older Logs API, and whether it is valid.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html,
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import orjson

from ingle.pool.runtime_api import limits

TYPES: Final = ("platform", "function", "extension")
HOSTS: Final = ("sandbox.localdomain", "sandbox")
_RESERVED_PORT = 9001


class Api(enum.Enum):
    """The APIs through which an extension can subscribe; the values begin their error types."""

    TELEMETRY = "Telemetry"
    LOGS = "Logs"

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of its events' schema, the oldest first."""
        if self is Api.TELEMETRY:
            return ("2022-07-01", "2022-12-13", "2025-01-29")
        return ("2020-08-15", "2021-03-18")

    @property
    def validation_error(self) -> str:
        """The type of the error about a subscription that is not valid."""
        return "ValidationError" if self is Api.TELEMETRY else "Logs.ValidationError"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where inside the sandbox events go.

    Attributes:
        port: on the sandbox's loopback.
        method: `POST` or `PUT` over HTTP; "" for lines of JSON over TCP.
        path: with the query, over HTTP.
    """

    port: int
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A valid subscription.

    Attributes:
        api: through which it was made.
        version: of the schema.
        types: of events, in the extension's order.
        destination: where they go.
        max_items: events in a batch.
        max_bytes: bytes in a batch.
        timeout_ms: how long an event may wait for its batch.
    """

    api: Api
    version: str
    types: tuple[str, ...]
    destination: Destination
    max_items: int
    max_bytes: int
    timeout_ms: int


class Invalid(Exception):
    """The subscription is not valid; the message names everything that is wrong with it."""


def parse(api: Api, body: bytes) -> Subscription:
    """Read the body of a request to subscribe; raise Invalid."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the request is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid("the request should be a JSON object")
    wrong: list[str] = []
    version = _version(api, told, wrong)
    destination = _destination(api, told.get("destination"), wrong)
    types = _types(told.get("types"), wrong)
    buffering = _buffering(told.get("buffering"), wrong)
    if wrong:
        raise Invalid("; ".join(wrong))
    return Subscription(
        api,
        version,
        types,
        destination,
        buffering["maxItems"],
        buffering["maxBytes"],
        buffering["timeoutMs"],
    )


def _version(api: Api, told: Mapping[str, Any], wrong: list[str]) -> str:
    version = told.get("schemaVersion")
    if version is None and api is Api.LOGS:
        return api.versions[0]
    if version is None:
        wrong.append("schemaVersion is not provided")
    elif version not in api.versions:
        wrong.append(f"schemaVersion should be one of {', '.join(api.versions)}")
    return str(version)


def _destination(api: Api, told: object, wrong: list[str]) -> Destination:
    nowhere = Destination(0, "", "")
    if not isinstance(told, dict):
        wrong.append("destination is not provided")
        return nowhere
    protocol = told.get("protocol")
    if protocol == "HTTP":
        return _http(api, told, wrong)
    if protocol != "TCP":
        wrong.append("destination protocol should be HTTP or TCP")
        return nowhere
    port = told.get("port")
    if port is None:
        wrong.append("destination port is not provided")
    elif not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
        wrong.append("destination port should be between 1 and 65535")
    else:
        _check_port(port, wrong)
        return Destination(port, "", "")
    return nowhere


def _http(api: Api, told: Mapping[str, Any], wrong: list[str]) -> Destination:
    method = told.get("method", "POST") if api is Api.LOGS else "POST"
    if method not in ("POST", "PUT"):
        wrong.append("destination method should be POST or PUT")
    if told.get("encoding", "JSON") != "JSON":
        wrong.append("destination encoding should be JSON")
    uri = told.get("URI")
    if not isinstance(uri, str) or not uri:
        wrong.append("URI is not provided")
        return Destination(0, "", "")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        wrong.append(f"URI is not valid: {error}")
        return Destination(0, "", "")
    if parts.scheme != "http":
        wrong.append("URI scheme should be http")
    if parts.hostname not in HOSTS:
        wrong.append(f"URI host should be {HOSTS[0]}")
    if port is None:
        wrong.append("URI port is not provided")
    else:
        _check_port(port, wrong)
    return Destination(port or 0, str(method), _target(parts, wrong))


def _target(parts: SplitResult, wrong: list[str]) -> str:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii() or any(c <= " " or c == "\x7f" for c in target):
        wrong.append("URI path should be percent-encoded")
    return target


def _check_port(port: int, wrong: list[str]) -> None:
    if port == _RESERVED_PORT:
        wrong.append(f"port {_RESERVED_PORT} is reserved")
    elif port == 0:
        wrong.append("port should not be 0")


def _types(told: object, wrong: list[str]) -> tuple[str, ...]:
    if not told:
        wrong.append("types should not be empty")
    elif not isinstance(told, list) or not all(each in TYPES for each in told):
        wrong.append(f"types should be some of {', '.join(TYPES)}")
    else:
        return tuple(dict.fromkeys(told))
    return ()


def _buffering(told: object, wrong: list[str]) -> dict[str, int]:
    given = {} if told is None else told
    if not isinstance(given, dict):
        wrong.append("buffering should be an object")
        given = {}
    values = {}
    for name, bounds in limits.BUFFERING.items():
        value = given.get(name)
        value = bounds.default if value is None else value
        if not isinstance(value, int) or isinstance(value, bool):
            wrong.append(f"{name} should be an integer")
        elif not bounds.min <= value <= bounds.max:
            wrong.append(f"{name} should be between {bounds.min} and {bounds.max}")
        values[name] = value
    return values
