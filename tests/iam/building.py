"""Principals, policies and requests for tests, in a few words."""

from collections.abc import Mapping
from typing import Any

from ingle.iam.authorize import Decision, Policies, authorize
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind, root_arn
from ingle.iam.request import AccessRequest

ACCOUNT, OTHER = "111122223333", "444455556666"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
INVOKE = "lambda:InvokeFunction"


def user(name: str = "ann", account: str = ACCOUNT, **tags: str) -> Principal:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Principal(PrincipalKind.USER, arn, account, f"AIDA{name.upper()}EXAMPLE", None, tags)


def session(role: str = "app", name: str = "one", account: str = ACCOUNT, **tags: str) -> Principal:
    """A session of a role; the role's path is not in the session's ARN."""
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{name}",
        account_id=account,
        unique_id=f"AROAEXAMPLEEXAMPLE:{name}",
        role_arn=f"arn:aws:iam::{account}:role/{role}",
        tags=tags,
    )


def federated(name: str = "guest", account: str = ACCOUNT) -> Principal:
    arn = f"arn:aws:sts::{account}:federated-user/{name}"
    asker = f"arn:aws:iam::{account}:user/ann"
    return Principal(PrincipalKind.FEDERATED_USER, arn, account, f"{account}:{name}", asker)


def root(account: str = ACCOUNT) -> Principal:
    return Principal(PrincipalKind.ROOT, root_arn(account), account, account)


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    """A statement; about every action and resource where none is given."""
    made: dict[str, Any] = {"Effect": effect, **elements}
    if not made.keys() & {"Action", "NotAction"}:
        made["Action"] = "*"
    if not made.keys() & {"Resource", "NotResource"}:
        made["Resource"] = "*"
    return made


def policy(
    *statements: Mapping[str, Any],
    kind: PolicyKind = PolicyKind.IDENTITY,
    name: str = "",
    version: str = "2012-10-17",
) -> Policy:
    return Policy.parse({"Version": version, "Statement": list(statements)}, kind, name)


def of_resource(*statements: Mapping[str, Any], name: str = "") -> Policy:
    return policy(*statements, kind=PolicyKind.RESOURCE, name=name)


def trust(principal: Any, effect: str = "Allow", **elements: Any) -> Policy:
    made = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **elements}
    return policy(made, kind=PolicyKind.TRUST)


def request(
    principal: Principal | None = None,
    action: str = INVOKE,
    resource: str = FUNCTION,
    account: str = ACCOUNT,
    **keys: str | tuple[str, ...],
) -> AccessRequest:
    """A request; `aws__SourceIp="…"` gives it the condition key `aws:SourceIp`."""
    values = {
        name.replace("__", ":").lower(): (value,) if isinstance(value, str) else value
        for name, value in keys.items()
    }
    return AccessRequest(principal or user(), action, resource, account, values)


def decide(asked: AccessRequest, *identity: Policy, **others: Any) -> Decision:
    return authorize(asked, Policies(identity=identity, **others))


def allows(made: Mapping[str, Any], asked: AccessRequest, version: str = "2012-10-17") -> bool:
    """Whether a statement in a policy of the caller's allows a request."""
    return decide(asked, policy(made, version=version)).allowed
