"""What the APIs answer with: AWS's bodies for what was accepted and what was refused.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, and for the texts the
emulator that AWS publishes, aws/aws-lambda-runtime-interface-emulator.
"""

import re
from collections.abc import Mapping

import orjson

from ingle.wire.http import Request, Response

_KNOWN = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")
JSON = ("Content-Type", "application/json")
GONE = Response(410)
"""For a client that has hung up while it waited, or whose sandbox ends."""


class Refused(Exception):
    """A request that is not granted.

    Attributes:
        status: the HTTP status.
        kind: AWS's error type.
    """

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind

    def response(self) -> Response:
        """Return it as AWS writes it."""
        return json(self.status, {"errorMessage": str(self), "errorType": self.kind})


def json(status: int, value: object, *headers: tuple[str, str]) -> Response:
    """Return a response with a JSON body."""
    body = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    return Response(status, [JSON, *headers], body)


def accepted() -> Response:
    """Return the answer to a report that was taken."""
    return Response(202, [JSON], b'{"status":"OK"}\n')


def error_type(request: Request) -> str:
    """Return the type that a runtime gave an error, in the form that the platform reports it."""
    told = request.headers.get("lambda-runtime-function-error-type", "")
    if _KNOWN.fullmatch(told):
        return told
    return "Function.Unknown" if told.startswith("Function.") else "Runtime.Unknown"


def described(kind: str, message: str) -> bytes:
    """Return an error as a function's caller sees it."""
    return orjson.dumps({"errorMessage": message, "errorType": kind})


def concerning(request_id: str, message: str) -> str:
    """Return a message in the form of AWS's errors about an invocation."""
    return f"RequestId: {request_id} Error: {message}"


def fault_type(body: bytes) -> str:
    """Return the type of an error's JSON, or "" where it has none."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    kind = told.get("errorType") if isinstance(told, Mapping) else None
    return kind if isinstance(kind, str) else ""
