"""The forms in which members of an input name a resource, and how to read them.

Each takes the members' values, of which some may be missing, and gives the part of the ARN that
they stand for, or None where they stand for none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Where(NamedTuple):
    """Where a request is made, and by whom.

    Attributes:
        region: the region that it was signed for.
        account_id: the account of the caller.
        caller: the caller's ARN.
    """

    region: str
    account_id: str
    caller: str = ""


# A name, a partial or a full ARN, each with or without a qualifier; the model's own pattern.
_FUNCTION = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?",
    re.ASCII,
)
_LAYER = re.compile(
    r"(?P<prefix>arn:aws[a-zA-Z-]*:lambda:[^:]+:\d{12}:layer:)?(?P<name>[^:]+)"
    r"(?::(?P<version>[0-9]+))?",
    re.ASCII,
)
_PARTIQL = {
    verb: re.compile(rf'\s*{words}\s+"?([A-Za-z0-9_.-]+)"?(?:\."?([A-Za-z0-9_.-]+)"?)?', re.I)
    for verb, words in {
        "select": r"(?:exists\s*\(\s*)?select\b.*?\bfrom",
        "insert": r"insert\s+into",
        "update": "update",
        "delete": r"delete\s+from",
    }.items()
}


def _function(values: Sequence[Any], where: Where) -> str | None:
    """FunctionName, and Qualifier where there is one: the ARN, qualified as the caller did.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    name, qualifier = (*values, None)[:2]
    match = _FUNCTION.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    region, account = match["region"] or where.region, match["account"] or where.account_id
    arn = f"arn:aws:lambda:{region}:{account}:function:{match['name']}"
    qualifier = qualifier or match["qualifier"]
    return f"{arn}:{qualifier}" if qualifier else arn


def _queue(values: Sequence[Any], where: Where) -> str | None:
    """QueueUrl: its last two parts are account and name."""
    url = values[0]
    if not isinstance(url, str) or not url:
        return None
    try:
        path = urlsplit(url).path
    except ValueError:  # what looks like an address and is none
        return None
    parts = [part for part in path.split("/") if part]
    name = parts[-1] if parts else ""
    account = parts[-2] if len(parts) > 1 and parts[-2].isdecimal() else where.account_id
    return f"arn:aws:sqs:{where.region}:{account}:{name}" if name else None


def _copied(values: Sequence[Any], where: Where) -> str | None:
    """CopySource of S3: `bucket/key` or `/bucket/key`, quoted, perhaps with a version."""
    source = values[0]
    if isinstance(source, Mapping):
        return f"arn:aws:s3:::{source.get('Bucket')}/{source.get('Key')}"
    if not isinstance(source, str):
        return None
    named = unquote(source.partition("?versionId=")[0]).removeprefix("/")
    return named if named.startswith("arn:") else f"arn:aws:s3:::{named}"


def _last(values: Sequence[Any], where: Where) -> str | None:
    """A name, or an ARN whose last part is the name."""
    value = values[0]
    return value.rpartition("/")[2] or None if isinstance(value, str) else None


def _bus(values: Sequence[Any], where: Where) -> str | None:
    """EventBusName as rules' ARNs have it: not at all where it is the default one."""
    name = _last(values, where) if values[0] is not None else None
    return f"{name}/" if name not in (None, "default") else None


def _path(values: Sequence[Any], where: Where) -> str | None:
    """Path of an identity: `/` where there is none."""
    return values[0] if isinstance(values[0], str) and values[0] else "/"


def _host(values: Sequence[Any], where: Where) -> str | None:
    """Host and path of a URL."""
    value = values[0]
    return value.partition("://")[2].rstrip("/") or None if isinstance(value, str) else None


def _group(values: Sequence[Any], where: Where) -> str | None:
    """A log group by its name or its ARN, which may end in `:*`."""
    value = values[0]
    return value.removesuffix(":*") or None if isinstance(value, str) else None


def _layer(values: Sequence[Any], where: Where) -> str | None:
    """LayerName, a name or the ARN of a layer or of a version, and VersionNumber."""
    name, version = values
    match = _LAYER.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    prefix = match["prefix"] or f"arn:aws:lambda:{where.region}:{where.account_id}:layer:"
    number = match["version"] if version is None else str(version)
    return f"{prefix}{match['name']}" + (f":{number}" if number else "")


def _entry_bus(values: Sequence[Any], where: Where) -> str | None:
    """The event bus of an entry of PutEvents: its name or ARN, or the default one."""
    entry = values[0]
    return (entry.get("EventBusName") or "default") if isinstance(entry, Mapping) else None


def _statement(verb: str) -> Callable[[Sequence[Any], Where], str | None]:
    """Make the form of a PartiQL statement of one verb: the table, or the index, that it is on."""

    def read(values: Sequence[Any], where: Where) -> str | None:
        match = _PARTIQL[verb].match(values[0]) if isinstance(values[0], str) else None
        if match is None:
            return None
        table, index = match.groups()
        arn = f"arn:aws:dynamodb:{where.region}:{where.account_id}:table/{table}"
        return f"{arn}/index/{index}" if index else arn

    return read


FORMS: Mapping[str, Callable[[Sequence[Any], Where], str | None]] = {
    "function": _function,
    "queue": _queue,
    "copied": _copied,
    "last": _last,
    "bus": _bus,
    "path": _path,
    "host": _host,
    "group": _group,
    "layer": _layer,
    "entry_bus": _entry_bus,
} | {verb: _statement(verb) for verb in _PARTIQL}
"""By the name that templates use after `|`."""
