"""Service-linked roles, which only their services may change."""

import json
import tomllib
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from ingle.services.iam.errors import InvalidInput, NoSuchEntity, no_such, over_quota
from ingle.services.iam.limits import ACCOUNT
from ingle.services.iam.making import new_role
from ingle.services.iam.model import DeletionTask
from ingle.services.iam.operations import Operations
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

PATH = "/aws-service-role/"
_POLICIES = "arn:aws:iam::aws:policy/aws-service-role/"
_TASK = "task"


class ServiceLinkedRoleOperations(Operations):
    """The operations on service-linked roles; deleting one takes no time here."""

    async def create_service_linked_role(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make the role of a service, with its policy."""
        service, suffix = request["AWSServiceName"], request.get("CustomSuffix")
        known = _services().get(service)
        if known is None:
            raise InvalidInput(
                f"{service} is not a service with a service-linked role that Ingle knows."
            )
        if suffix is not None and not known.get("suffix", False):
            raise InvalidInput(f"Custom suffix is not allowed for {service}")
        name = known["role"] + (f"_{suffix}" if suffix is not None else "")
        async with self._locked(context):
            if self._store.roles.get(context.account_id, name) is not None:
                raise InvalidInput(
                    f"Service role name {name} has been taken in this account, please try a "
                    "different suffix."
                )
            if self._store.roles.count(context.account_id) >= ACCOUNT.roles:
                raise over_quota("RolesPerAccount", ACCOUNT.roles)
            role = new_role(
                context.account_id,
                name,
                _trust_of(service),
                self._now_ms(),
                path=f"{PATH}{service}/",
                description=request.get("Description"),
                attached=(_POLICIES + known["policy"],),
            )
            await self._store.change(put=[role])
        return {"Role": self._role_answer(role)}

    async def delete_service_linked_role(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete the role of a service."""
        async with self._locked(context):
            role = self._role(context, request["RoleName"])
            if not role.is_service_linked:
                raise no_such("service-linked role", role.name)
            task = DeletionTask(
                account_id=context.account_id,
                name=f"{_TASK}{role.path}{role.name}/{uuid.uuid4()}",
                created_ms=self._now_ms(),
            )
            await self._store.change(remove=[role], put=[task])
        return {"DeletionTaskId": task.name}

    async def get_service_linked_role_deletion_status(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell how far the deletion of a service's role is."""
        task_id = request["DeletionTaskId"]
        if self._store.deletion_tasks.get(context.account_id, task_id) is None:
            raise NoSuchEntity(f"Deletion task {task_id} cannot be found.")
        return {"Status": "SUCCEEDED"}


@cache
def _services() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("service_linked.toml").read_text("utf-8"))


def _trust_of(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return json.dumps(document, separators=(",", ":"))
