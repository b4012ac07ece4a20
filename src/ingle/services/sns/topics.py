"""The operations on topics themselves: making, listing and deleting them, attributes, tags.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html and its neighbours.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.locks import KeyedLocks
from ingle.services.sns import topic_attributes
from ingle.services.sns.archive_policies import retention_days
from ingle.services.sns.errors import (
    InvalidParameter,
    InvalidState,
    ResourceNotFound,
    TagLimitExceeded,
    no_topic,
)
from ingle.services.sns.limits import TOPIC
from ingle.services.sns.model import LiveTopic, TopicKey
from ingle.services.sns.names import check_name, key_of_arn, topic_key
from ingle.services.sns.store import SnsStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_T = TypeVar("_T")
_MARKS = "_.:/=+-@"


class Topics:
    """The operations on topics.

    Args:
        store: where they are kept.
        changing: the lock of each topic.
        clock: the time of day.
    """

    def __init__(self, store: SnsStore, changing: KeyedLocks[TopicKey], clock: Clock) -> None:
        self._clock = clock
        self._store = store
        self._changing = changing

    def existing(self, context: CallContext, arn: str, member: str = "TopicArn") -> LiveTopic:
        """Find a topic.

        Raises:
            InvalidParameter: the ARN is none of the caller's region.
            NotFound: there is no such topic.
        """
        key = topic_key(arn, member)
        if key.region != context.region:
            raise InvalidParameter(member)
        live = self._store.get(key)
        if live is None:
            raise no_topic()
        return live

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a topic; one that is there is answered where it is not another one."""
        name: str = request["Name"]
        attributes = dict(request.get("Attributes") or {})
        if request.get("DataProtectionPolicy"):
            attributes["DataProtectionPolicy"] = request["DataProtectionPolicy"]
        fifo = attributes.get("FifoTopic") == "true"
        check_name(name, fifo=fifo)
        for each, value in attributes.items():
            topic_attributes.check(each, value, fifo=fifo, creating=True)
        if not fifo:
            attributes.pop("FifoTopic", None)
        tags = _tags(request.get("Tags") or ())
        _check_tags(tags)
        key = TopicKey(context.account_id, context.region, name)
        async with self._changing(key):
            live = self._store.get(key)
            if live is None:
                given = {each: value for each, value in attributes.items() if value}
                await self._store.create(key, self._with_archive(given), tags)
            else:
                _check_same(live, attributes, tags if "Tags" in request else None)
        return {"TopicArn": key.arn}

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a topic with its subscriptions; one that is not there is gone already."""
        key = topic_key(request["TopicArn"])
        if key.region != context.region:
            raise InvalidParameter("TopicArn")
        async with self._changing(key):
            live = self._store.get(key)
            if live is not None:
                if live.topic.archive_days is not None:
                    raise InvalidState(
                        "Invalid state: Cannot delete a topic with an ArchivePolicy. Set it to {} "
                        "first, which deletes what is in the archive."
                    )
                await self._store.delete(live)

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the ARNs of the caller's topics by name, a hundred a page."""
        found = self._store.of_region(context.account_id, context.region)
        page, token = cut(found, lambda each: each.topic.key.name, request.get("NextToken"))
        answer: ServiceOutput = {"Topics": [{"TopicArn": each.topic.key.arn} for each in page]}
        return answer if token is None else {**answer, "NextToken": token}

    def attributes(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell all attributes of a topic."""
        live = self.existing(context, request["TopicArn"])
        return {"Attributes": topic_attributes.described(live, self._clock.time())}

    async def set_attribute(self, context: CallContext, request: ServiceInput) -> None:
        """Set an attribute of a topic; an empty value takes it away."""
        live = self.existing(context, request["TopicArn"])
        name, value = request["AttributeName"], request.get("AttributeValue") or ""
        topic_attributes.check(name, value, fifo=live.topic.is_fifo, creating=False)
        async with self._changing(live.topic.key):
            _check_there(live)
            attributes = {**live.topic.attributes, name: value}
            if not value:
                del attributes[name]
            await self._store.set(live, attributes=self._with_archive(attributes))

    def _with_archive(self, attributes: dict[str, str]) -> dict[str, str]:
        """Note since when there is an archive."""
        days = retention_days(attributes.get("ArchivePolicy"))
        if days is None:
            attributes.pop("ArchivePolicy", None)
            attributes.pop(topic_attributes.ARCHIVED_SINCE, None)
        else:
            attributes.setdefault(topic_attributes.ARCHIVED_SINCE, str(self._clock.time()))
        return attributes

    def tags(self, request: ServiceInput) -> ServiceOutput:
        """List the tags of a topic."""
        tags = self._tagged(request).topic.tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def tag(self, request: ServiceInput) -> None:
        """Add tags to a topic, or give new values to those that it has."""
        live = self._tagged(request)
        async with self._changing(live.topic.key):
            _check_there(live)
            tags = {**live.topic.tags, **_tags(request["Tags"])}
            _check_tags(tags)
            await self._store.set(live, tags=tags)

    async def untag(self, request: ServiceInput) -> None:
        """Remove tags from a topic, as far as it has them."""
        live = self._tagged(request)
        async with self._changing(live.topic.key):
            _check_there(live)
            gone = request["TagKeys"]
            left = {key: value for key, value in live.topic.tags.items() if key not in gone}
            await self._store.set(live, tags=left)

    def _tagged(self, request: ServiceInput) -> LiveTopic:
        key = key_of_arn(request["ResourceArn"])
        live = None if key is None else self._store.get(key)
        if live is None:
            raise ResourceNotFound
        return live


def cut(
    found: Sequence[_T], key: Callable[[_T], str], token: str | None
) -> tuple[Sequence[_T], str | None]:
    """Cut a page of a hundred out of a list, which is in the order of its keys.

    Raises:
        InvalidParameter: the token is none.
    """
    try:
        return paging.page(found, key, token, TOPIC.page)
    except paging.BadToken as error:
        raise InvalidParameter("NextToken") from error


def _check_there(live: LiveTopic) -> None:
    if live.deleted:
        raise no_topic()


def _check_same(
    live: LiveTopic, attributes: Mapping[str, str], tags: Mapping[str, str] | None
) -> None:
    present = topic_attributes.described(live, 0.0)
    if any(present.get(name, "") != value for name, value in attributes.items()):
        raise InvalidParameter("Attributes Reason: Topic already exists with different attributes")
    if tags is not None and dict(live.topic.tags) != dict(tags):
        raise InvalidParameter("Tags Reason: Topic already exists with different tags")


def _tags(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for each in given:
        if each["Key"] in tags:
            raise InvalidParameter("Tags Reason: Duplicated keys are not allowed.")
        tags[each["Key"]] = each["Value"]
    return tags


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > TOPIC.tags:
        raise TagLimitExceeded
    for key, value in tags.items():
        if not 1 <= len(key) <= TOPIC.tag_key or key.lower().startswith("aws:"):
            raise InvalidParameter(
                f"Tags Reason: Tag keys must be between 1 and {TOPIC.tag_key} characters in "
                f"length, and not begin with aws:. This one is '{key}'."
            )
        for text in (key, value):
            if any(
                unicodedata.category(each)[0] not in "LNZ" for each in text if each not in _MARKS
            ):
                raise InvalidParameter(
                    "Tags Reason: Tags can have letters, digits, whitespace and the characters "
                    f"{_MARKS}. This is none: {text!r}"
                )
        if len(value) > TOPIC.tag_value:
            raise InvalidParameter(
                f"Tags Reason: The value of the tag '{key}' is longer than {TOPIC.tag_value} "
                "characters."
            )
