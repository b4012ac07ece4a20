"""Tags of log groups, in AWS's two ways to name them.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
"""

from collections.abc import Collection, Mapping

from ingle.services.logs.errors import InvalidParameter, TooManyTags
from ingle.services.logs.groups import group_key, identified_key
from ingle.services.logs.limits import GROUP
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.model import GroupKey
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_RESERVED = "aws:"


class Tagging:
    """The operations on tags.

    Args:
        lookup: finds groups.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def tag_group(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a group, or give new values to those that it has."""
        await self._add(group_key(context, request), request["tags"])

    async def untag_group(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags of a group."""
        await self._remove(group_key(context, request), request["tags"])

    async def list_group(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of a group."""
        return {"tags": dict((await self._lookup.group(group_key(context, request))).tags)}

    async def tag(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to what an ARN names."""
        await self._add(_key(context, request), request["tags"])

    async def untag(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags of what an ARN names."""
        await self._remove(_key(context, request), request["tagKeys"])

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the tags of what an ARN names."""
        return {"tags": dict((await self._lookup.group(_key(context, request))).tags)}

    async def _add(self, key: GroupKey, tags: Mapping[str, str]) -> None:
        check_tags(tags)
        group = await self._lookup.group(key)
        together = {**group.tags, **tags}
        if len(together) > GROUP.tags:
            raise TooManyTags(f"A log group can have at most {GROUP.tags} tags.")
        await self._lookup.store.set_tags(group, together)

    async def _remove(self, key: GroupKey, names: Collection[str]) -> None:
        group = await self._lookup.group(key)
        left = {name: value for name, value in group.tags.items() if name not in names}
        if len(left) < len(group.tags):
            await self._lookup.store.set_tags(group, left)


def check_tags(tags: Mapping[str, str]) -> None:
    """See that nobody gives tags that are AWS's own.

    Raises:
        InvalidParameter: one of them is.
    """
    for name in tags:
        if name.lower().startswith(_RESERVED):
            raise InvalidParameter(
                f"The tag key {name} must not begin with aws:, which is reserved."
            )


def _key(context: CallContext, request: ServiceInput) -> GroupKey:
    arn = request["resourceArn"]
    if not arn.startswith("arn:"):
        raise InvalidParameter(f"The resource {arn} is not an ARN.")
    return identified_key(context, arn)
