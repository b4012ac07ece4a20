"""The operations of Amazon SNS, one method each; each says where it is done.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
"""

from collections.abc import Callable
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.locks import KeyedLocks
from ingle.services.neighbours import Functions
from ingle.services.sns.confirmations import Confirmations
from ingle.services.sns.envelopes import Envelopes
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.for_services import ServicePublications
from ingle.services.sns.http_sender import HttpSender
from ingle.services.sns.mail_sender import MailSender
from ingle.services.sns.measurements import Measurements
from ingle.services.sns.model import LiveTopic, Subscription, TopicKey
from ingle.services.sns.neighbours import Effects, Queues
from ingle.services.sns.outbox import Outbox, Parcel, Sender
from ingle.services.sns.pages import Pages
from ingle.services.sns.permissions import Permissions
from ingle.services.sns.publishing import Publishing
from ingle.services.sns.replaying import Replays
from ingle.services.sns.resources import SnsResources
from ingle.services.sns.routes import Routes
from ingle.services.sns.signing import Signer
from ingle.services.sns.store import SnsStore
from ingle.services.sns.subscriptions import Subscriptions
from ingle.services.sns.topics import Topics
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class SnsService(Service):
    """Amazon SNS.

    Args:
        store: where topics and subscriptions are kept.
        database: where deliveries are kept.
        keys: what the signing key is encrypted with.
        authorizer: decides what other services may publish.
        clock: the time of day.
        functions: what takes events, which there is only later.
        queues: take messages.
        endpoint: scheme and authority by which this server is reached, for links in messages.
        mail_relay: the URL of the relay that takes mails, or "" for none.
        mail_sender: the address that they are from.

    Attributes:
        resources: tells of topics to those that decide who may use them.
        for_services: what other services do with topics.
        pages: what is fetched without a signature.
        measured: what CloudWatch is told.
    """

    name: ClassVar[str] = "sns"
    # With its token, a topic of another account can be confirmed, whatever its policy says.
    decides: ClassVar[frozenset[str]] = frozenset({"ConfirmSubscription"})

    def __init__(
        self,
        *,
        store: SnsStore,
        database: Database,
        keys: KeyRing,
        authorizer: Authorizer,
        clock: Clock,
        functions: Callable[[], Functions],
        queues: Queues,
        endpoint: str,
        mail_relay: str = "",
        mail_sender: str = "",
    ) -> None:
        changing: KeyedLocks[TopicKey] = KeyedLocks()
        self.resources = SnsResources(store)
        self._store = store
        self._http = HttpSender()
        senders: dict[str, Sender] = {"http": self._http, "https": self._http}
        if mail_relay:
            mails = MailSender(mail_relay, mail_sender, endpoint)
            senders |= {"email": mails, "email-json": mails}
        self._signer = signer = Signer(database, keys, clock)
        envelopes = Envelopes(signer, endpoint)
        self.measured = Measurements()
        self._outbox = Outbox(database, store, senders, self.measured, clock)
        self._routes = Routes(functions, queues, self._outbox, self.measured)
        self._topics = Topics(store, changing, clock)
        self._permissions = Permissions(store, changing)
        self._replays = Replays(database, store, envelopes, self._routes, changing, clock)
        self._confirmations = Confirmations(
            store, envelopes, self._routes, self._replays, authorizer, changing, clock
        )
        self._subscriptions = Subscriptions(
            store, self._confirmations, self._replays, {"lambda", "sqs", *senders}, changing, clock
        )
        self._publishing = Publishing(
            database, envelopes, self._routes, self.measured, clock, store
        )
        self.for_services = ServicePublications(store, authorizer, self._publishing)
        self.pages = Pages(signer, self._confirmations, self._subscriptions)

    async def start(self) -> None:
        """Go on with the deliveries that were not finished."""
        topics = self._store.topics()
        # Also without topics: what deleted ones have sent can still be verified.
        await (self._signer.prepare() if topics else self._signer.load())
        for live in topics:
            await self._confirmations.forget(live)
        await self._outbox.open(self._abandon)
        self._replays.start()

    async def close(self) -> None:
        """Deliver no more."""
        await self._replays.close()
        await self._outbox.close()
        await self._http.close()

    async def create_topic(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a topic."""
        await self._signer.prepare()
        return await self._topics.create(context, request)

    async def delete_topic(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a topic with its subscriptions."""
        await self._topics.delete(context, request)

    async def list_topics(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the topics of an account in a region."""
        return self._topics.listed(context, request)

    async def get_topic_attributes(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell all attributes of a topic."""
        return self._topics.attributes(context, request)

    async def set_topic_attributes(self, context: CallContext, request: ServiceInput) -> None:
        """Set an attribute of a topic."""
        await self._topics.set_attribute(context, request)

    async def list_tags_for_resource(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a topic."""
        return self._topics.tags(request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add tags to a topic, or change them."""
        await self._topics.tag(request)
        return {}

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Remove tags from a topic."""
        await self._topics.untag(request)
        return {}

    async def add_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Add a statement to the policy of a topic."""
        await self._permissions.add(self._topic(context, request), request)

    async def remove_permission(self, context: CallContext, request: ServiceInput) -> None:
        """Remove a statement from the policy of a topic."""
        await self._permissions.remove(self._topic(context, request), request)

    async def subscribe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Subscribe an endpoint to a topic."""
        return await self._subscriptions.subscribe(context, self._topic(context, request), request)

    async def confirm_subscription(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Confirm a subscription with its token."""
        return await self._confirmations.confirm(request, context)

    async def unsubscribe(self, context: CallContext, request: ServiceInput) -> None:
        """End a subscription."""
        await self._subscriptions.unsubscribe(request, context)

    async def list_subscriptions(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the subscriptions of an account."""
        return self._subscriptions.of_account(context, request)

    async def list_subscriptions_by_topic(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the subscriptions of a topic."""
        return self._subscriptions.of_topic(self._topic(context, request), request)

    async def get_subscription_attributes(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell all attributes of a subscription."""
        return self._subscriptions.attributes(context, request)

    async def set_subscription_attributes(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Set an attribute of a subscription."""
        await self._subscriptions.set_attribute(context, request)

    async def publish(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Publish a message to a topic."""
        if request.get("PhoneNumber"):
            raise InvalidParameter(
                "PhoneNumber Reason: text messages are not supported by this version of Ingle"
            )
        arn = request.get("TopicArn") or request.get("TargetArn")
        if not arn:
            raise InvalidParameter("TopicArn or TargetArn Reason: no value for required parameter")
        live = self._topics.existing(
            context, arn, "TopicArn" if request.get("TopicArn") else "TargetArn"
        )
        return await self._publishing.publish(live, request, _trace(context))

    async def publish_batch(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Publish up to ten messages to a topic."""
        entries = request["PublishBatchRequestEntries"]
        return await self._publishing.publish_batch(
            self._topic(context, request), entries, _trace(context)
        )

    def _topic(self, context: CallContext, request: ServiceInput) -> LiveTopic:
        return self._topics.existing(context, request["TopicArn"])

    async def _abandon(
        self,
        connection: AsyncConnection,
        subscription: Subscription,
        parcel: Parcel,
        why: str,
        effects: Effects,
    ) -> None:
        """Give up a delivery: to the subscription's dead-letter queue, if it has one."""
        live = self._store.get(subscription.topic)
        if live is not None:
            message = {"MessageBody": parcel.body}
            await self._routes.give_up(connection, live.topic, subscription, message, why, effects)


def _trace(context: CallContext) -> str:
    return context.request.headers.get("x-amzn-trace-id", "")
