"""The operations on event source mappings.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and its
neighbours.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services.lambda_.errors import (
    NoSuchResource,
    ResourceConflict,
    ResourceInUse,
    ResourceNotFound,
)
from ingle.services.lambda_.event_source_mappings.checks import (
    changed_settings,
    check_mapping,
    check_source,
    no_function,
)
from ingle.services.lambda_.event_source_mappings.model import (
    CREATING,
    DELETING,
    DISABLED,
    DISABLING,
    ENABLED,
    ENABLING,
    REASON,
    UPDATING,
    EventSourceMapping,
)
from ingle.services.lambda_.event_source_mappings.running import Pollers
from ingle.services.lambda_.event_source_mappings.store import EventSourceMappingStore
from ingle.services.lambda_.limits import LISTING
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import LATEST, Reference, resolve
from ingle.services.lambda_.queues import Queues
from ingle.services.lambda_.roles import ExecutionRoles
from ingle.services.lambda_.settings import checked_tags
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_SOURCE = tuple[str, str]


class EventSourceMappings:
    """The operations on mappings.

    Args:
        functions: knows which functions there are.
        store: where mappings are kept.
        pollers: take messages out of queues for them.
        queues: are there, or not.
        roles: know what the roles of functions may do.
        clock: tells when a mapping was changed.
    """

    def __init__(
        self,
        functions: LambdaStore,
        store: EventSourceMappingStore,
        pollers: Pollers,
        queues: Queues,
        roles: ExecutionRoles,
        clock: Clock,
    ) -> None:
        self._functions = functions
        self._store = store
        self._pollers = pollers
        self._queues = queues
        self._roles = roles
        self._clock = clock
        self._changing: KeyedLocks[str] = KeyedLocks()
        self._creating: KeyedLocks[_SOURCE] = KeyedLocks()
        # What is under way, by mapping.
        self._states: dict[str, str] = {}

    def start(self) -> None:
        """Go on with those that there are."""
        for mapping in self._store.all():
            self._pollers.begin(mapping)

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Have a function get a queue's messages."""
        source = check_source(request)
        settings = changed_settings(request)
        reference, function = self._function(
            request["FunctionName"], context, "lambda:CreateEventSourceMapping"
        )
        mapping = EventSourceMapping(
            uuid=str(uuid.uuid4()),
            key=reference.key,
            qualifier=_qualifier(reference),
            source_arn=source,
            tags=checked_tags(request.get("Tags") or {}),
            modified_ms=self._now_ms(),
            **settings,
        )
        async with self._creating((source, mapping.function_arn)):
            self._check_single(mapping)
            check_mapping(mapping, function, self._queues, self._roles)
            await self._store.put(mapping)
        self._pollers.begin(mapping)
        return _described(mapping, CREATING)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a mapping."""
        return self._answer(self._existing(context, request))

    async def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List mappings: those of a function or a queue where one is named."""
        found = self._store.of_region(context.account_id, context.region)
        if request.get("EventSourceArn"):
            found = [each for each in found if each.source_arn == request["EventSourceArn"]]
        if request.get("FunctionName"):
            reference = resolve(request["FunctionName"], context, "lambda:ListEventSourceMappings")
            found = [
                each
                for each in found
                if each.key == reference.key and each.qualifier == _qualifier(reference)
            ]
        return listed(
            "EventSourceMappings",
            found,
            lambda each: each.uuid,
            self._answer,
            request,
            "ListEventSourceMappings",
            size=LISTING.mappings,
        )

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change those settings of a mapping that the request names."""
        settings = changed_settings(request)
        before = self._existing(context, request)
        async with self._changing(before.uuid):
            before = self._existing(context, request)
            self._check_settled(before, "update")
            reference = Reference(*before.key, before.qualifier or None)
            name = request.get("FunctionName") or reference.arn
            reference, function = self._function(name, context, "lambda:UpdateEventSourceMapping")
            mapping = replace(
                before,
                key=reference.key,
                qualifier=_qualifier(reference),
                modified_ms=self._now_ms(),
                **settings,
            )
            if mapping.function_arn != before.function_arn:
                self._check_single(mapping)
            check_mapping(mapping, function, self._queues, self._roles)
            await self._store.put(mapping)
        state = UPDATING
        if mapping.enabled != before.enabled:
            state = ENABLING if mapping.enabled else DISABLING
        self._states[mapping.uuid] = state

        def go_on() -> None:
            self._states.pop(mapping.uuid, None)
            now = self._store.get(mapping.uuid)
            if now is not None:
                self._pollers.begin(now)

        self._pollers.end(before, go_on)
        return _described(mapping, state)

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a mapping, once what runs for it is over."""
        mapping = self._existing(context, request)
        async with self._changing(mapping.uuid):
            mapping = self._existing(context, request)
            self._check_settled(mapping, "delete")
            await self._store.remove(mapping.uuid)
        self._pollers.end(mapping, lambda: None)
        return _described(mapping, DELETING)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Tell the tags of the mapping with an ARN."""
        return self._by_arn(arn).tags

    async def retag(self, arn: str, change: Callable[[Mapping[str, str]], dict[str, str]]) -> None:
        """Change the tags of the mapping with an ARN."""
        mapping = self._by_arn(arn)
        async with self._changing(mapping.uuid):
            mapping = self._by_arn(arn)
            await self._store.put(replace(mapping, tags=change(mapping.tags)))

    def _by_arn(self, arn: str) -> EventSourceMapping:
        mapping = self._store.get(arn.rpartition(":")[2])
        if mapping is None or mapping.arn != arn:
            raise NoSuchResource
        return mapping

    def _existing(self, context: CallContext, request: ServiceInput) -> EventSourceMapping:
        mapping = self._store.get(request["UUID"])
        if mapping is None or mapping.key[:2] != (context.account_id, context.region):
            raise NoSuchResource
        return mapping

    def _function(self, name: str, context: CallContext, action: str) -> tuple[Reference, Function]:
        reference = resolve(name, context, action)
        try:
            return reference, existing(self._functions, reference)
        except ResourceNotFound as error:
            raise no_function() from error

    def _check_settled(self, mapping: EventSourceMapping, verb: str) -> None:
        """Check that an earlier change of a mapping is through.

        Raises:
            ResourceInUse: what ran before that change still runs.
        """
        if mapping.uuid in self._states:
            raise ResourceInUse(f"Cannot {verb} the event source mapping because it is in use.")

    def _check_single(self, mapping: EventSourceMapping) -> None:
        for each in self._store.all():
            same = (each.source_arn, each.function_arn) == (
                mapping.source_arn,
                mapping.function_arn,
            )
            if same and each.uuid != mapping.uuid:
                raise ResourceConflict(
                    f'An event source mapping with SQS arn (" {each.source_arn} ") and function '
                    f'(" {each.key[2]} ") already exists. Please update or delete the existing '
                    f"mapping with UUID {each.uuid}"
                )

    def _answer(self, mapping: EventSourceMapping) -> ServiceOutput:
        settled = ENABLED if mapping.enabled else DISABLED
        return _described(mapping, self._states.get(mapping.uuid, settled))

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _qualifier(reference: Reference) -> str:
    qualifier = reference.qualifier or ""
    return "" if qualifier == LATEST else qualifier


def _described(mapping: EventSourceMapping, state: str) -> ServiceOutput:
    told: dict[str, Any] = {
        "UUID": mapping.uuid,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_s,
        "EventSourceArn": mapping.source_arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.modified_ms / 1000,
        "State": state,
        "StateTransitionReason": REASON,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if mapping.reports else [],
        "EventSourceMappingArn": mapping.arn,
    }
    if mapping.filters:
        told["FilterCriteria"] = {"Filters": [{"Pattern": each} for each in mapping.filters]}
    if mapping.most is not None:
        told["ScalingConfig"] = {"MaximumConcurrency": mapping.most}
    if mapping.pollers is not None:
        least, most = mapping.pollers
        told["ProvisionedPollerConfig"] = {"MinimumPollers": least, "MaximumPollers": most}
    if mapping.metrics is not None:
        told["MetricsConfig"] = {"Metrics": list(mapping.metrics)}
    return told
