"""Event buses, as far as functions have to do with them: records of their events are put there.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.invoke.events.destinations import Delivery, DeliveryFailed
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore
from ingle.services.neighbours import Buses

PUT = "events:PutEvents"


class BusDeliverer:
    """Delivers records to event buses: as events.

    Args:
        store: knows which functions there are.
        buses: take the events.
        roles: know what the role of the function may do that the record is about.
    """

    def __init__(self, store: LambdaStore, buses: Buses, roles: ExecutionRoles) -> None:
        self._store = store
        self._buses = buses
        self._roles = roles

    def check(self, function: Function, arn: str) -> None:
        """Check a bus that is to be told of a function's events.

        Raises:
            InvalidParameterValue: it is none, or the function's role may not put events there.
        """
        if not self._buses.exists(arn):
            raise InvalidParameterValue(f"The destination ARN {arn} is invalid.")
        if self._roles.may_not(function, PUT, arn):
            raise InvalidParameterValue(
                "The function's execution role does not have permissions to call PutEvents on "
                f"{arn}"
            )

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Make an event of a record.

        Raises:
            DeliveryFailed: there is no such bus any more, or the role of the function may not put
                events there.
        """
        function = self._store.get(delivery.function)
        fault = "" if function is None else self._roles.may_not(function, PUT, delivery.arn)
        if fault:
            raise DeliveryFailed(fault)
        record = orjson.loads(delivery.record)
        context = record["requestContext"]
        result = "Success" if context["condition"] == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {result}",
            "Resources": [delivery.arn, context["functionArn"]],
            "Detail": delivery.record,
        }
        try:
            return await self._buses.add(connection, delivery.arn, entry, delivery.trace)
        except LookupError as error:
            raise DeliveryFailed(str(error)) from error
