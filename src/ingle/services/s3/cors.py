"""Which pages of browsers may use a bucket.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingle.services.s3.errors import AccessForbidden, BadRequest, InvalidRequest, MalformedXml
from ingle.services.s3.limits import BUCKET
from ingle.services.s3.model import Bucket
from ingle.wire.http import Request, Response

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
_VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")

Rule = Mapping[str, Any]


def check_rules(rules: Sequence[Rule]) -> None:
    """Check rules that are to be set.

    Raises:
        MalformedXml: there are none, or too many.
        InvalidRequest: one says what it cannot.
    """
    if not 1 <= len(rules) <= BUCKET.cors_rules:
        raise MalformedXml
    for rule in rules:
        for method in rule["AllowedMethods"]:
            if method not in _METHODS:
                raise InvalidRequest(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        for member, name in (
            ("AllowedOrigins", "AllowedOrigin"),
            ("AllowedHeaders", "AllowedHeader"),
        ):
            for value in rule.get(member, ()):
                if value.count("*") > 1:
                    raise InvalidRequest(f'{name} "{value}" can not have more than one wildcard.')
        for value in rule.get("ExposeHeaders", ()):
            if "*" in value:
                raise InvalidRequest(
                    f'ExposeHeader "{value}" contains wildcard. We currently do not support '
                    "wildcard for ExposeHeader."
                )


def find_rule(
    bucket: Bucket | None, origin: str, method: str, headers: Iterable[str] = ()
) -> Rule | None:
    """Find the first rule of a bucket that allows a request.

    Args:
        bucket: the bucket; None if there is none.
        origin: the page's.
        method: of the request.
        headers: those that the page wants to send, in lower case.
    """
    configuration = {} if bucket is None else bucket.settings.get("cors", {})
    for rule in configuration.get("CORSRules", ()):
        if (
            method in rule["AllowedMethods"]
            and any(_matches(origin, each) for each in rule["AllowedOrigins"])
            and all(
                any(_matches(name, each.lower()) for each in rule.get("AllowedHeaders", ()))
                for name in headers
            )
        ):
            found: Rule = rule
            return found
    return None


def preflight(request: Request, bucket: Bucket | None) -> Response:
    """Answer what a browser asks before it sends a request.

    Raises:
        BadRequest: it does not say for which page, or which method.
        AccessForbidden: no rule of the bucket allows it.
    """
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method")
    if not origin:
        raise BadRequest("Insufficient information. Origin request header needed.")
    if method not in _METHODS:
        told = "null" if method is None else method
        raise BadRequest(f"Invalid Access-Control-Request-Method: {told}")
    asked = request.headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    rule = find_rule(bucket, origin, method, names)
    if rule is None:
        is_set = bucket is not None and "cors" in bucket.settings
        raise AccessForbidden(
            "CORSResponse: "
            + (
                "This CORS request is not allowed. This is usually because the evalution of "
                "Origin, request method / Access-Control-Request-Method or "
                "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
                if is_set
                else "CORS is not enabled for this bucket."
            ),
            Method=method,
            ResourceType="BUCKET" if request.target.count("/") < 2 else "OBJECT",
        )
    answer = [*_allowing(rule, origin)]
    if names:
        answer.append(("Access-Control-Allow-Headers", ", ".join(names)))
    if rule.get("MaxAgeSeconds") is not None:
        answer.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    return Response(200, [*answer, _VARY])


def headers_for(request: Request, bucket: Bucket | None) -> list[tuple[str, str]]:
    """Return the headers that let the page that sent a request read the answer."""
    rule = find_rule(bucket, request.headers.get("origin", ""), request.method)
    return [] if rule is None else [*_allowing(rule, request.headers["origin"]), _VARY]


def _allowing(rule: Rule, origin: str) -> Iterable[tuple[str, str]]:
    everybody = "*" in rule["AllowedOrigins"]
    yield "Access-Control-Allow-Origin", "*" if everybody else origin
    yield "Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])
    if rule.get("ExposeHeaders"):
        yield "Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])
    if not everybody:
        yield "Access-Control-Allow-Credentials", "true"


def _matches(value: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return value == pattern
    long_enough = len(value) >= len(before) + len(after)
    return long_enough and value.startswith(before) and value.endswith(after)
