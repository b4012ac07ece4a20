"""Who may use a layer version: its resource-based policy.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ResourceNotFound,
)
from ingle.services.lambda_.model import LayerKey, LayerVersion
from ingle.services.lambda_.names import resolve_layer
from ingle.services.lambda_.policy_documents import (
    NO_POLICY,
    account_arn,
    check_new_sid,
    check_size,
    document,
    text,
    without,
)
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class LayerPolicies:
    """The operations on the policies of layer versions.

    Args:
        store: where they are kept, with the versions.
        changing: the lock of each layer.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[LayerKey]) -> None:
        self._store = store.layers
        self._changing = changing

    async def add(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add a statement that lets an account, an organization or everybody use a version."""
        if "OrganizationId" in request and request["Principal"] != "*":
            raise InvalidParameterValue("With an OrganizationId, Principal must be *.")
        key = _key(context, request, "AddLayerVersionPermission")
        async with self._changing(key):
            version = self._existing(key, request)
            check_new_sid(version.statements, request["StatementId"])
            _check_revision(version, request)
            statement = _statement(version, request)
            revision_id = await self._change(version, (*version.statements, statement))
        return {"Statement": text(statement), "RevisionId": revision_id}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the policy of a version."""
        version = self._existing(_key(context, request, "GetLayerVersionPolicy"), request)
        if not version.statements:
            raise ResourceNotFound(NO_POLICY)
        return {"Policy": document(version.statements), "RevisionId": version.policy_revision_id}

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement."""
        key = _key(context, request, "RemoveLayerVersionPermission")
        async with self._changing(key):
            version = self._existing(key, request)
            if not version.statements:
                raise ResourceNotFound(NO_POLICY)
            _check_revision(version, request)
            await self._change(version, without(version.statements, request["StatementId"]))

    def _existing(self, key: LayerKey, request: ServiceInput) -> LayerVersion:
        number = request["VersionNumber"]
        version = self._store.get(key, number)
        if version is None:
            account_id, region, name = key
            raise ResourceNotFound(
                f"Layer version arn:aws:lambda:{region}:{account_id}:layer:{name}:{number} does "
                "not exist."
            )
        return version

    async def _change(
        self, version: LayerVersion, statements: tuple[Mapping[str, Any], ...]
    ) -> str:
        check_size(statements)
        revision_id = str(uuid.uuid4())
        await self._store.replace(
            replace(version, statements=statements, policy_revision_id=revision_id)
        )
        return revision_id


def _key(context: CallContext, request: ServiceInput, operation: str) -> LayerKey:
    return resolve_layer(
        request["LayerName"], context, f"lambda:{operation}", request["VersionNumber"]
    ).key


def _check_revision(version: LayerVersion, request: ServiceInput) -> None:
    expected = request.get("RevisionId")
    if expected and expected != version.policy_revision_id:
        raise PreconditionFailed("GetLayerPolicy")


def _statement(version: LayerVersion, request: ServiceInput) -> dict[str, Any]:
    principal: Any = request["Principal"]
    if principal != "*":
        principal = {"AWS": account_arn(principal) if principal.isdecimal() else principal}
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": request["Action"],
        "Resource": version.arn,
    }
    if "OrganizationId" in request:
        condition = {"aws:PrincipalOrgID": request["OrganizationId"]}
        statement["Condition"] = {"StringEquals": condition}
    return statement
