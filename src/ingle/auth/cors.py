"""Lets pages in a browser call services with the AWS SDK for JavaScript.

AWS's endpoints allow every origin, grant the method and headers that were asked for, and let the
answer be kept for two days; the signature, not the origin, is what protects them. S3 is apart:
there each bucket has rules of its own.
Sources: answers of Lambda's endpoint to OPTIONS requests, and https://fetch.spec.whatwg.org/
"""

from ingle.auth.canonical import S3_SERVICES
from ingle.wire.http import Request, Response

MAX_AGE_S = 172_800

_EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_EXPOSED_BY_SERVICE = {
    "lambda": (
        f"{_EXPOSED},x-amz-log-result,x-amz-function-error,x-amz-executed-version,"
        "x-amzn-Remapped-Content-Length,x-amzn-Trace-Id"
    )
}
_ALLOW_ORIGIN = ("Access-Control-Allow-Origin", "*")


def preflight(request: Request, service: str | None = "lambda") -> Response | None:
    """Answer the question that a browser asks, unsigned, before it sends a request.

    Args:
        request: any request.
        service: the signing name of the service that it is for, as far as that can be told.

    Returns:
        The answer, or None when the request is something else, or the service answers itself.
    """
    if request.method != "OPTIONS" or service in S3_SERVICES:
        return None
    headers = request.headers
    method = headers.get("access-control-request-method")
    if "origin" not in headers or not method:
        return None
    answer = [_ALLOW_ORIGIN, ("Access-Control-Allow-Methods", method)]
    asked = headers.get("access-control-request-headers")
    if asked:
        answer.append(("Access-Control-Allow-Headers", asked))
    answer.append(("Access-Control-Expose-Headers", _exposed(service)))
    answer.append(("Access-Control-Max-Age", str(MAX_AGE_S)))
    if headers.get("access-control-request-private-network") == "true":
        # Chrome asks this for a page of the internet that calls a private address.
        answer.append(("Access-Control-Allow-Private-Network", "true"))
    return Response(200, answer)


def add_headers(request: Request, response: Response, service: str | None = "lambda") -> None:
    """Let the page that sent a request read the answer; nothing happens for other clients.

    Args:
        request: what was asked.
        response: what is answered, good or bad.
        service: the signing name of the service.
    """
    if "origin" in request.headers and service not in S3_SERVICES:
        response.headers.append(_ALLOW_ORIGIN)
        response.headers.append(("Access-Control-Expose-Headers", _exposed(service)))


def _exposed(service: str | None) -> str:
    return _EXPOSED_BY_SERVICE.get(service or "", _EXPOSED)
