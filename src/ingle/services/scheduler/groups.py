"""The operations on groups of schedules, and on their tags.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.locks import KeyedLocks
from ingle.services.scheduler.errors import Conflict, ResourceNotFound, Validation
from ingle.services.scheduler.firing import Firing
from ingle.services.scheduler.model import DEFAULT, Group, GroupKey
from ingle.services.scheduler.store import SchedulerStore
from ingle.services.scheduler.tokens import Tokens
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PAGE = 100
_ARN = re.compile(
    r"arn:aws[a-z-]*:scheduler:([a-z0-9-]+):(\d{12}):schedule-group/([\w.-]+)", re.ASCII
)


class Groups:
    """The operations on groups.

    Args:
        store: where they are kept.
        firing: fires their schedules.
        changing: the lock of each group.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SchedulerStore,
        firing: Firing,
        changing: KeyedLocks[GroupKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._firing = firing
        self._changing = changing
        self._clock = clock
        self._deleted: Tokens[GroupKey] = Tokens()

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a group."""
        key = GroupKey(context.account_id, context.region, request["Name"])
        async with self._changing(key):
            tags = {each["Key"]: each["Value"] for each in request.get("Tags") or []}
            old, token = self._store.group(key), request["ClientToken"]
            if old is not None:
                if (old.token, old.tags) == (token, tags):
                    return {"ScheduleGroupArn": key.arn}
                raise Conflict(f"Schedule group {key.name} already exists.")
            await self._store.put_group(Group(key, tags, int(self._clock.time() * 1000), token))
        return {"ScheduleGroupArn": key.arn}

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a group with its schedules."""
        key = GroupKey(context.account_id, context.region, request["Name"])
        if key.name == DEFAULT:
            raise Validation("The default schedule group cannot be deleted.")
        async with self._changing(key):
            if self._deleted.is_known(key, request["ClientToken"]):
                return
            existing_group(self._store, key)
            for each in self._store.all():
                if each.key.group == key:
                    self._firing.forget(each.key)
            await self._store.delete_group(key)
            self._deleted.add(key, request["ClientToken"])

    def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a group."""
        key = GroupKey(context.account_id, context.region, request["Name"])
        return _described(existing_group(self._store, key))

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List groups by name."""
        prefix = request.get("NamePrefix") or ""
        found = [
            each
            for each in self._store.groups(context.account_id, context.region)
            if each.key.name.startswith(prefix)
        ]
        size = request.get("MaxResults") or _PAGE
        try:
            page, token = paging.page(
                found, lambda each: each.key.name, request.get("NextToken"), size
            )
        except paging.BadToken as error:
            raise Validation("Invalid NextToken.") from error
        answer: ServiceOutput = {"ScheduleGroups": [_described(each) for each in page]}
        return answer if token is None else {**answer, "NextToken": token}

    async def tag(self, request: ServiceInput) -> None:
        """Add tags to a group, or change them."""
        new = {each["Key"]: each["Value"] for each in request["Tags"]}
        await self._change(request["ResourceArn"], lambda tags: {**tags, **new})

    async def untag(self, request: ServiceInput) -> None:
        """Remove tags from a group."""
        names = set(request["TagKeys"])
        await self._change(
            request["ResourceArn"],
            lambda tags: {name: value for name, value in tags.items() if name not in names},
        )

    def tags(self, request: ServiceInput) -> ServiceOutput:
        """List the tags of a group."""
        tags = existing_group(self._store, _key(request["ResourceArn"])).tags
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}

    async def _change(
        self, arn: str, change: Callable[[Mapping[str, str]], dict[str, str]]
    ) -> None:
        key = _key(arn)
        async with self._changing(key):
            group = existing_group(self._store, key)
            await self._store.put_group(replace(group, tags=change(group.tags)))


def existing_group(store: SchedulerStore, key: GroupKey) -> Group:
    """Find a group.

    Raises:
        ResourceNotFound: there is none.
    """
    group = store.group(key)
    if group is None:
        raise ResourceNotFound(f"Schedule group {key.name} does not exist.")
    return group


def _key(arn: str) -> GroupKey:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ResourceNotFound(f"{arn} does not exist.")
    region, account_id, name = match.groups()
    return GroupKey(account_id, region, name)


def _described(group: Group) -> ServiceOutput:
    answer: ServiceOutput = {"Arn": group.key.arn, "Name": group.key.name, "State": "ACTIVE"}
    if group.created_ms:
        answer["CreationDate"] = answer["LastModificationDate"] = group.created_ms / 1000
    return answer
