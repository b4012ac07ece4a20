"""Tags of functions, code signing configurations and event source mappings.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ingle.services.lambda_.code_signing import CodeSigningConfigs
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.event_source_mappings.operations import EventSourceMappings
from ingle.services.lambda_.intakes import check_not_updating
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import Reference, resolve
from ingle.services.lambda_.settings import checked_tags
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import NotImplementedByIngle
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

# The model has checked the rest of the ARN.
_KIND = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]+:(?P<kind>[^:]+):.+")
_ADDS = "lambda:TagResource"
_SIGNING, _MAPPING = "code-signing-config", "event-source-mapping"


class Tags:
    """The operations on tags; changing them makes no new revision of a function.

    Args:
        store: where functions are kept, with their tags.
        changing: the lock of each function.
        code_signing: has the code signing configurations, with theirs.
        mappings: has the event source mappings, with theirs.
    """

    def __init__(
        self,
        store: LambdaStore,
        changing: KeyedLocks[FunctionKey],
        code_signing: CodeSigningConfigs,
        mappings: EventSourceMappings,
    ) -> None:
        self._mappings = mappings
        self._store = store
        self._changing = changing
        self._code_signing = code_signing

    async def add(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a resource, or give new values to those that it has."""
        tags = request["Tags"]
        if not tags:
            raise InvalidParameterValue("Tags must hold at least one tag.")

        def change(present: Mapping[str, str]) -> dict[str, str]:
            return checked_tags({**present, **tags})

        await self._retag(request["Resource"], context, _ADDS, change)

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Remove the tags with some keys from a resource, as far as it has them."""
        keys = set(request["TagKeys"])

        def change(present: Mapping[str, str]) -> dict[str, str]:
            return {key: value for key, value in present.items() if key not in keys}

        await self._retag(request["Resource"], context, "lambda:UntagResource", change)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a resource."""
        arn, action = request["Resource"], "lambda:ListTags"
        if _kind(arn) == _SIGNING:
            return {"Tags": dict(self._code_signing.existing(arn, context, action).tags)}
        if _kind(arn) == _MAPPING:
            return {"Tags": dict(self._mappings.tags(arn))}
        return {"Tags": dict(existing(self._store, _function(arn, context, action)).tags)}

    async def _retag(
        self,
        arn: str,
        context: CallContext,
        action: str,
        change: Callable[[Mapping[str, str]], dict[str, str]],
    ) -> None:
        if _kind(arn) == _SIGNING:
            await self._code_signing.retag(arn, context, action, change)
            return
        if _kind(arn) == _MAPPING:
            await self._mappings.retag(arn, change)
            return
        reference = _function(arn, context, action)
        async with self._changing(reference.key):
            function = existing(self._store, reference)
            if action == _ADDS:
                check_not_updating(function)
            await self._store.replace(replace(function, tags=change(function.tags)))


def _kind(arn: str) -> str | None:
    match = _KIND.fullmatch(arn)
    return None if match is None else match["kind"]


def _function(arn: str, context: CallContext, action: str) -> Reference:
    kind = _kind(arn)
    if kind != "function":
        raise NotImplementedByIngle(f"Tags of a {kind} are not implemented by Ingle yet")
    reference = resolve(arn, context, action)
    if reference.qualifier is not None:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function "
            "ARN."
        )
    return reference
