"""Delivers records of asynchronous invocations to buckets.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.invoke.events.destinations import Delivery, DeliveryFailed
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.lookup import version_of
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.objects import Objects
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.errors import ServiceError

PREFIX = "arn:aws:s3:::"
PUT = "s3:PutObject"


class BucketDeliverer:
    """Delivers records to buckets, each as an object of its own.

    Args:
        store: knows the functions that records are about.
        objects: writes to buckets.
        roles: know what a function's role may do.
        clock: tells when; a key has the time in it.
    """

    def __init__(
        self, store: LambdaStore, objects: Objects, roles: ExecutionRoles, clock: Clock
    ) -> None:
        self._store = store
        self._objects = objects
        self._roles = roles
        self._clock = clock

    def check(self, function: Function, arn: str) -> None:
        """Check a bucket that is to be told of a function's events.

        Raises:
            InvalidParameterValue: it is not there, or the function's role may not write to it.
        """
        if not self._objects.has_bucket(bucket_of(arn)):
            raise InvalidParameterValue(f"The destination ARN {arn} is invalid.")
        for action, call, resource in (
            (PUT, "PutObject", f"{arn}/*"),
            ("s3:ListBucket", "ListBucket", arn),
        ):
            if self._roles.may_not(function, action, resource):
                raise InvalidParameterValue(
                    f"The function execution role does not have permissions to call {call} on {arn}"
                )

    async def deliver(
        self, connection: AsyncConnection, delivery: Delivery
    ) -> Callable[[], None] | None:
        """Store a record.

        Raises:
            DeliveryFailed: there is no such bucket any more, or the role of the function that the
                record is about may not put objects into it.
        """
        bucket = bucket_of(delivery.arn)
        moment = datetime.fromtimestamp(self._clock.time(), UTC)
        key = (
            f"aws/lambda/async/{delivery.function[2]}/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-"
            f"{uuid.uuid4()}"
        )
        function = version_of(self._store, delivery.key)
        if function is not None:
            fault = self._roles.may_not(function, PUT, f"{delivery.arn}/{key}")
            if fault:
                raise DeliveryFailed(fault)
        try:
            return await self._objects.write_within(
                connection, bucket, key, delivery.record, content_type="application/json"
            )
        except ServiceError as error:
            raise DeliveryFailed(error.message) from error


def bucket_of(arn: str) -> str:
    """Read the bucket out of an ARN."""
    return arn.removeprefix(PREFIX)
