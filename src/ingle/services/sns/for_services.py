"""What other services do with topics: publish to them.

Buckets, rules and alarms publish as services, whom a topic's policy must let:
https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
Functions' destinations publish as the function's role, of which whoever calls has made sure.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal
from ingle.iam.request import Values
from ingle.services.sns.errors import AuthorizationError, no_topic
from ingle.services.sns.model import LiveTopic, Topic
from ingle.services.sns.names import key_of_arn
from ingle.services.sns.publishing import Publishing
from ingle.services.sns.store import SnsStore
from ingle.services.sns.topic_attributes import default_policy

PUBLISH = "sns:Publish"
_OWNER = "aws:sourceowner"
_NO_KEYS: Mapping[str, Values] = {}


class ServicePublications:
    """Publishes for other services.

    Args:
        store: knows the topics.
        authorizer: decides by their policies.
        publishing: takes messages in.
    """

    def __init__(self, store: SnsStore, authorizer: Authorizer, publishing: Publishing) -> None:
        self._store = store
        self._authorizer = authorizer
        self._publishing = publishing

    def find(self, arn: str) -> Topic | None:
        """Find a topic; None where there is none."""
        live = self._live(arn)
        return None if live is None else live.topic

    def check_may_publish(
        self, principal: Principal, arn: str, keys: Mapping[str, Values] = _NO_KEYS
    ) -> None:
        """Check that somebody may publish to a topic.

        Args:
            principal: for instance `ingle.iam.principal.service_principal("s3.amazonaws.com")`.
            arn: the topic's.
            keys: condition keys in lower case, for instance `aws:sourcearn`. Of a topic without a
                policy of its own, the default one lets in who acts for its owner:
                `aws:sourceowner`.

        Raises:
            AuthorizationError: they may not.
        """
        policy = None
        if _OWNER in keys:
            topic = self.find(arn)
            if topic is not None and not topic.attributes.get("Policy"):
                policy = Policy.parse(default_policy(topic.key), PolicyKind.RESOURCE, arn)
        ruling = self._authorizer.rule(principal, PUBLISH, arn, keys, policy)
        fault = self._authorizer.fault_of(ruling)
        if fault:
            raise AuthorizationError(fault)

    async def publish(
        self,
        principal: Principal,
        arn: str,
        message: Mapping[str, Any],
        *,
        keys: Mapping[str, Values] = _NO_KEYS,
        trace: str = "",
    ) -> str:
        """Publish for a service, as far as it may; it is on disk when this returns.

        Args:
            principal: who publishes.
            arn: the topic's.
            message: the members of Publish, without the ARN.
            keys: condition keys in lower case, for instance `aws:sourcearn`.
            trace: the trace header that came along, or "".

        Returns:
            The message's id.

        Raises:
            AuthorizationError: the topic's policy does not allow it.
            ServiceError: there is no such topic, or it takes no such message.
        """
        self.check_may_publish(principal, arn, keys)
        answer = await self._publishing.publish(self._known(arn), message, trace)
        published: str = answer["MessageId"]
        return published

    async def add(
        self, connection: AsyncConnection, arn: str, message: Mapping[str, Any], trace: str = ""
    ) -> Callable[[], None]:
        """Publish within a transaction; what is returned is to be called after its commit.

        To a standard topic only, for what copies a FIFO topic takes is decided otherwise.

        Args:
            connection: the transaction's.
            arn: the topic's.
            message: the members of Publish, without the ARN.
            trace: the trace header that goes with it, or "".

        Raises:
            ServiceError: there is no such topic, or it takes no such message.
        """
        return await self._publishing.add(connection, self._known(arn), message, trace)

    def _live(self, arn: str) -> LiveTopic | None:
        key = key_of_arn(arn)
        return None if key is None else self._store.get(key)

    def _known(self, arn: str) -> LiveTopic:
        live = self._live(arn)
        if live is None:
            raise no_topic()
        return live
