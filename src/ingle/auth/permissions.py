"""Whether a caller may do what it asks for.

There are no policies yet, so this is short: the account's root user may do everything, and a role,
which has no permissions until a policy gives it some, may do nothing but have the function whose it
is run its own durable executions. It is the one place that decides; what comes after it may rely on
that.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingle.auth.errors import family
from ingle.auth.keys import Identity
from ingle.wire.http import Request

# Where an operation and the permission for it have different names;
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
}

# What the managed policy AWSLambdaBasicDurableExecutionRolePolicy allows the role of a durable
# function; https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
_OF_DURABLE = frozenset({"CheckpointDurableExecution", "GetDurableExecutionState"})
_SESSION = re.compile(r"arn:[^:]+:sts::\d{12}:assumed-role/[^/]+/([^/]+)")


def check_permitted(
    identity: Identity, request: Request, operation: str, params: Mapping[str, Any]
) -> None:
    """Refuse a caller that may not do what it asks for.

    Args:
        identity: who signed.
        request: the request, whose protocol words the refusal.
        operation: the operation's name in the model, for instance `ListFunctions`.
        params: its input, which says what it is about.

    Raises:
        ServiceError: access denied, in the words of the service.
    """
    if identity.principal_arn == f"arn:aws:iam::{identity.account_id}:root":
        return
    if operation in _OF_DURABLE and _is_own_execution(identity, params):
        return
    service = identity.service
    action = f"{service}:{_ACTIONS.get((service, operation), operation)}"
    raise family(service, request).refuse_access(
        f"User: {identity.principal_arn} is not authorized to perform: {action} on resource: "
        f"{_resource(identity, params)} because no identity-based policy allows the {action} action"
    )


def _is_own_execution(identity: Identity, params: Mapping[str, Any]) -> bool:
    """Whether a role's session is that of the function whose execution a request is about."""
    session = _SESSION.fullmatch(identity.principal_arn)
    if identity.service != "lambda" or session is None:
        return False
    own = f":lambda:{identity.region}:{identity.account_id}:function:{session[1]}:"
    return own in str(params.get("DurableExecutionArn", ""))


def _resource(identity: Identity, params: Mapping[str, Any]) -> str:
    for member, template in _templates().get(identity.service, {}).items():
        name = params.get(member)
        if not isinstance(name, str):
            continue
        if name.startswith("arn:"):
            return name
        return template.format(
            region=identity.region,
            account=identity.account_id,
            name=name.rpartition("function:")[2],  # Lambda takes parts of ARNs too
        )
    return "*"


@functools.cache
def _templates() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("resources.toml").read_text("utf-8"))
