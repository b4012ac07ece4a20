"""Confirming subscriptions: endpoints are asked, and answer with a token.

Who subscribes what is of another account, or is none of AWS's, has to wait until somebody who reads
what comes there confirms it. Whoever ended a subscription can be wrong, too: its endpoint is told,
and can take it back for a while.
Sources: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html,
https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html
"""

import secrets
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.iam.policy import Policy, PolicyKind
from ingle.services.locks import KeyedLocks
from ingle.services.sns.envelopes import CONFIRMATION, FAREWELL, Envelopes
from ingle.services.sns.errors import InvalidParameter, no_topic
from ingle.services.sns.limits import CONFIRMATION as CONFIRMING
from ingle.services.sns.model import LiveTopic, Subscription, TopicKey
from ingle.services.sns.names import topic_key
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.replaying import Replays
from ingle.services.sns.routes import Routes
from ingle.services.sns.store import SnsStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ACTION = "sns:ConfirmSubscription"
_ANYBODY = Policy.parse(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": _ACTION, "Resource": "*"},
    },
    PolicyKind.RESOURCE,
)
"""What stands for the policy of another account's topic: who has a token got it to confirm."""


class Confirmations:
    """Asks, and takes answers.

    Args:
        store: where subscriptions are kept.
        envelopes: write what is asked.
        routes: hand it over.
        replays: begin with what is confirmed.
        authorizer: decides who may confirm.
        changing: the lock of each topic.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SnsStore,
        envelopes: Envelopes,
        routes: Routes,
        replays: Replays,
        authorizer: Authorizer,
        changing: KeyedLocks[TopicKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._envelopes = envelopes
        self._routes = routes
        self._replays = replays
        self._authorizer = authorizer
        self._changing = changing
        self._clock = clock

    async def ask(self, live: LiveTopic, subscription: Subscription) -> Subscription:
        """Keep a subscription, and ask its endpoint; both is on disk when this returns."""
        return await self._told(live, subscription, CONFIRMATION)

    async def part(self, live: LiveTopic, subscription: Subscription) -> None:
        """End a subscription, and tell its endpoint; both is on disk when this returns."""
        gone = replace(subscription, ended=True, token=new_token(), token_ms=self._now_ms())
        await self._told(live, gone, FAREWELL)

    async def confirm(self, request: ServiceInput, context: CallContext | None) -> ServiceOutput:
        """Confirm a subscription with the token that its endpoint got.

        Args:
            request: the members of ConfirmSubscription.
            context: the call; None for one that nobody signed.
        """
        key, token = topic_key(request["TopicArn"]), request["Token"].encode()
        live = self._store.get(key)
        found = None if live is None else _with_token(live, token)
        if context is not None:
            foreign = found is not None and context.account_id != key.account_id
            self._authorizer.require(
                context, _ACTION, key.arn, policy=_ANYBODY if foreign else None
            )
        if live is None:
            raise no_topic()
        guarded = context is not None and (
            request.get("AuthenticateOnUnsubscribe", "").lower() == "true"
        )
        async with self._changing(key):
            found = _with_token(live, token)
            if found is None or ((not found.confirmed or found.ended) and self.is_over(found)):
                raise InvalidParameter("Token")
            if not found.confirmed or found.ended:
                found = await self._replays.keep(
                    live,
                    replace(
                        found,
                        confirmed=True,
                        ended=False,
                        authenticated=context is not None,
                        guarded=guarded,
                    ),
                )
        return {"SubscriptionArn": found.arn}

    def is_over(self, subscription: Subscription) -> bool:
        """Say whether its token is good no more."""
        return self._now_ms() - subscription.token_ms > CONFIRMING.token_s * 1000

    async def forget(self, live: LiveTopic) -> None:
        """Delete the subscriptions of a topic that nobody can confirm any more.

        The caller holds the topic's lock, or nothing else runs yet.
        """
        pending = (each for each in live.subscriptions.values() if not each.confirmed)
        for each in [*pending, *live.ended.values()]:
            if self.is_over(each):
                await self._store.remove(live, each)

    async def _told(self, live: LiveTopic, subscription: Subscription, kind: str) -> Subscription:
        topic = live.topic
        document = await self._envelopes.confirmation(topic, subscription, self._clock.time(), kind)

        async def also(connection: AsyncConnection, effects: Effects) -> None:
            await self._routes.ask(connection, topic, subscription, document, effects)

        return await self._store.put(live, subscription, also)

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def new_token() -> str:
    """Make a token that nobody can guess."""
    return secrets.token_hex(64)


def _with_token(live: LiveTopic, token: bytes) -> Subscription | None:
    for each in (*live.subscriptions.values(), *live.ended.values()):
        if secrets.compare_digest(each.token.encode(), token):
            return each
    return None
