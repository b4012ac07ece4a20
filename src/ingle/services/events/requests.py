"""Requests to API destinations: what a target, its connection and an event make of them.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import orjson

from ingle.services.events.connections import MEMBERS
from ingle.services.events.model import Connection, Destination

_HEADERS: Mapping[str, str] = {
    "user-agent": "Amazon/EventBridge/ApiDestinations",
    "content-type": "application/json; charset=utf-8",
    "range": "bytes=0-1048575",
    "accept-encoding": "gzip,deflate",
    "connection": "close",
}
_FIXED = frozenset(
    (
        "content-length",
        "host",
        "max-forwards",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "connection",
        "range",
        "via",
        "www-authenticate",
        "accept-charset",
        "accept-datetime",
        "accept-encoding",
        "cache-control",
    )
)
"""The headers that nobody sets but EventBridge."""
GRANT = ("grant_type", "client_credentials")


class Call(NamedTuple):
    """A request that is to be made."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def event_call(
    destination: Destination,
    connection: Connection,
    parameters: Mapping[str, Any],
    payload: bytes,
    token: str,
) -> Call:
    """Make the request that brings an event.

    Args:
        destination: where to.
        connection: what it proves with; what it says counts more than what the target says.
        parameters: the target's HttpParameters.
        payload: what the target gets.
        token: from the authorization server, where there is one.
    """
    more = connection.parameters.get("InvocationHttpParameters") or {}
    headers = dict(_HEADERS)
    given = [*(parameters.get("HeaderParameters") or {}).items()]
    given += _pairs(more, "HeaderParameters")
    headers |= {name.lower(): value for name, value in given if name.lower() not in _FIXED}
    headers |= _proof(connection, token)
    query = dict(parameters.get("QueryStringParameters") or {})
    query.update(_pairs(more, "QueryStringParameters"))
    url = _with_path(destination.endpoint, parameters.get("PathParameterValues") or ())
    body = _with_members(payload, dict(_pairs(more, "BodyParameters")))
    if destination.method in ("GET", "HEAD"):
        body = b""
    return Call(destination.method, _with_query(url, query), headers, body)


def token_call(connection: Connection) -> Call:
    """Make the request for a token of OAuth's, with a client's credentials."""
    oauth = connection.parameters["OAuthParameters"]
    client, more = oauth["ClientParameters"], oauth.get("OAuthHttpParameters") or {}
    form = {
        GRANT[0]: GRANT[1],
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **dict(_pairs(more, "BodyParameters")),
    }
    query = dict(_pairs(more, "QueryStringParameters"))
    headers = {name.lower(): value for name, value in _pairs(more, "HeaderParameters")}
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
        **{name: value for name, value in headers.items() if name not in _FIXED},
    }
    url, method = oauth["AuthorizationEndpoint"], oauth["HttpMethod"]
    if method == "GET":
        return Call(method, _with_query(url, {**form, **query}), headers, b"")
    return Call(method, _with_query(url, query), headers, urlencode(form).encode())


def _proof(connection: Connection, token: str) -> dict[str, str]:
    given = connection.parameters[MEMBERS[connection.kind]]
    if connection.kind == "API_KEY":
        return {given["ApiKeyName"].lower(): given["ApiKeyValue"]}
    if connection.kind == "BASIC":
        pair = f"{given['Username']}:{given['Password']}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {"authorization": f"Bearer {token}"}


def _pairs(parameters: Mapping[str, Any], member: str) -> list[tuple[str, str]]:
    return [(each["Key"], each.get("Value") or "") for each in parameters.get(member) or ()]


def _with_path(url: str, values: Iterable[str]) -> str:
    for value in values:
        url = url.replace("*", quote(value, safe=""), 1)
    return url


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    joined = "&".join(filter(None, (parts.query, urlencode(query))))
    return urlunsplit(parts._replace(query=joined))


def _with_members(payload: bytes, members: Mapping[str, str]) -> bytes:
    """Add members to a payload that is an object; any other stays as it is."""
    if not members:
        return payload
    body = orjson.loads(payload)
    return orjson.dumps({**body, **members}) if isinstance(body, dict) else payload
