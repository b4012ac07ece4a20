"""How the events of functions, versions and aliases are treated that were sent asynchronously.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html and its
neighbours.
"""

from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.lambda_.destinations import Destinations
from ingle.services.lambda_.errors import InvalidParameterValue, ResourceNotFound
from ingle.services.lambda_.limits import LISTING
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import EventConfig, FunctionKey
from ingle.services.lambda_.names import LATEST, Reference, resolve
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_SETTINGS = {
    "MaximumRetryAttempts": "retries",
    "MaximumEventAgeInSeconds": "age_s",
}


class EventConfigs:
    """The operations on these configurations.

    Args:
        store: where they are kept.
        destinations: knows where records can be delivered.
        changing: the lock of each function.
        clock: tells when one was modified.
    """

    def __init__(
        self,
        store: LambdaStore,
        destinations: Destinations,
        changing: KeyedLocks[FunctionKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._destinations = destinations
        self._changing = changing
        self._clock = clock

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Set a configuration in place of the one that there is; what is left out is unset."""
        return await self._change(context, request, "lambda:PutFunctionEventInvokeConfig")

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change those settings of a configuration that the request names."""
        action = "lambda:UpdateFunctionEventInvokeConfig"
        return await self._change(context, request, action, keep=True)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a configuration."""
        reference = _resolved(request, context, "lambda:GetFunctionEventInvokeConfig")
        return _answer(self._existing(reference))

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a configuration; the defaults are in force again."""
        reference = _resolved(request, context, "lambda:DeleteFunctionEventInvokeConfig")
        async with self._changing(reference.key):
            config = self._existing(reference)
            await self._store.event_configs.remove(config.key, config.qualifier)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List a function's configurations by qualifier, that of `$LATEST` first."""
        action = "lambda:ListFunctionEventInvokeConfigs"
        reference = resolve(request["FunctionName"], context, action)
        if self._store.get(reference.key) is None:
            raise _no_function()
        try:
            page, marker = paging.page(
                self._store.event_configs.list(reference.key),
                lambda each: each.qualifier,
                request.get("Marker") or None,
                min(request.get("MaxItems", LISTING.page), LISTING.page),
            )
        except paging.BadToken as error:
            raise InvalidParameterValue(
                "Marker is not one that ListFunctionEventInvokeConfigs answered."
            ) from error
        answer: ServiceOutput = {"FunctionEventInvokeConfigs": [_answer(each) for each in page]}
        if marker is not None:
            answer["NextMarker"] = marker
        return answer

    async def _change(
        self, context: CallContext, request: ServiceInput, action: str, *, keep: bool = False
    ) -> ServiceOutput:
        changes: dict[str, Any] = {
            attribute: request[member]
            for member, attribute in _SETTINGS.items()
            if request.get(member) is not None
        }
        chosen = request.get("DestinationConfig")
        if chosen is not None:
            changes |= {
                "on_success": chosen.get("OnSuccess", {}).get("Destination") or None,
                "on_failure": chosen.get("OnFailure", {}).get("Destination") or None,
            }
        if not changes:
            raise InvalidParameterValue(
                "You must specify at least one of error handling or destination setting."
            )
        reference = _resolved(request, context, action)
        async with self._changing(reference.key):
            try:
                function = existing(self._store, reference)
            except ResourceNotFound as error:
                raise _no_function() from error
            config = EventConfig(key=reference.key, qualifier=_kept_under(reference))
            if keep:
                config = self._existing(reference)
            self._destinations.check(function, changes.get("on_success"), changes.get("on_failure"))
            modified_ms = int(self._clock.time() * 1000)
            config = replace(config, **changes, last_modified_ms=modified_ms)
            await self._store.event_configs.put(config)
        return _answer(config)

    def _existing(self, reference: Reference) -> EventConfig:
        config = self._store.event_configs.get(reference.key, _kept_under(reference))
        if config is None:
            arn = replace(reference, qualifier=reference.qualifier or LATEST).arn
            raise ResourceNotFound(f"The function {arn} doesn't have an EventInvokeConfig")
        return config


def _resolved(request: ServiceInput, context: CallContext, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request.get("Qualifier"))


def _kept_under(reference: Reference) -> str:
    qualifier = reference.qualifier or ""
    return "" if qualifier == LATEST else qualifier


def _no_function() -> ResourceNotFound:
    return ResourceNotFound("The function doesn't exist.")


def _answer(config: EventConfig) -> ServiceOutput:
    answer: ServiceOutput = {
        "LastModified": config.last_modified_ms / 1000,
        "FunctionArn": config.arn,
        "DestinationConfig": {
            member: {"Destination": arn} if arn else {}
            for member, arn in (("OnSuccess", config.on_success), ("OnFailure", config.on_failure))
        },
    }
    settings = {member: getattr(config, name) for member, name in _SETTINGS.items()}
    return answer | {member: value for member, value in settings.items() if value is not None}
