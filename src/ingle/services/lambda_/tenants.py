"""Tenant isolation: a sandbox of a function that has it serves one tenant for all of its life.

Source: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html.
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.model import Function


def checked_tenant(function: Function, request: Mapping[str, Any]) -> str | None:
    """Say which tenant an invocation is for, or None where the function is not theirs apart.

    Raises:
        InvalidParameterValue: the member TenantId is missing, or not wanted.
    """
    tenant_id: str | None = request.get("TenantId")
    if function.tenant_isolation is None:
        if tenant_id is not None:
            raise InvalidParameterValue(
                "The invoked function is not enabled with tenancy configuration. Remove the tenant "
                "ID from your request and try again."
            )
    elif tenant_id is None:
        raise InvalidParameterValue(
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
            "your request and try again."
        )
    return tenant_id


def check_not_isolated(function: Function, what: str) -> None:
    """Check that a function may have what cannot be had for each tenant.

    Args:
        function: which.
        what: for instance `Provisioned Concurrency`.

    Raises:
        InvalidParameterValue: its tenants are isolated.
    """
    if function.tenant_isolation is not None:
        raise InvalidParameterValue(f"{what} is not supported for functions with tenant isolation.")
