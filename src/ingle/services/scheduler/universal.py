"""Universal targets: schedules call operations of the other services, as a role.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

import asyncio
import re
import tomllib
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.services.delivering.api import Bringers, Delivery, DeliveryFailed, Done, Step, failed
from ingle.services.scheduler.errors import Validation
from ingle.wire.binding import bind
from ingle.wire.errors import NotImplementedByIngle, ServiceError
from ingle.wire.http import Request
from ingle.wire.protocol import Operation, ServiceProtocol
from ingle.wire.service import CallContext, Service
from ingle.wire.shapes import Shape

_TABLES = tomllib.loads(Path(__file__).with_name("universal.toml").read_text("utf-8"))
_SERVICES: Mapping[str, str] = _TABLES["services"]
_REFUSED: tuple[str, ...] = tuple(_TABLES["operations"]["refused"])
_ARN = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):([a-zA-Z0-9]+)", re.ASCII)
_TIMEOUT_S = 30.0


class UniversalSender:
    """Calls operations.

    Args:
        services: those that there are, by botocore's names; filled later.
        bringers: know as whom a schedule calls.
        authorizer: decides who may call.
    """

    def __init__(
        self, services: Mapping[str, Service], bringers: Bringers, authorizer: Authorizer
    ) -> None:
        self._services = services
        self._bringers = bringers
        self._authorizer = authorizer

    def is_prompt(self, delivery: Delivery) -> bool:
        """None is: operations write for themselves."""
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        """Call an operation with what a schedule says.

        Raises:
            DeliveryFailed: it was refused, or failed.
        """
        try:
            operation = operation_of(delivery.arn)
            params = input_of(operation, payload)
            service = self._services.get(operation.service)
            if service is None:
                raise NotImplementedByIngle(f"The service {operation.service} is not there.")
            method = bind(service, operation)
            principal = self._bringers.of(delivery)
            identity = Identity("", principal, delivery.region, operation.service)
            request = Request("POST", "/")
            request_id = str(uuid.uuid4())
            self._authorizer.check(identity, request, operation, params, request_id)
            context = CallContext(
                request_id,
                principal.account_id or delivery.account_id,
                delivery.region,
                principal.arn,
                request,
                "",
                identity=identity,
            )
            async with asyncio.timeout(_TIMEOUT_S):
                await method(context, params)
        except TimeoutError as error:
            text = f"{delivery.arn} did not end within {_TIMEOUT_S:.0f} s."
            raise DeliveryFailed("SDK_CLIENT_ERROR", text, again=True) from error
        except ServiceError as error:
            raise failed(error) from error
        return _nothing


def operation_of(arn: str) -> Operation:
    """Find the operation that the ARN of a universal target names.

    Raises:
        Validation: there is none, Ingle does not have it, or schedules may not call it.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise Validation(f"Provided Arn is not in correct format. It is {arn}.")
    service, action = match.groups()
    if service not in _SERVICES:
        raise Validation(
            f"The target {arn} is not available in this version of Ingle. It calls operations of "
            f"{', '.join(sorted(_SERVICES))}."
        )
    if action.startswith(_REFUSED):
        raise Validation(f"The target {arn} is not supported: schedules call nothing that reads.")
    protocol = ServiceProtocol.load(_SERVICES[service])
    name = next(
        (each for each in protocol.model.operation_names if each.lower() == action.lower()), None
    )
    operation = None if name is None else protocol.operation(name)
    if operation is None or operation.upload or operation.model.streamed:
        raise Validation(f"The target {arn} is not supported: {service} has no such operation.")
    return operation


def input_of(operation: Operation, payload: bytes) -> dict[str, Any]:
    """Read the input of an operation from JSON, by the names of its model.

    Raises:
        Validation: it is none.
    """
    shape = operation.model.input
    try:
        value = orjson.loads(payload or b"{}")
        params = {} if shape is None else _read(value, shape)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Validation(f"Invalid RequestJson provided. Reason {error}") from error
    operation.validate(params)
    if operation.service == "lambda" and operation.name == "Invoke":
        # Nobody looks at the answer, and an event is kept until the function took it.
        params["InvocationType"] = "Event"
    return dict(params)


def _read(value: Any, shape: Shape) -> Any:
    if shape.type == "structure":
        if not isinstance(value, dict):
            raise ValueError(f"{shape.name} must be an object")
        members = shape.members
        unknown = [name for name in value if name not in members]
        if unknown:
            raise ValueError(f"The field {unknown[0]} is not supported by this target")
        return {name: _read(each, members[name]) for name, each in value.items()}
    if shape.type == "list":
        return [_read(each, shape.member) for each in value]
    if shape.type == "map":
        return {name: _read(each, shape.value) for name, each in value.items()}
    if shape.type == "blob":
        return value.encode() if isinstance(value, str) else orjson.dumps(value)
    if shape.type == "timestamp":
        if isinstance(value, str):
            return datetime.fromisoformat(value).timestamp()
        return float(value)
    kinds = _KINDS.get(shape.type, (str,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"{shape.name} must be a {shape.type}")
    return value


_KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}


async def _nothing(_: AsyncConnection) -> Done | None:
    return None
