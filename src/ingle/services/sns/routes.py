"""Hands messages over to those who subscribed, within the transaction that publishes them.

An event of a function and a message in a queue are on disk with it, so there is nothing to repeat;
what goes outside is kept by the outbox. What a function or a queue does not take goes to the
subscription's dead-letter queue at once, as AWS has it for errors of the client's side.
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import service_principal
from ingle.invoke.events.event import Event
from ingle.services.sns.envelopes import NOTIFICATION, Notices, event, written
from ingle.services.sns.model import Draft, Subscription, Topic
from ingle.services.sns.neighbours import Effects, Functions, Queues
from ingle.services.sns.outbox import Outbox
from ingle.wire.errors import ServiceError

PRINCIPAL = service_principal("sns.amazonaws.com")
_logger = logging.getLogger("ingle.sns")


class Routes:
    """Knows the ways to subscribers.

    Args:
        functions: what takes events.
        queues: take messages.
        outbox: takes what goes outside.
    """

    def __init__(self, functions: Callable[[], Functions], queues: Queues, outbox: Outbox) -> None:
        self._functions = functions
        self._queues = queues
        self._outbox = outbox

    async def hand_over_all(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscriptions: Sequence[Subscription],
        draft: Draft,
        notices: Notices,
        sequence: str | None,
        effects: Effects,
    ) -> None:
        """Hand a message over to its subscribers; the events of all functions are written at once.

        Args:
            connection: the transaction's.
            topic: where it was published.
            subscriptions: those that it is for.
            draft: the message.
            notices: writes it for each of them.
            sequence: its sequence number, of a FIFO topic.
            effects: of the transaction.
        """
        events: list[Event] = []
        for each in subscriptions:
            await self._hand_over(
                connection, topic, each, draft, notices, sequence, events, effects
            )
        if events:
            taken = await self._functions().add_all(
                connection, events, reversible=effects.reversible
            )
            effects.add(*taken)

    async def _hand_over(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscription: Subscription,
        draft: Draft,
        notices: Notices,
        sequence: str | None,
        events: list[Event],
        effects: Effects,
    ) -> None:
        protocol = subscription.protocol
        try:
            if protocol == "lambda":
                events.append(
                    self._functions().prepared(
                        subscription.endpoint,
                        notices.event(subscription),
                        service=PRINCIPAL.arn,
                        source_arn=topic.key.arn,
                        source_account=topic.key.account_id,
                        trace=draft.trace,
                    )
                )
            elif protocol == "sqs":
                message = _queue_message(subscription, draft, notices, sequence)
                await self.send(
                    connection, topic, subscription.endpoint, message, draft.trace, effects
                )
            else:
                raw = subscription.is_raw or protocol == "email"
                text = draft.text(protocol) if raw else notices.document(subscription, sequence)
                await self._outbox.add(
                    connection,
                    subscription,
                    draft.message_id,
                    NOTIFICATION,
                    draft.subject,
                    text,
                    effects,
                )
        except ServiceError as error:
            _logger.info(
                "message %s was not taken by %s: %s", draft.message_id, subscription.endpoint, error
            )
            message = _letter(subscription, draft, notices, sequence)
            await self.give_up(connection, topic, subscription, message, error.message, effects)

    async def ask(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscription: Subscription,
        document: Mapping[str, str],
        effects: Effects,
    ) -> None:
        """Hand over what asks an endpoint to confirm, as far as it lets the topic.

        Args:
            connection: the transaction's.
            topic: the subscription's.
            subscription: whose endpoint is asked.
            document: what it is asked, signed.
            effects: of the transaction.
        """
        kind, message_id = document["Type"], document["MessageId"]
        try:
            if subscription.protocol == "lambda":
                functions = self._functions()
                made = functions.prepared(
                    subscription.endpoint,
                    event(subscription, document),
                    service=PRINCIPAL.arn,
                    source_arn=topic.key.arn,
                    source_account=topic.key.account_id,
                )
                effects.add(*await functions.add_all(connection, [made], reversible=True))
            elif subscription.protocol == "sqs":
                message = {"MessageBody": written(document)}
                if subscription.endpoint.endswith(".fifo"):
                    message |= {"MessageGroupId": kind, "MessageDeduplicationId": message_id}
                await self.send(connection, topic, subscription.endpoint, message, "", effects)
            else:
                await self._outbox.add(
                    connection, subscription, message_id, kind, None, written(document), effects
                )
        except ServiceError as error:
            _logger.info("%s was not asked to confirm: %s", subscription.endpoint, error)

    async def send(
        self,
        connection: AsyncConnection,
        topic: Topic,
        queue: str,
        message: dict[str, Any],
        trace: str,
        effects: Effects,
    ) -> None:
        """Send to a queue, as far as its policy lets the topic.

        Raises:
            ServiceError: it does not, or there is no such queue.
        """
        keys = {"aws:sourcearn": (topic.key.arn,), "aws:sourceaccount": (topic.key.account_id,)}
        self._queues.check_may_send(PRINCIPAL, queue, keys)
        effects.add(*await self._queues.put(connection, PRINCIPAL.unique_id, queue, message, trace))

    async def give_up(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscription: Subscription,
        message: dict[str, Any],
        why: str,
        effects: Effects,
    ) -> None:
        """Send what could not be delivered to the subscription's dead-letter queue, if it has one.

        Args:
            connection: the transaction's.
            topic: the subscription's.
            subscription: whose message it is.
            message: the members of SendMessage.
            why: what went wrong.
            effects: of the transaction.
        """
        queue = subscription.dead_letter
        if queue is None:
            _logger.warning("a message for %s is lost: %s", subscription.arn, why)
            return
        try:
            await self.send(connection, topic, queue, message, "", effects)
        except ServiceError as error:
            _logger.warning(
                "a message for %s is lost: %s; its dead-letter queue did not take it: %s",
                subscription.arn,
                why,
                error,
            )


def _queue_message(
    subscription: Subscription, draft: Draft, notices: Notices, sequence: str | None
) -> dict[str, Any]:
    message = _content(subscription, draft, notices, sequence)
    return message | _fifo_members(draft, subscription.endpoint)


def _letter(
    subscription: Subscription, draft: Draft, notices: Notices, sequence: str | None
) -> dict[str, Any]:
    """Make a message for the dead-letter queue: what a queue would have got."""
    message = _content(subscription, draft, notices, sequence)
    return message | _fifo_members(draft, subscription.dead_letter or "")


def _content(
    subscription: Subscription, draft: Draft, notices: Notices, sequence: str | None
) -> dict[str, Any]:
    if not subscription.is_raw:
        return {"MessageBody": notices.document(subscription, sequence)}
    message: dict[str, Any] = {"MessageBody": draft.text(subscription.protocol)}
    if draft.attributes:
        message["MessageAttributes"] = draft.attributes
    return message


def _fifo_members(draft: Draft, queue: str) -> dict[str, str]:
    members = {} if draft.group is None else {"MessageGroupId": draft.group}
    if draft.deduplication is not None and queue.endswith(".fifo"):
        members["MessageDeduplicationId"] = draft.deduplication
    return members
