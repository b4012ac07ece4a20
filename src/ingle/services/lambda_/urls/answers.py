"""From what a function answered to an HTTP response.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload,
https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

METADATA_TYPE = "application/vnd.awslambda.http-integration-response"
"""The content type of a streamed answer that begins with its status, headers and cookies."""
DELIMITER = bytes(8)
"""What ends them."""
MOST_METADATA = 262_144
"""Bytes that are looked through for the delimiter."""

_JSON_TYPE = "application/json"
_BINARY_TYPE = "application/octet-stream"
_TYPE = "content-type"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_BAD_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_REMAPPED = frozenset(
    {"connection", "content-length", "date", "host", "keep-alive", "proxy-authenticate", "server"}
    | {"trailer", "transfer-encoding", "upgrade", "www-authenticate"}
)
"""Headers that belong to the connection, or to the endpoint: a function's are sent under another
name. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html"""


class MalformedAnswer(Exception):
    """What a function answered cannot be sent; the message says why."""


@dataclass(slots=True)
class UrlAnswer:
    """A response, as a function meant it.

    Attributes:
        status: the status code.
        headers: names and values, in their order.
        body: the bytes; of a streamed answer, the first ones.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def buffered(payload: bytes) -> UrlAnswer:
    """Interpret a whole answer.

    An object with a `statusCode` is a response, and all else that is JSON is the body of one. What
    is not JSON comes from functions that stream.

    Raises:
        MalformedAnswer: it is a response that cannot be sent.
    """
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        head, delimiter, body = payload.partition(DELIMITER)
        if delimiter:
            return with_metadata(head, body)
        return UrlAnswer(200, [(_TYPE, _BINARY_TYPE)], payload)
    if isinstance(value, dict) and "statusCode" in value:
        return UrlAnswer(_status(value), _all_headers(value, _JSON_TYPE), _body(value))
    body = value.encode() if isinstance(value, str) else payload
    return UrlAnswer(200, [(_TYPE, _JSON_TYPE)], body)


def with_metadata(metadata: bytes, body: bytes) -> UrlAnswer:
    """Interpret what a streamed answer began with, and the bytes that followed already.

    Raises:
        MalformedAnswer: it is no metadata.
    """
    try:
        value = orjson.loads(metadata)
    except orjson.JSONDecodeError as error:
        raise MalformedAnswer("The metadata of the answer is not JSON.") from error
    if not isinstance(value, dict):
        raise MalformedAnswer("The metadata of the answer is no object.")
    status = _status(value) if "statusCode" in value else 200
    return UrlAnswer(status, _all_headers(value, _BINARY_TYPE), body)


def streamed(content_type: str) -> UrlAnswer:
    """Make the head of a streamed answer without metadata."""
    kind = content_type or _JSON_TYPE
    if _BAD_IN_VALUE.search(kind):
        raise MalformedAnswer("The content type of the answer cannot be sent.")
    return UrlAnswer(200, [(_TYPE, kind)], b"")


def _status(value: Mapping[str, Any]) -> int:
    told = value["statusCode"]
    try:
        status = int(told)
    except (TypeError, ValueError):
        status = 0
    if isinstance(told, bool) or not 200 <= status <= 599:
        raise MalformedAnswer(f"statusCode is {told!r}, and no status code.")
    return status


def _all_headers(value: Mapping[str, Any], default_type: str) -> list[tuple[str, str]]:
    told = value.get("headers") or {}
    if not isinstance(told, dict):
        raise MalformedAnswer("headers is no object.")
    headers = []
    typed = False
    for name, each in told.items():
        if each is None:
            continue
        lower = name.lower()
        typed = typed or lower == _TYPE
        headers.append(_header(f"x-amzn-Remapped-{name}" if lower in _REMAPPED else name, each))
    if not typed:
        headers.append((_TYPE, default_type))
    cookies = value.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedAnswer("cookies is no list.")
    return headers + [_header("set-cookie", each) for each in cookies]


def _header(name: str, value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool | int | float):
        text = orjson.dumps(value).decode()
    else:
        raise MalformedAnswer(f"The header {name} is no string.")
    if not _NAME.fullmatch(name) or _BAD_IN_VALUE.search(text):
        raise MalformedAnswer(f"The header {name!r} cannot be sent.")
    return name, text.encode().decode("latin-1")


def _body(value: Mapping[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return orjson.dumps(body)
    if not value.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswer("body is no Base64, and isBase64Encoded is true.") from error
