"""Hands messages over to those who subscribed, within the transaction that publishes them.

An event of a function and a message in a queue are on disk with it, so there is nothing to repeat;
what goes outside is kept by the outbox. What a function or a queue does not take goes to the
subscription's dead-letter queue at once, as AWS has it for errors of the client's side.
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import service_principal
from ingle.invoke.events.event import Event
from ingle.services.sns.envelopes import NOTIFICATION, Notices
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
            body = (
                notices.event(subscription).decode()
                if protocol == "lambda"
                else notices.document(subscription, sequence)
            )
            message = {"MessageBody": body} | _fifo_members(draft, subscription.dead_letter or "")
            await self.give_up(connection, topic, subscription, message, error.message, effects)

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
    message: dict[str, Any]
    if subscription.is_raw:
        message = {"MessageBody": draft.text("sqs")}
        if draft.attributes:
            message["MessageAttributes"] = draft.attributes
    else:
        message = {"MessageBody": notices.document(subscription, sequence)}
    return message | _fifo_members(draft, subscription.endpoint)


def _fifo_members(draft: Draft, queue: str) -> dict[str, str]:
    members = {} if draft.group is None else {"MessageGroupId": draft.group}
    if draft.deduplication is not None and queue.endswith(".fifo"):
        members["MessageDeduplicationId"] = draft.deduplication
    return members
