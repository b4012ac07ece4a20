"""AddPermission and RemovePermission: single statements of a topic's policy.

Source: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
"""

from ingle.services.locks import KeyedLocks
from ingle.services.policy_statements import Statements, is_account
from ingle.services.sns.errors import InvalidParameter, NotFound
from ingle.services.sns.model import LiveTopic, TopicKey
from ingle.services.sns.store import SnsStore
from ingle.services.sns.topic_attributes import check_policy, default_policy
from ingle.wire.service import ServiceInput

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
            if label in policy:
                raise InvalidParameter("Statement already exists")
            arn = live.topic.key.arn
            policy.allow(label, accounts, [f"SNS:{each}" for each in actions], arn)
            await self._set(live, policy)

    async def remove(self, live: LiveTopic, request: ServiceInput) -> None:
        """Take a statement away."""
        async with self._changing(live.topic.key):
            policy = _policy(live)
            if request["Label"] not in policy:
                raise NotFound(f"There is no statement {request['Label']} in the topic's policy")
            policy.remove(request["Label"])
            await self._set(live, policy)

    async def _set(self, live: LiveTopic, policy: Statements) -> None:
        attributes = dict(live.topic.attributes)
        written = policy.written()
        if written:
            attributes["Policy"] = written
            check_policy(written)
        else:
            attributes.pop("Policy", None)
        await self._store.set(live, attributes=attributes)


def _policy(live: LiveTopic) -> Statements:
    return Statements(live.topic.attributes.get("Policy") or default_policy(live.topic.key))


def _account(text: str) -> str:
    if not is_account(text):
        raise InvalidParameter(f"AWSAccountId Reason: {text} is not the number of an account")
    return text
