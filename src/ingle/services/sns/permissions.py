"""AddPermission and RemovePermission: single statements of a topic's policy.

Source: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
"""

import re
from typing import Any

import orjson

from ingle.iam.principal import root_arn
from ingle.services.locks import KeyedLocks
from ingle.services.sns.errors import InvalidParameter, NotFound
from ingle.services.sns.model import LiveTopic, TopicKey
from ingle.services.sns.store import SnsStore
from ingle.services.sns.topic_attributes import check_policy, default_policy
from ingle.wire.service import ServiceInput

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ACTIONS = frozenset(
    (
        "AddPermission",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "Receive",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    )
)


class Permissions:
    """The operations on single statements.

    Args:
        store: where topics are kept, with their policies.
        changing: the lock of each topic.
    """

    def __init__(self, store: SnsStore, changing: KeyedLocks[TopicKey]) -> None:
        self._store = store
        self._changing = changing

    async def add(self, live: LiveTopic, request: ServiceInput) -> None:
        """Let accounts do something with a topic."""
        label, actions = request["Label"], request["ActionName"]
        accounts = [_account(each) for each in request["AWSAccountId"]]
        if not label:
            raise InvalidParameter("Label")
        for action in actions:
            if action not in _ACTIONS:
                raise InvalidParameter(
                    f"Policy statement action out of service scope! {action} is none of SNS's."
                )
        async with self._changing(live.topic.key):
            policy = _policy(live)
            if any(each.get("Sid") == label for each in policy["Statement"]):
                raise InvalidParameter("Statement already exists")
            policy["Statement"].append(
                {
                    "Sid": label,
                    "Effect": "Allow",
                    "Principal": {"AWS": _one_or_all([root_arn(each) for each in accounts])},
                    "Action": _one_or_all([f"SNS:{each}" for each in actions]),
                    "Resource": live.topic.key.arn,
                }
            )
            await self._set(live, policy)

    async def remove(self, live: LiveTopic, request: ServiceInput) -> None:
        """Take a statement away."""
        async with self._changing(live.topic.key):
            policy = _policy(live)
            left = [each for each in policy["Statement"] if each.get("Sid") != request["Label"]]
            if len(left) == len(policy["Statement"]):
                raise NotFound(f"There is no statement {request['Label']} in the topic's policy")
            policy["Statement"] = left
            await self._set(live, policy)

    async def _set(self, live: LiveTopic, policy: dict[str, Any]) -> None:
        attributes = dict(live.topic.attributes)
        if policy["Statement"]:
            attributes["Policy"] = orjson.dumps(policy).decode()
            check_policy(attributes["Policy"])
        else:
            attributes.pop("Policy", None)
        await self._store.set(live, attributes=attributes)


def _policy(live: LiveTopic) -> dict[str, Any]:
    text = live.topic.attributes.get("Policy") or default_policy(live.topic.key)
    policy: dict[str, Any] = orjson.loads(text)
    if isinstance(policy["Statement"], dict):
        policy["Statement"] = [policy["Statement"]]
    return policy


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise InvalidParameter(f"AWSAccountId Reason: {text} is not the number of an account")
    return text


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
