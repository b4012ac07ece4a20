"""What is asked: the request context that a decision is about.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ingle.iam.principal import Principal, PrincipalKind

_TAG = "aws:principaltag/"
Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One principal, one action, one resource, and what is known besides.

    Attributes:
        principal: who asks.
        action: what for, for instance `lambda:InvokeFunction`.
        resource: the ARN of what it is about, or `*` where the action is about none.
        resource_account: the account that the resource belongs to; the caller's for `*`.
        keys: condition keys, in lower case, and their values, for instance
            `{"aws:sourceip": ("127.0.0.1",)}`. What follows from the principal (`aws:username`,
            `aws:PrincipalArn`, `aws:PrincipalTag/…`, …) and the resource (`aws:ResourceAccount`)
            need not be among them; where it is, it counts.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    keys: Mapping[str, Values]

    def values(self, key: str) -> Values | None:
        """The values of a condition key, or None where the request has no such key.

        Args:
            key: its name, in lower case.
        """
        values = self.keys.get(key)
        return derived_values(self, key) if values is None else values


def derived_values(request: AccessRequest, key: str) -> Values | None:
    """The values of a condition key that follows from the principal or the resource."""
    find = _OF_PRINCIPAL.get(key)
    if find is not None:
        value = find(request.principal)
        return None if value is None else (value,)
    if key.startswith(_TAG):
        return _tag(request.principal, key.removeprefix(_TAG))
    if key == "aws:resourceaccount" and request.resource_account:
        return (request.resource_account,)
    return None


def _tag(principal: Principal, name: str) -> Values | None:
    """The value of a tag, whose name is compared without regard to case, as all key names are."""
    for tag, value in principal.tags.items():
        if tag.lower() == name:
            return (value,)
    return None


def _arn(principal: Principal) -> str | None:
    if principal.kind is PrincipalKind.ROLE_SESSION:
        return principal.role_arn
    return principal.arn if principal.has_identity else None


def _username(principal: Principal) -> str | None:
    is_user = principal.kind is PrincipalKind.USER
    return principal.arn.rpartition("/")[2] if is_user else None


def _is_service(principal: Principal) -> str:
    return "true" if principal.kind is PrincipalKind.SERVICE else "false"


def _service_name(principal: Principal) -> str | None:
    return principal.arn if principal.kind is PrincipalKind.SERVICE else None


def _provider(principal: Principal) -> str | None:
    return principal.arn if principal.kind is PrincipalKind.PROVIDER else None


_OF_PRINCIPAL = {
    "aws:federatedprovider": _provider,
    "aws:principalaccount": lambda principal: principal.account_id or None,
    "aws:principalarn": _arn,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:principaltype": lambda principal: str(principal.kind),
    "aws:userid": lambda principal: principal.unique_id,
    "aws:username": _username,
}
