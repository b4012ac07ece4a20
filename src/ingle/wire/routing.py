"""Which service a request is for.

One port serves every service, so a request is told by, in this order: the scope of its
signature, its X-Amz-Target (or the path of CBOR requests, which is the same thing), its host
name, its path, and the version of its form. `data/services.json` has what is needed for that of
every service's model, so that no model is read only to find the one that is meant.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from ingle.wire.errors import Serialization
from ingle.wire.http import Request
from ingle.wire.protocols.cbor import path_target
from ingle.wire.protocols.query import form_fields

_FILE = Path(__file__).parent / "data" / "services.json"
_SCOPE_END = "/aws4_request"
_CREDENTIAL = "X-Amz-Credential="
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class _Services:
    """What tells services apart; each maps to botocore's names."""

    by_signing_name: dict[str, tuple[str, ...]]
    by_target: dict[str, str]
    by_endpoint: dict[str, str]
    by_root: dict[str, str]
    by_version: dict[str, str]


def served_services() -> tuple[str, ...]:
    """botocore's names of the services that Ingle knows how to tell apart."""
    return tuple(_raw())


def find_service(request: Request) -> str | None:
    """botocore's name of the service that a request is for, or None when nothing tells.

    A signature for a service that Ingle does not know gives None, whatever else the request says.
    """
    services = _services()
    signing_name = _signing_name(request)
    if signing_name is not None:
        candidates = services.by_signing_name.get(signing_name, ())
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        told = _by_target(services, request) or _by_path(services, request)
        return told if told in candidates else candidates[0]
    return (
        _by_target(services, request)
        or _by_host(services, request)
        or _by_path(services, request)
        or _by_version(services, request)
    )


def is_form(request: Request) -> bool:
    """Say whether a request's body is a form, as in the query protocol's POSTs."""
    return request.headers.get("content-type", "").startswith(_FORM)


def _signing_name(request: Request) -> str | None:
    scope = request.headers.get("authorization")
    if scope is None:
        start = request.query.find(_CREDENTIAL)
        if start < 0:
            return None
        scope = unquote(request.query[start:].partition("&")[0])
    end = scope.find(_SCOPE_END)
    return scope[:end].rpartition("/")[2] if end > 0 else None


def _by_target(services: _Services, request: Request) -> str | None:
    target = request.headers.get("x-amz-target")
    if target is not None:
        return services.by_target.get(target.rpartition(".")[0])
    named = path_target(request.path)
    return services.by_target.get(named[0]) if named is not None else None


def _by_host(services: _Services, request: Request) -> str | None:
    labels = request.host.partition(":")[0].lower().split(".")
    if len(labels) < 2:
        return None
    # The name of a bucket, which comes first, may be that of another service.
    for label in labels:
        if label == "s3" or label.startswith("s3-"):
            return services.by_endpoint.get(label, "s3")
    for start in range(min(2, len(labels) - 1)):
        found = services.by_endpoint.get(".".join(labels[start : start + 2]))
        found = found or services.by_endpoint.get(labels[start])
        if found is not None:
            return _choose_by_path(services, found, request)
    return None


def _choose_by_path(services: _Services, service: str, request: Request) -> str:
    told = _by_path(services, request)
    raw = _raw()
    if told is not None and raw[told]["endpoint_prefix"] == raw[service]["endpoint_prefix"]:
        return told
    return service


def _by_path(services: _Services, request: Request) -> str | None:
    parts = request.path.split("/", 3)
    for count in (3, 2):
        found = services.by_root.get("/".join(parts[:count]))
        if found is not None:
            return found
    return None


def _by_version(services: _Services, request: Request) -> str | None:
    if not is_form(request) and "Version=" not in request.query:
        return None
    try:
        fields = dict(form_fields(request))
    except Serialization:
        return None
    return services.by_version.get(fields.get("Version", "")) if "Action" in fields else None


@cache
def _raw() -> dict[str, dict[str, Any]]:
    raw: dict[str, dict[str, Any]] = orjson.loads(_FILE.read_bytes())
    return raw


@cache
def _services() -> _Services:
    by_signing_name: dict[str, tuple[str, ...]] = {}
    by_endpoint: dict[str, str] = {}
    by_version: dict[str, str] = {}
    for name, service in _raw().items():
        signing_name = service["signing_name"]
        by_signing_name[signing_name] = (*by_signing_name.get(signing_name, ()), name)
        by_endpoint.setdefault(service["endpoint_prefix"], name)
        if "query_version" in service:
            by_version.setdefault(service["query_version"], name)
    return _Services(
        by_signing_name=by_signing_name,
        by_target={
            service["target_prefix"]: name
            for name, service in _raw().items()
            if "target_prefix" in service
        },
        by_endpoint=by_endpoint,
        by_root={
            root: name for name, service in _raw().items() for root in service.get("path_roots", ())
        },
        by_version=by_version,
    )
