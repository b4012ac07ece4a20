"""How buses and rules are named.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

import re

from ingle.services.events.errors import Validation
from ingle.services.events.model import DEFAULT, ArchiveKey, BusKey, RuleKey
from ingle.wire.service import CallContext

_BUS = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):event-bus/([/.\w-]+)", re.ASCII)
_RULE = re.compile(
    r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):rule/(?:([/.\w-]+)/)?([.\w-]+)", re.ASCII
)

_ARCHIVE = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):archive/([.\w-]+)", re.ASCII)


def bus_key(context: CallContext, name: str | None) -> BusKey:
    """Read the name or the ARN of a bus; without one it is the default bus."""
    if name is None:
        return BusKey(context.account_id, context.region, DEFAULT)
    return bus_of_arn(name) or BusKey(context.account_id, context.region, name)


def bus_of_arn(arn: str) -> BusKey | None:
    """Read the ARN of a bus; None where it is none."""
    match = _BUS.fullmatch(arn)
    if match is None:
        return None
    region, account_id, name = match.groups()
    return BusKey(account_id, region, name)


def rule_of_arn(arn: str) -> RuleKey | None:
    """Read the ARN of a rule; None where it is none."""
    match = _RULE.fullmatch(arn)
    if match is None:
        return None
    region, account_id, bus, name = match.groups()
    return RuleKey(BusKey(account_id, region, bus or DEFAULT), name)


def archive_of_arn(arn: str) -> ArchiveKey | None:
    """Read the ARN of an archive; None where it is none."""
    match = _ARCHIVE.fullmatch(arn)
    if match is None:
        return None
    region, account_id, name = match.groups()
    return ArchiveKey(account_id, region, name)


def check_new_bus(name: str) -> None:
    """Check the name of a bus that is to be made.

    Raises:
        Validation: no bus that one makes may have it.
    """
    if "/" in name:
        raise Validation("Event bus name must not contain '/'.")
