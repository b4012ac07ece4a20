"""PutPermission and RemovePermission: the policy of a bus.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
"""

from dataclasses import replace
from typing import Any

import orjson

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.iam.principal import root_arn
from ingle.services.events.buses import Buses
from ingle.services.events.errors import PolicyTooLong, ResourceNotFound, Validation
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Bus, BusKey
from ingle.services.events.names import bus_key
from ingle.services.events.store import EventsStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput

_PARTS = ("Action", "Principal", "StatementId")


class BusPermissions:
    """The operations on the policies of buses.

    Args:
        store: where they are kept.
        buses: finds them.
        changing: the lock of each bus.
    """

    def __init__(self, store: EventsStore, buses: Buses, changing: KeyedLocks[BusKey]) -> None:
        self._store = store
        self._buses = buses
        self._changing = changing

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Give a bus a policy, or its policy a statement."""
        name = request.get("EventBusName")
        async with self._changing(bus_key(context, name)):
            bus = self._buses.existing(context, name)
            if "Policy" in request:
                if any(each in request for each in (*_PARTS, "Condition")):
                    raise Validation(
                        "Policy cannot be given together with the parts of a statement."
                    )
                await self._set(bus, request["Policy"])
                return
            for each in _PARTS:
                if each not in request:
                    raise Validation(f"Parameter {each} must be specified.")
            statements = [
                each for each in _statements(bus) if each.get("Sid") != request["StatementId"]
            ]
            statements.append(_statement(bus, request))
            await self._set(bus, _written(statements))

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Take a statement, or all of them, from the policy of a bus."""
        name = request.get("EventBusName")
        async with self._changing(bus_key(context, name)):
            bus = self._buses.existing(context, name)
            if request.get("RemoveAllPermissions"):
                await self._store.put_bus(replace(bus, policy=""))
                return
            if not bus.policy:
                raise ResourceNotFound("EventBus does not have a policy.")
            label, statements = request.get("StatementId"), _statements(bus)
            if not label:
                raise Validation("Parameter StatementId must be specified.")
            left = [each for each in statements if each.get("Sid") != label]
            if len(left) == len(statements):
                raise ResourceNotFound("Statement with the provided id does not exist.")
            await self._store.put_bus(replace(bus, policy=_written(left) if left else ""))

    async def _set(self, bus: Bus, policy: str) -> None:
        if len(policy.encode()) > LIMITS.policy_bytes:
            raise PolicyTooLong(f"The policy of a bus may have {LIMITS.policy_bytes} bytes.")
        try:
            Policy.parse(policy, PolicyKind.RESOURCE, bus.key.arn)
        except MalformedPolicy as error:
            raise Validation(f"Parameter Policy is not valid. Reason: {error}") from error
        await self._store.put_bus(replace(bus, policy=policy))


def _statements(bus: Bus) -> list[dict[str, Any]]:
    if not bus.policy:
        return []
    found = orjson.loads(bus.policy)["Statement"]
    return found if isinstance(found, list) else [found]


def _written(statements: list[dict[str, Any]]) -> str:
    return orjson.dumps({"Version": "2012-10-17", "Statement": statements}).decode()


def _statement(bus: Bus, request: ServiceInput) -> dict[str, Any]:
    principal = request["Principal"]
    if principal != "*" and not (len(principal) == 12 and principal.isdecimal()):
        raise Validation("Parameter Principal must be an AWS account id or *.")
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": root_arn(principal)},
        "Action": request["Action"],
        "Resource": bus.key.arn,
    }
    condition = request.get("Condition")
    if condition is not None:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement
