"""Which log group a request means.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
(logGroupName and logGroupIdentifier).
"""

import re

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
