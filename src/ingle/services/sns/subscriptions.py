"""The operations on subscriptions.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html and its neighbours.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace

from ingle.clock import Clock
from ingle.services.locks import KeyedLocks
from ingle.services.sns import subscription_attributes
from ingle.services.sns.confirmations import Confirmations, new_token
from ingle.services.sns.endpoints import HTTP, MAIL, account_of, check_endpoint, check_protocol
from ingle.services.sns.errors import (
    AuthorizationError,
    FilterPolicyLimitExceeded,
    InvalidParameter,
    no_subscription,
    no_topic,
)
from ingle.services.sns.limits import TOPIC
from ingle.services.sns.model import LiveTopic, Subscription, TopicKey
from ingle.services.sns.names import subscription_id
from ingle.services.sns.replaying import Replays
from ingle.services.sns.store import SnsStore
from ingle.services.sns.topics import cut
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PENDING = "pending confirmation"
_NOT_YOURS = "Not authorized to access this subscription"


class Subscriptions:
    """The operations on subscriptions.

    Args:
        store: where they are kept.
        confirmations: ask endpoints.
        replays: give them what is in the archive.
        protocols: those that can be delivered by.
        changing: the lock of each topic.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SnsStore,
        confirmations: Confirmations,
        replays: Replays,
        protocols: Collection[str],
        changing: KeyedLocks[TopicKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._confirmations = confirmations
        self._replays = replays
        self._protocols = protocols
        self._changing = changing
        self._clock = clock

    async def subscribe(
        self, context: CallContext, live: LiveTopic, request: ServiceInput
    ) -> ServiceOutput:
        """Subscribe an endpoint to a topic; one that is subscribed is answered as it is."""
        protocol, endpoint = request["Protocol"], request.get("Endpoint") or ""
        check_protocol(protocol, self._protocols)
        check_endpoint(live.topic, protocol, endpoint)
        given: Mapping[str, str] = request.get("Attributes") or {}
        try:
            wanted = subscription_attributes.checked(given, {}, live.topic, protocol, endpoint)
        except InvalidParameter as error:
            raise InvalidParameter(f"Attributes Reason: {error.what}") from error
        async with self._changing(live.topic.key):
            _check_there(live)
            await self._confirmations.forget(live)
            present = _same(live, protocol, endpoint)
            if present is not None and any(
                present.attributes.get(name) != wanted.get(name) for name in given
            ):
                raise InvalidParameter(
                    "Attributes Reason: Subscription already exists with different attributes"
                )
            if present is None:
                _check_filters(live, wanted)
                await self._replace_ended(live, protocol, endpoint)
                present = self._made(context, live, protocol, endpoint, wanted)
            if not present.confirmed:
                present = await self._kept(context, live, present)
        shown = present.confirmed or request.get("ReturnSubscriptionArn", False)
        return {"SubscriptionArn": present.arn if shown else _PENDING}

    async def unsubscribe(self, request: ServiceInput, context: CallContext | None) -> None:
        """End a subscription; one that is not there has ended already.

        Args:
            request: the members of Unsubscribe.
            context: the call; None for one that nobody signed.
        """
        key, number = subscription_id(request["SubscriptionArn"])
        live = self._store.get(key)
        if live is None:
            return
        caller = None if context is None else context.account_id
        async with self._changing(key):
            await self._confirmations.forget(live)
            found = live.subscriptions.get(number)
            if found is None:
                return
            if found.guarded and caller not in (found.owner, key.account_id):
                raise AuthorizationError(_NOT_YOURS)
            told = found.protocol in HTTP or (found.protocol in MAIL and caller != found.owner)
            if found.confirmed and told:
                await self._confirmations.part(live, found)
            else:
                await self._store.remove(live, found)

    def attributes(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell all attributes of a subscription."""
        live, found = self._owned(context, request)
        return {"Attributes": subscription_attributes.described(found, live.topic)}

    async def set_attribute(self, context: CallContext, request: ServiceInput) -> None:
        """Set an attribute of a subscription; an empty value takes it away."""
        live, found = self._owned(context, request)
        given = {request["AttributeName"]: request.get("AttributeValue") or ""}
        async with self._changing(live.topic.key):
            live, found = self._owned(context, request)
            wanted = subscription_attributes.checked(
                given, found.attributes, live.topic, found.protocol, found.endpoint
            )
            if "FilterPolicy" not in found.attributes:
                _check_filters(live, wanted)
            changed = replace(found, attributes=wanted)
            if "ReplayPolicy" in given and found.confirmed:
                await self._replays.keep(live, changed)
            else:
                await self._store.put(live, changed)

    def of_topic(self, live: LiveTopic, request: ServiceInput) -> ServiceOutput:
        """List the subscriptions of a topic, a hundred a page."""
        return self._listed(live.subscriptions.values(), request)

    def of_account(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the subscriptions of the caller's account, a hundred a page."""
        mine = (context.account_id, context.region)
        found = [
            each for each in self._store.subscriptions() if (each.owner, each.topic.region) == mine
        ]
        return self._listed(found, request)

    def _made(
        self,
        context: CallContext,
        live: LiveTopic,
        protocol: str,
        endpoint: str,
        attributes: Mapping[str, str],
    ) -> Subscription:
        now_ms = int(self._clock.time() * 1000)
        return Subscription(
            id=str(uuid.uuid4()),
            topic=live.topic.key,
            protocol=protocol,
            endpoint=endpoint,
            owner=context.account_id,
            principal=context.principal_arn,
            attributes=attributes,
            token=new_token(),
            confirmed=False,
            authenticated=False,
            guarded=False,
            created_ms=now_ms,
            token_ms=now_ms,
        )

    async def _kept(
        self, context: CallContext, live: LiveTopic, pending: Subscription
    ) -> Subscription:
        """Keep a subscription that is to be confirmed, which the endpoint's own account does."""
        if account_of(pending.protocol, pending.endpoint) == context.account_id:
            own = replace(pending, confirmed=True, authenticated=True)
            return await self._replays.keep(live, own)
        token_ms = int(self._clock.time() * 1000)
        return await self._confirmations.ask(live, replace(pending, token_ms=token_ms))

    async def _replace_ended(self, live: LiveTopic, protocol: str, endpoint: str) -> None:
        """Forget what ended of an endpoint that subscribes anew."""
        for each in list(live.ended.values()):
            if (each.protocol, each.endpoint) == (protocol, endpoint):
                await self._store.remove(live, each)

    def _owned(self, context: CallContext, request: ServiceInput) -> tuple[LiveTopic, Subscription]:
        key, number = subscription_id(request["SubscriptionArn"])
        live = self._store.get(key)
        found = None if live is None else live.subscriptions.get(number)
        if live is None or found is None:
            raise no_subscription()
        if found.owner != context.account_id:
            raise AuthorizationError(_NOT_YOURS)
        return live, found

    def _listed(self, found: Collection[Subscription], request: ServiceInput) -> ServiceOutput:
        there = [each for each in found if each.confirmed or not self._confirmations.is_over(each)]
        there.sort(key=lambda each: each.arn)
        page, token = cut(there, lambda each: each.arn, request.get("NextToken"))
        answer: ServiceOutput = {
            "Subscriptions": [
                {
                    "SubscriptionArn": each.arn if each.confirmed else "PendingConfirmation",
                    "Owner": each.owner,
                    "Protocol": each.protocol,
                    "Endpoint": each.endpoint,
                    "TopicArn": each.topic.arn,
                }
                for each in page
            ]
        }
        return answer if token is None else {**answer, "NextToken": token}


def _check_there(live: LiveTopic) -> None:
    if live.deleted:
        raise no_topic()


def _same(live: LiveTopic, protocol: str, endpoint: str) -> Subscription | None:
    wanted = (protocol, endpoint)
    found = live.subscriptions.values()
    return next((each for each in found if (each.protocol, each.endpoint) == wanted), None)


def _check_filters(live: LiveTopic, wanted: Mapping[str, str]) -> None:
    count = sum("FilterPolicy" in each.attributes for each in live.subscriptions.values())
    if "FilterPolicy" in wanted and count >= TOPIC.filter_policies:
        raise FilterPolicyLimitExceeded(
            f"Filter policy limit exceeded: a topic may have {TOPIC.filter_policies}"
        )
