"""Which website a request is to, and where it sends whom.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from ingle.wire.http import Request

PREFIX = "/_ingle/websites/"
"""Where websites are for clients that cannot resolve their host names."""
_LABEL = "s3-website"


@dataclass(frozen=True, slots=True)
class Address:
    """What a request to a website asks for.

    Attributes:
        bucket: the bucket's name.
        key: what stands behind the first slash, decoded.
        base: what stands before that in the URL's path, with the slash.
    """

    bucket: str
    key: str
    base: str


def address_of(request: Request) -> Address | None:
    """Say which website a request is to; None where it is to none.

    Host names are `bucket.s3-website.REST` and `bucket.s3-website-region.REST`.
    """
    if request.path.startswith(PREFIX):
        name, slash, rest = request.path[len(PREFIX) :].partition("/")
        # Without the slash, what is relative in the page would lead elsewhere.
        return Address(unquote(name), unquote(rest), f"{PREFIX}{name}/" if slash else "")
    host = request.host
    if _LABEL not in host:
        return None
    labels = host.partition(":")[0].lower().split(".")
    for position in range(len(labels) - 1, 0, -1):
        if labels[position] == _LABEL or labels[position].startswith(f"{_LABEL}-"):
            return Address(".".join(labels[:position]), unquote(request.path[1:]), "/")
    return None


def redirect_of(
    configuration: Mapping[str, Any], address: Address, request: Request, status: int | None
) -> tuple[int, str] | None:
    """Find the first rule that is about a request; return its status and location.

    Args:
        configuration: the website's.
        address: what is asked for.
        request: the request.
        status: of the error that the request met with; None before it was looked.
    """
    for rule in configuration.get("RoutingRules", ()):
        condition = rule.get("Condition", {})
        wanted = condition.get("HttpErrorCodeReturnedEquals")
        if (None if wanted is None else int(wanted)) != status:
            continue
        prefix = condition.get("KeyPrefixEquals", "")
        if not address.key.startswith(prefix):
            continue
        redirect = rule["Redirect"]
        key = address.key
        if "ReplaceKeyWith" in redirect:
            key = redirect["ReplaceKeyWith"]
        elif "ReplaceKeyPrefixWith" in redirect:
            key = redirect["ReplaceKeyPrefixWith"] + key[len(prefix) :]
        code = int(redirect.get("HttpRedirectCode", "301"))
        host = redirect.get("HostName")
        protocol = redirect.get("Protocol", request.scheme)
        base = address.base if host is None else "/"
        return code, f"{protocol}://{host or request.host}{base}{quote(key)}"
    return None


def redirect_all(everything: Mapping[str, Any], address: Address, request: Request) -> str:
    """Say where a website is that moved."""
    protocol = everything.get("Protocol", request.scheme)
    query = f"?{request.query}" if request.query else ""
    return f"{protocol}://{everything['HostName']}/{quote(address.key)}{query}"
