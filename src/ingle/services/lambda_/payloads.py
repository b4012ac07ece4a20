"""What an invocation carries: its payload, its client context and the tail of its log.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
"""

import base64

import orjson

from ingle.services.lambda_.errors import InvalidRequestContent
from ingle.services.lambda_.limits import INVOCATION
from ingle.wire.errors import RequestTooLarge

_BAD_CONTEXT = "Client context must be a valid Base64-encoded JSON object."


def checked_payload(payload: bytes | None) -> bytes:
    """Check that a payload is JSON of at most 6 MB; nothing at all counts as `{}`.

    Raises:
        RequestTooLarge: it is larger.
        InvalidRequestContent: it is not JSON.
    """
    if not payload:
        return b"{}"
    if len(payload) > INVOCATION.request_bytes:
        raise RequestTooLarge(
            f"Request must be smaller than {INVOCATION.request_bytes} bytes for the "
            "InvokeFunction operation"
        )
    try:
        # On the loop even when it is large: a thread would hold the interpreter just as long.
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestContent(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from error
    return payload


def checked_event(payload: bytes | None, limit: int) -> bytes:
    """Check that the payload of an event is JSON, and not too large; nothing counts as `{}`.

    Args:
        payload: what was sent.
        limit: how many bytes it may have.

    Raises:
        RequestTooLarge: it has more.
        InvalidRequestContent: it is not JSON.
    """
    if payload and len(payload) > limit:
        raise RequestTooLarge(
            f"{len(payload)} byte payload is too large for the Event invocation type "
            f"(limit {limit} bytes)"
        )
    return checked_payload(payload)


def client_context(header: str | None) -> str | None:
    """Decode the header X-Amz-Client-Context into the text of a JSON object.

    Raises:
        InvalidRequestContent: it is too long, or no JSON object in Base64.
    """
    if header is None:
        return None
    if len(header) > INVOCATION.client_context_bytes:
        raise InvalidRequestContent(
            f"Client context must be no more than {INVOCATION.client_context_bytes} bytes of "
            f"Base64-encoded data, and is {len(header)}."
        )
    try:
        text = base64.b64decode(header.encode("ascii"), validate=True).decode()
        value = orjson.loads(text)
    except ValueError as error:
        raise InvalidRequestContent(_BAD_CONTEXT) from error
    if not isinstance(value, dict):
        raise InvalidRequestContent(_BAD_CONTEXT)
    return text


def log_result(tail: bytes) -> str:
    """Make the header X-Amz-Log-Result: the last 4 KB of the log in Base64."""
    return base64.b64encode(tail[-INVOCATION.log_tail_bytes :]).decode("ascii")
