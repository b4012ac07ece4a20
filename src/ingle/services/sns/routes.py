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
from ingle.services.neighbours import Functions
from ingle.services.sns.envelopes import NOTIFICATION, Notices, event, written
from ingle.services.sns.measurements import (
    DELIVERED,
    FAILED,
    NOT_REDRIVEN,
    REDRIVEN,
    Measurements,
)
from ingle.services.sns.model import Draft, Subscription, Topic
from ingle.services.sns.neighbours import Effects, Outgoing, Queues
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
        measured: counts.
    """

    def __init__(
        self,
        functions: Callable[[], Functions],
        queues: Queues,
        outbox: Outbox,
        measured: Measurements,
    ) -> None:
        self._measured = measured
        self._functions = functions
        self._queues = queues
        self._outbox = outbox

    async def hand_over(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscriptions: Sequence[Subscription],
        draft: Draft,
        notices: Notices,
        sequence: str | None,
        effects: Effects,
    ) -> None:
        """Hand a message over to its subscribers: all functions at once, and all queues.

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
        messages = self._outgoing(effects)
        queued = 0
        for each in subscriptions:
            try:
                if each.protocol == "lambda":
                    content = notices.event(each)
                    events.append(self._event(topic, each, content, draft.trace))
                elif each.protocol == "sqs":
                    message = _queue_message(each, draft, notices, sequence)
                    self._send(topic, each.endpoint, message, draft.trace, messages)
                    queued += 1
                else:
                    await self._outbox.add(
                        connection,
                        each,
                        draft.message_id,
                        NOTIFICATION,
                        draft.subject,
                        _outside(each, draft, notices, sequence),
                        effects,
                    )
            except ServiceError as error:
                _logger.info(
                    "message %s was not taken by %s: %s", draft.message_id, each.endpoint, error
                )
                letter = _letter(each, draft, notices, sequence)
                self._give_up(topic, each, letter, error.message, messages, effects)
        self._count(topic, DELIVERED, effects, len(events) + queued)
        await messages.write(connection)
        if events:
            taken = await self._functions().add_all(
                connection, events, reversible=effects.reversible
            )
            effects.add(*taken)

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
                made = self._event(topic, subscription, event(subscription, document), "")
                functions = self._functions()
                effects.add(*await functions.add_all(connection, [made], reversible=True))
            elif subscription.protocol == "sqs":
                message = {"MessageBody": written(document)}
                if subscription.endpoint.endswith(".fifo"):
                    message |= {"MessageGroupId": kind, "MessageDeduplicationId": message_id}
                messages = self._outgoing(effects)
                self._send(topic, subscription.endpoint, message, "", messages)
                await messages.write(connection)
            else:
                await self._outbox.add(
                    connection, subscription, message_id, kind, None, written(document), effects
                )
        except ServiceError as error:
            _logger.info("%s was not asked to confirm: %s", subscription.endpoint, error)

    async def give_up(
        self,
        connection: AsyncConnection,
        topic: Topic,
        subscription: Subscription,
        message: Mapping[str, Any],
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
        messages = self._outgoing(effects)
        self._give_up(topic, subscription, message, why, messages, effects)
        await messages.write(connection)

    def _count(self, topic: Topic, name: str, effects: Effects, times: int = 1) -> None:
        """Count something once it is committed."""
        effects.applied.append(lambda: self._measured.count(topic.key, name, times))

    def _outgoing(self, effects: Effects) -> Outgoing:
        messages = self._queues.outgoing(PRINCIPAL.unique_id)
        effects.add(messages.arrive, messages.withdraw)
        return messages

    def _event(self, topic: Topic, subscription: Subscription, content: bytes, trace: str) -> Event:
        """Make an event, as far as the function's policy lets the topic."""
        return self._functions().prepared(
            subscription.endpoint,
            content,
            service=PRINCIPAL.arn,
            source_arn=topic.key.arn,
            source_account=topic.key.account_id,
            trace=trace,
        )

    def _send(
        self,
        topic: Topic,
        queue: str,
        message: Mapping[str, Any],
        trace: str,
        messages: Outgoing,
    ) -> None:
        """Send to a queue, as far as its policy lets the topic."""
        keys = {"aws:sourcearn": (topic.key.arn,), "aws:sourceaccount": (topic.key.account_id,)}
        self._queues.check_may_send(PRINCIPAL, queue, keys)
        messages.add(queue, message, trace)

    def _give_up(
        self,
        topic: Topic,
        subscription: Subscription,
        message: Mapping[str, Any],
        why: str,
        messages: Outgoing,
        effects: Effects,
    ) -> None:
        self._count(topic, FAILED, effects)
        queue = subscription.dead_letter
        if queue is None:
            _logger.warning("a message for %s is lost: %s", subscription.arn, why)
            return
        try:
            self._send(topic, queue, message, "", messages)
            self._count(topic, REDRIVEN, effects)
        except ServiceError as error:
            self._count(topic, NOT_REDRIVEN, effects)
            _logger.warning(
                "a message for %s is lost: %s; its dead-letter queue did not take it: %s",
                subscription.arn,
                why,
                error,
            )


def _outside(
    subscription: Subscription, draft: Draft, notices: Notices, sequence: str | None
) -> str:
    if subscription.is_signed:
        return notices.document(subscription, sequence)
    return draft.text(subscription.protocol)


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
