"""Whether a caller may do what it asks for.

There are no policies yet, so this is short: the account's root user may do everything, and a role,
which has no permissions until a policy gives it some, may do nothing. It is the one place that
decides; what comes after it may rely on that.
"""

import functools
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
    service = identity.service
    action = f"{service}:{_ACTIONS.get((service, operation), operation)}"
    raise family(service, request).refuse_access(
        f"User: {identity.principal_arn} is not authorized to perform: {action} on resource: "
        f"{_resource(identity, params)} because no identity-based policy allows the {action} action"
    )


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
