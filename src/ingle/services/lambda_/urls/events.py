"""From an HTTP request to the event that a function gets, payload format 2.0.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload
"""

import base64
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from ingle.auth.keys import Identity
from ingle.services.lambda_.urls.addresses import Address, host_name
from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.wire.http import Request

_DEFAULT = "$default"
_TEXT = ("text", "json", "xml", "javascript")
"""What is in the content types whose bodies are text."""
_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect", "proxy-connection"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function URL.

    Attributes:
        request: as it came, with its body.
        url: the function URL.
        address: how the request named it.
        caller: who signed it; None where nobody need.
        request_id: the invocation's.
        trace_id: the value of `X-Amzn-Trace-Id`.
        time_s: when it came, in seconds since the epoch.
    """

    request: Request
    url: FunctionUrl
    address: Address
    caller: Identity | None
    request_id: str
    trace_id: str
    time_s: float


def event_of(call: Call) -> bytes:
    """Write the event's JSON."""
    request = call.request
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": _DEFAULT,
        "rawPath": call.address.path,
        "rawQueryString": request.query,
    }
    cookies = [each.strip() for each in request.headers.get("cookie", "").split(";")]
    if any(cookies):
        event["cookies"] = [each for each in cookies if each]
    event["headers"] = _headers(call)
    parameters = _parameters(request.query)
    if parameters:
        event["queryStringParameters"] = parameters
    event["requestContext"] = _context(call)
    if request.body:
        text = _text(request)
        event["body"] = base64.b64encode(request.body).decode("ascii") if text is None else text
        event["isBase64Encoded"] = text is None
    else:
        event["isBase64Encoded"] = False
    return orjson.dumps(event)


def _headers(call: Call) -> dict[str, str]:
    request = call.request
    headers = {
        name: value
        for name, value in sorted(request.headers.items())
        if name not in _OF_THE_CONNECTION and name != "cookie"
    }
    client = request.client or ""
    forwarded = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {client}" if forwarded else client
    # What a proxy in front of Ingle, which speaks TLS, says of its own client stands.
    headers.setdefault("x-forwarded-proto", request.scheme)
    headers.setdefault("x-forwarded-port", _port(request))
    headers["x-amzn-trace-id"] = call.trace_id
    return headers


def _port(request: Request) -> str:
    port = request.host.rpartition(":")[2]
    return port if port.isdigit() else {"https": "443"}.get(request.scheme, "80")


def _context(call: Call) -> dict[str, Any]:
    request, url, caller = call.request, call.url, call.caller
    context: dict[str, Any] = {
        "accountId": "anonymous" if caller is None else caller.account_id,
        "apiId": url.url_id,
    }
    if caller is not None:
        context["authentication"] = None
        context["authorizer"] = {"iam": _iam(caller)}
    moment = time.gmtime(call.time_s)
    return context | {
        "domainName": host_name(url),
        "domainPrefix": url.url_id,
        "http": {
            "method": request.method,
            "path": call.address.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client or "",
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": call.request_id,
        "routeKey": _DEFAULT,
        "stage": _DEFAULT,
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment),
        "timeEpoch": int(call.time_s * 1000),
    }


def _iam(caller: Identity) -> dict[str, str | None]:
    identity = caller.principal.unique_id
    return {
        "accessKey": caller.access_key_id,
        "accountId": caller.account_id,
        "callerId": identity,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.principal_arn,
        "userId": identity,
    }


def _parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    pairs = parse_qsl(
        query.encode("latin-1", "replace").decode("utf-8", "replace"),
        keep_blank_values=True,
        errors="replace",
    )
    for name, value in pairs:
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _text(request: Request) -> str | None:
    """Return a body as text where it is, by its type and its bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0].lower()
    if not any(each in kind for each in _TEXT):
        return None
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None
