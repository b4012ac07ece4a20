"""Which log group a request means.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
(logGroupName and logGroupIdentifier).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ingle.services.logs.errors import InvalidParameter, no_such_group
from ingle.services.logs.model import GroupKey
from ingle.wire.errors import Validation
from ingle.wire.service import CallContext, ServiceInput

_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:logs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):log-group:"
    r"(?P<name>[^:*]+)(?::\*)?",
    re.ASCII,
)


def group_key(context: CallContext, request: ServiceInput) -> GroupKey:
    """Find out which group a request means: logGroupName, or logGroupIdentifier (name or ARN).

    Raises:
        Validation: both are given.
        InvalidParameter: none is given, or the identifier is neither a name nor an ARN.
        ResourceNotFound: the ARN is of another account or region.
    """
    name = request.get("logGroupName")
    identifier = request.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise Validation("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if name is not None:
        return GroupKey(context.account_id, context.region, name)
    if identifier is None:
        raise InvalidParameter("Either logGroupName or logGroupIdentifier must be specified.")
    return identified_key(context, identifier)


def identified_key(context: CallContext, identifier: str) -> GroupKey:
    """Read a logGroupIdentifier.

    Raises:
        InvalidParameter: it is neither a name nor an ARN.
        ResourceNotFound: the ARN is of another account or region.
    """
    if not identifier.startswith("arn:"):
        return GroupKey(context.account_id, context.region, identifier)
    match = _ARN.fullmatch(identifier)
    if match is None:
        raise InvalidParameter(f"The log group identifier {identifier} is not a log group's ARN.")
    if (match["account"], match["region"]) != (context.account_id, context.region):
        raise no_such_group()
    return GroupKey(context.account_id, context.region, match["name"])


def named_like(pattern: str) -> Callable[[str], bool]:
    """Make a test of names from ListLogGroups' pattern: texts with `|` between them, `^` before one
    that names begin with.
    """
    parts = pattern.split("|")
    begins = tuple(part[1:] for part in parts if part.startswith("^"))
    held = [part for part in parts if not part.startswith("^")]
    return lambda name: name.startswith(begins) or any(part in name for part in held)


def tagged(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """Say whether a group has a tag, with one of some values if there are such.

    A value can begin or end with `*`, and with `!` it must be another one.
    """
    value = tags.get(wanted["key"])
    if value is None:
        return False
    values = wanted.get("values") or ["*"]
    return any(_valued(value, each) for each in values)


def _valued(value: str, wanted: str) -> bool:
    if wanted.startswith("!"):
        return not _valued(value, wanted[1:])
    core = wanted.strip("*")
    before, after = wanted.startswith("*"), wanted.endswith("*")
    if before and after:
        return core in value
    if before:
        return value.endswith(core)
    return value.startswith(core) if after else value == core
