"""The operations on subscriptions.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html and its neighbours.
"""

import re
import secrets
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.locks import KeyedLocks
from ingle.services.sns import subscription_attributes
from ingle.services.sns.envelopes import CONFIRMATION, Envelopes
from ingle.services.sns.errors import (
    AuthorizationError,
    FilterPolicyLimitExceeded,
    InvalidParameter,
    NotFound,
    no_subscription,
    no_topic,
)
from ingle.services.sns.limits import CONFIRMATION as CONFIRMING
from ingle.services.sns.limits import TOPIC
from ingle.services.sns.model import LiveTopic, Subscription, TopicKey
from ingle.services.sns.names import subscription_id, topic_key
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.outbox import Outbox
from ingle.services.sns.store import SnsStore
from ingle.services.sns.topics import cut
from ingle.storage.database import Database
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_FUNCTION = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?",
    re.ASCII,
)
_QUEUE = re.compile(r"arn:aws[a-zA-Z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(\.fifo)?", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")
_PENDING = "pending confirmation"
_LATER = ("application", "firehose", "sms")
_MAIL = ("email", "email-json")
_OWN = ("lambda", "sqs")


class Subscriptions:
    """The operations on subscriptions.

    Args:
        store: where they are kept.
        database: where confirmations are asked for.
        envelopes: write what asks for them.
        outbox: takes that.
        protocols: those that can be delivered by.
        changing: the lock of each topic.
        clock: the time of day.
    """

    def __init__(
        self,
        store: SnsStore,
        database: Database,
        envelopes: Envelopes,
        outbox: Outbox,
        protocols: Collection[str],
        changing: KeyedLocks[TopicKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._database = database
        self._envelopes = envelopes
        self._outbox = outbox
        self._protocols = protocols
        self._changing = changing
        self._clock = clock

    async def subscribe(
        self, context: CallContext, live: LiveTopic, request: ServiceInput
    ) -> ServiceOutput:
        """Subscribe an endpoint to a topic; one that is subscribed is answered as it is."""
        protocol, endpoint = request["Protocol"], request.get("Endpoint") or ""
        self._check_protocol(protocol)
        _check_endpoint(live, protocol, endpoint)
        given: Mapping[str, str] = request.get("Attributes") or {}
        wanted = subscription_attributes.checked(given, {}, live.topic, protocol)
        async with self._changing(live.topic.key):
            _check_there(live)
            present = _same(live, protocol, endpoint)
            if present is not None:
                if given and any(
                    present.attributes.get(name) != value for name, value in wanted.items()
                ):
                    raise InvalidParameter(
                        "Attributes Reason: Subscription already exists with different attributes"
                    )
            else:
                _check_filters(live, wanted)
                # Who subscribes what is of their own account confirms it by that.
                own = protocol in _OWN and endpoint.split(":")[4] == context.account_id
                if protocol in _OWN and not own:
                    raise AuthorizationError(
                        f"{endpoint} belongs to another account, whose caller must subscribe it"
                    )
                present = await self._store.put(
                    live,
                    Subscription(
                        str(uuid.uuid4()),
                        live.topic.key,
                        protocol,
                        endpoint,
                        context.account_id,
                        wanted,
                        secrets.token_hex(64),
                        own,
                        own,
                        False,
                        int(self._clock.time() * 1000),
                    ),
                )
        if not present.confirmed:
            await self._ask(live, present)
        shown = present.confirmed or request.get("ReturnSubscriptionArn", False)
        return {"SubscriptionArn": present.arn if shown else _PENDING}

    async def confirm(self, request: ServiceInput, *, signed: bool) -> ServiceOutput:
        """Confirm a subscription with the token that its endpoint got.

        Args:
            request: the members of ConfirmSubscription.
            signed: whether the request was.
        """
        live = self._store.get(topic_key(request["TopicArn"]))
        if live is None:
            raise no_topic()
        token = request["Token"]
        found = next(
            (
                each
                for each in live.subscriptions.values()
                if secrets.compare_digest(each.token.encode(), token.encode())
            ),
            None,
        )
        if found is None:
            raise InvalidParameter("Token")
        guarded = signed and request.get("AuthenticateOnUnsubscribe", "").lower() == "true"
        async with self._changing(live.topic.key):
            found = live.subscriptions.get(found.id)
            if found is None:
                raise NotFound("Subscription does not exist")
            if not found.confirmed:
                age_s = self._clock.time() - found.created_ms / 1000
                if age_s > CONFIRMING.token_s:
                    raise InvalidParameter("Token")
                found = await self._store.put(
                    live, replace(found, confirmed=True, authenticated=signed, guarded=guarded)
                )
        return {"SubscriptionArn": found.arn}

    async def unsubscribe(self, request: ServiceInput, *, signed: bool) -> None:
        """End a subscription; one that is not there has ended already.

        Args:
            request: the members of Unsubscribe.
            signed: whether the request was.
        """
        key, number = subscription_id(request["SubscriptionArn"])
        live = self._store.get(key)
        if live is None:
            return
        async with self._changing(key):
            found = live.subscriptions.get(number)
            if found is None:
                return
            if found.guarded and not signed:
                raise AuthorizationError(
                    "The subscription can be ended by its owner only, with a signed request"
                )
            await self._store.remove(live, found)

    def attributes(self, request: ServiceInput) -> ServiceOutput:
        """Tell all attributes of a subscription."""
        live, found = self._existing(request)
        return {"Attributes": subscription_attributes.described(found, live.topic)}

    async def set_attribute(self, request: ServiceInput) -> None:
        """Set an attribute of a subscription; an empty value takes it away."""
        live, found = self._existing(request)
        given = {request["AttributeName"]: request.get("AttributeValue") or ""}
        async with self._changing(live.topic.key):
            live, found = self._existing(request)
            wanted = subscription_attributes.checked(
                given, found.attributes, live.topic, found.protocol
            )
            if "FilterPolicy" not in found.attributes:
                _check_filters(live, wanted)
            await self._store.put(live, replace(found, attributes=wanted))

    def of_topic(self, live: LiveTopic, request: ServiceInput) -> ServiceOutput:
        """List the subscriptions of a topic, a hundred a page."""
        return _listed(list(live.subscriptions.values()), request)

    def of_account(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the subscriptions of the caller's account, a hundred a page."""
        mine = (context.account_id, context.region)
        found = [
            each for each in self._store.subscriptions() if (each.owner, each.topic.region) == mine
        ]
        return _listed(found, request)

    def _existing(self, request: ServiceInput) -> tuple[LiveTopic, Subscription]:
        key, number = subscription_id(request["SubscriptionArn"])
        live = self._store.get(key)
        found = None if live is None else live.subscriptions.get(number)
        if live is None or found is None:
            raise no_subscription()
        return live, found

    def _check_protocol(self, protocol: str) -> None:
        if protocol in _MAIL and protocol not in self._protocols:
            raise InvalidParameter(
                f"Protocol Reason: {protocol} needs a mail relay, and none is configured. Set "
                "mail_relay and mail_sender, and start Ingle again."
            )
        if protocol in _LATER:
            raise InvalidParameter(
                f"Protocol Reason: {protocol} is not supported by this version of Ingle"
            )
        if protocol not in self._protocols:
            raise InvalidParameter(f"Amazon SNS does not support this protocol string: {protocol}")

    async def _ask(self, live: LiveTopic, subscription: Subscription) -> None:
        """Ask an endpoint to confirm; that is on disk when this returns."""
        body = await self._envelopes.confirmation(live.topic, subscription, self._clock.time())
        effects = Effects()

        async def run(connection: AsyncConnection) -> None:
            await self._outbox.add(
                connection, subscription, str(uuid.uuid4()), CONFIRMATION, None, body, effects
            )

        await self._database.write(run)
        effects.apply()


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


def _check_endpoint(live: LiveTopic, protocol: str, endpoint: str) -> None:
    if live.topic.is_fifo and protocol != "sqs":
        raise InvalidParameter(
            f"Protocol Reason: a FIFO topic delivers to queues only, not by {protocol}"
        )
    if protocol == "sqs":
        if not _QUEUE.fullmatch(endpoint):
            raise InvalidParameter("SQS endpoint ARN")
        if endpoint.endswith(".fifo") and not live.topic.is_fifo:
            raise InvalidParameter(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to "
                "standard SNS topics"
            )
    elif protocol == "lambda":
        if not _FUNCTION.fullmatch(endpoint):
            raise InvalidParameter("Lambda endpoint ARN")
    elif protocol in _MAIL:
        if not _ADDRESS.fullmatch(endpoint):
            raise InvalidParameter("Email address")
    else:
        _check_url(protocol, endpoint)


def _check_url(protocol: str, endpoint: str) -> None:
    if not endpoint.lower().startswith(f"{protocol}://"):
        raise InvalidParameter("Endpoint must match the specified protocol")
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(each.isspace() or ord(each) < 32 for each in endpoint):
        raise InvalidParameter(f"Endpoint Reason: {endpoint} is not a URL")


def _listed(found: list[Subscription], request: ServiceInput) -> ServiceOutput:
    found.sort(key=lambda each: each.arn)
    page, token = cut(found, lambda each: each.arn, request.get("NextToken"))
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
