"""Tags of functions.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html.
"""

import re
from dataclasses import replace

from ingle.services.lambda_.errors import InvalidParameterValue
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


class Tags:
    """The operations on tags; changing them makes no new revision of a function.

    Args:
        store: where functions are kept, with their tags.
        changing: the lock of each function.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey]) -> None:
        self._store = store
        self._changing = changing

    async def add(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a function, or give new values to those that it has."""
        reference = _function(request["Resource"], context, "lambda:TagResource")
        tags = request["Tags"]
        if not tags:
            raise InvalidParameterValue("Tags must hold at least one tag.")
        async with self._changing(reference.key):
            function = existing(self._store, reference)
            await self._store.replace(
                replace(function, tags=checked_tags({**function.tags, **tags}))
            )

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Remove the tags with some keys from a function, as far as it has them."""
        reference = _function(request["Resource"], context, "lambda:UntagResource")
        keys = set(request["TagKeys"])
        async with self._changing(reference.key):
            function = existing(self._store, reference)
            left = {key: value for key, value in function.tags.items() if key not in keys}
            await self._store.replace(replace(function, tags=left))

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a function."""
        reference = _function(request["Resource"], context, "lambda:ListTags")
        return {"Tags": dict(existing(self._store, reference).tags)}


def _function(arn: str, context: CallContext, action: str) -> Reference:
    match = _KIND.fullmatch(arn)
    kind = "resource" if match is None else match["kind"]
    if kind != "function":
        raise NotImplementedByIngle(f"Tags of a {kind} are not implemented by Ingle yet")
    reference = resolve(arn, context, action)
    if reference.qualifier is not None:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function "
            "ARN."
        )
    return reference
