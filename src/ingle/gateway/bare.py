"""Errors of requests of which not even the protocol is known."""

import orjson

from ingle.wire.errors import ServiceError
from ingle.wire.http import Response

JSON = [("content-type", "application/json")]


def bare_error(error: ServiceError, request_id: str) -> Response:
    """An error for a request of which not even the protocol is known."""
    headers = [
        *JSON,
        ("x-amzn-errortype", error.error_code),
        *([("x-amzn-requestid", request_id)] if request_id else []),
    ]
    body = orjson.dumps({"__type": error.error_code, "message": error.message})
    return Response(error.http_status or 400, headers, body)
