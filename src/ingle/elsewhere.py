"""Services that are elsewhere, in place of Ingle's own: MinIO, ElasticMQ, AWS itself."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
_KEPT = frozenset({"lambda", "iam", "sts", "logs"})
"""What the rest of Ingle stands on."""
_NEEDED = ("endpoint", "access_key_id", "secret_access_key")
_MEMBERS = frozenset({*_NEEDED, "session_token", "region"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A service that is elsewhere.

    Attributes:
        service: botocore's name, for instance `s3`.
        endpoint: scheme and authority, for instance `https://minio.example.org`.
        access_key_id: of who calls there.
        secret_access_key: likewise.
        session_token: of temporary credentials; "" for none.
        region: the region there; "" for that of each call.
    """

    service: str
    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""


def read_services(value: object) -> tuple[Elsewhere, ...]:
    """Read a table of services by their names, or its JSON.

    Raises:
        ValueError: it is none; the text says why, without any secret.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("it is not JSON") from None
    if not isinstance(value, Mapping):
        raise ValueError("it is not a table")
    return tuple(_service(name, entry) for name, entry in value.items())


def _service(name: object, entry: object) -> Elsewhere:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a service")
    if not _is_known(name):
        raise ValueError(f"there is no service {name}")
    if name in _KEPT:
        raise ValueError(f"{name} cannot be elsewhere, because Ingle stands on its own")
    if not isinstance(entry, Mapping):
        raise ValueError(f"{name} is not a table")
    unknown = sorted(set(entry) - _MEMBERS)
    if unknown:
        raise ValueError(f"{name} has no member {unknown[0]}")
    for member in _NEEDED:
        if not entry.get(member):
            raise ValueError(f"{name} lacks {member}")
    if not all(isinstance(each, str) for each in entry.values()):
        raise ValueError(f"what {name} has must be texts")
    endpoint = entry["endpoint"].removesuffix("/")
    if not _is_endpoint(endpoint):
        raise ValueError(f"the endpoint of {name} is not a URL like https://minio.example.org:9000")
    region = entry.get("region", "")
    if region and not _REGION.fullmatch(region):
        raise ValueError(f"the region of {name} is not one like eu-west-1")
    return Elsewhere(
        name,
        endpoint,
        entry["access_key_id"],
        entry["secret_access_key"],
        entry.get("session_token", ""),
        region,
    )


def _is_known(name: str) -> bool:
    from ingle.wire.model import data_folder  # most configurations have no such service

    return (data_folder() / name).is_dir()


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in ("http", "https") and bool(host) and plain
