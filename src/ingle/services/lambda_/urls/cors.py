"""Which web pages of other origins may call a function URL, and see its answers.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html,
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors and
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.wire.http import Request

Cors = Mapping[str, Any]
"""AWS's structure of that name."""
Headers = list[tuple[str, str]]

METHODS = ("GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-url-cors.html"""
_ALL = "*"
_PREFIX = "access-control-"


def checked(cors: Cors | None) -> Cors | None:
    """Check what the model does not; an empty structure means none.

    Raises:
        InvalidParameterValue: a method is none that a page can be allowed.
    """
    for method in () if cors is None else cors.get("AllowMethods", ()):
        if method not in METHODS:
            raise InvalidParameterValue(
                f"Value '{method}' at 'cors.allowMethods' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{', '.join(METHODS)}]"
            )
    return cors or None


def is_preflight(request: Request) -> bool:
    """Whether it is the question that a browser asks before it sends a request."""
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "origin" in headers
        and "access-control-request-method" in headers
    )


def preflight_headers(cors: Cors, request: Request) -> Headers:
    """Answer that question; without headers where the origin may not call the function URL."""
    allowed = _allowed_origin(cors, request)
    if not allowed:
        return []
    method = request.headers["access-control-request-method"]
    asked = request.headers.get("access-control-request-headers", "")
    answer = allowed
    # A browser takes "*" literally where credentials are allowed, so what it asked for is named.
    for name, values, wanted in (
        ("allow-methods", cors.get("AllowMethods", ()), method),
        ("allow-headers", cors.get("AllowHeaders", ()), asked),
    ):
        granted = wanted if _ALL in values else ",".join(values)
        if granted:
            answer.append((_PREFIX + name, granted))
    if cors.get("MaxAge"):
        answer.append((_PREFIX + "max-age", str(cors["MaxAge"])))
    return answer


def with_cors(cors: Cors, request: Request, headers: Headers) -> Headers:
    """Return an answer's headers with what lets a page read it.

    The configuration stands above what the function says of this.
    """
    kept = [each for each in headers if not each[0].lower().startswith(_PREFIX)]
    allowed = _allowed_origin(cors, request)
    if allowed and cors.get("ExposeHeaders"):
        allowed.append((_PREFIX + "expose-headers", ",".join(cors["ExposeHeaders"])))
    return kept + allowed


def _allowed_origin(cors: Cors, request: Request) -> Headers:
    origin = request.headers.get("origin")
    origins: Sequence[str] = cors.get("AllowOrigins", ())
    if origin is None or not (_ALL in origins or origin in origins):
        return []
    credentials = bool(cors.get("AllowCredentials"))
    headers = [(_PREFIX + "allow-origin", _ALL if _ALL in origins and not credentials else origin)]
    if headers[0][1] != _ALL:
        headers.append(("vary", "Origin"))
    if credentials:
        headers.append((_PREFIX + "allow-credentials", "true"))
    return headers
