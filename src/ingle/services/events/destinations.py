"""The operations on API destinations.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
"""

import uuid
from dataclasses import replace
from urllib.parse import urlsplit

from ingle.clock import Clock
from ingle.services.events.buses import paged
from ingle.services.events.destination_store import DestinationStore
from ingle.services.events.errors import (
    LimitExceeded,
    ResourceAlreadyExists,
    ResourceNotFound,
    Validation,
)
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Destination, DestinationKey
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PER_SECOND = 300
_MEMBERS = {
    "Description": "description",
    "ConnectionArn": "connection",
    "InvocationEndpoint": "endpoint",
    "HttpMethod": "method",
    "InvocationRateLimitPerSecond": "per_second",
}


class Destinations:
    """The operations on API destinations.

    Args:
        store: where they are kept, and connections.
        clock: tells when one was made.
    """

    def __init__(self, store: DestinationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._changing: KeyedLocks[DestinationKey] = KeyedLocks()

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an API destination."""
        key = _key(context, request)
        self._check(context, request)
        async with self._changing(key):
            if self._store.destination(key) is not None:
                raise ResourceAlreadyExists(f"An api-destination '{key.name}' already exists.")
            if len(self._store.destinations(*key[:2])) >= LIMITS.destinations:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            now_ms = self._now_ms()
            made = Destination(
                key,
                str(uuid.uuid4()),
                request["ConnectionArn"],
                request.get("Description") or "",
                request["InvocationEndpoint"],
                request["HttpMethod"],
                request.get("InvocationRateLimitPerSecond") or _PER_SECOND,
                now_ms,
                now_ms,
            )
            await self._store.put_destination(made)
        return self._changed(made)

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change an API destination; what is not said stays."""
        key = _key(context, request)
        self._check(context, request)
        changes = {field: request[name] for name, field in _MEMBERS.items() if name in request}
        async with self._changing(key):
            changed = replace(self._existing(key), modified_ms=self._now_ms(), **changes)
            await self._store.put_destination(changed)
        return self._changed(changed)

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete an API destination."""
        key = _key(context, request)
        async with self._changing(key):
            self._existing(key)
            await self._store.delete_destination(key)
        return {}

    def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an API destination."""
        found = self._existing(_key(context, request))
        answer = self._summary(found)
        if found.description:
            answer["Description"] = found.description
        return answer

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List API destinations by name."""
        prefix = request.get("NamePrefix") or ""
        found = [
            each
            for each in self._store.destinations(context.account_id, context.region)
            if each.key.name.startswith(prefix)
            and request.get("ConnectionArn") in (None, each.connection)
        ]
        page, token = paged(found, lambda each: each.key.name, request)
        return {"ApiDestinations": [self._summary(each) for each in page], **token}

    def _check(self, context: CallContext, request: ServiceInput) -> None:
        arn = request.get("ConnectionArn")
        if arn is not None:
            found = self._store.connection_of_arn(arn)
            if found is None or found.key[:2] != (context.account_id, context.region):
                raise ResourceNotFound(f"Connection {arn} does not exist.")
        endpoint = request.get("InvocationEndpoint")
        if endpoint is not None and not _is_url(endpoint):
            raise Validation(
                "Parameter InvocationEndpoint is not valid. Reason: Provided endpoint is not a "
                "valid URL of https or http."
            )

    def _existing(self, key: DestinationKey) -> Destination:
        found = self._store.destination(key)
        if found is None:
            raise ResourceNotFound(
                "Failed to describe the api-destination(s). An api-destination "
                f"'{key.name}' does not exist."
            )
        return found

    def _changed(self, destination: Destination) -> ServiceOutput:
        connection = self._store.connection_of_arn(destination.connection)
        active = connection is not None and connection.parameters
        return {
            "ApiDestinationArn": destination.arn,
            "ApiDestinationState": "ACTIVE" if active else "INACTIVE",
            "CreationTime": destination.created_ms / 1000,
            "LastModifiedTime": destination.modified_ms / 1000,
        }

    def _summary(self, destination: Destination) -> ServiceOutput:
        return {
            **self._changed(destination),
            "Name": destination.key.name,
            "ConnectionArn": destination.connection,
            "InvocationEndpoint": destination.endpoint,
            "HttpMethod": destination.method,
            "InvocationRateLimitPerSecond": destination.per_second,
        }

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(host) and "*" not in parts.netloc


def _key(context: CallContext, request: ServiceInput) -> DestinationKey:
    return DestinationKey(context.account_id, context.region, request["Name"])
