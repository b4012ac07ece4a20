"""Keeps topics and subscriptions in the database, and all in memory as well."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

from sqlalchemy import Delete, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.sns import archive, delivery_policies, tables
from ingle.services.sns.delivery_policies import DeliveryPolicy
from ingle.services.sns.filter_policies import ATTRIBUTES, FilterPolicy
from ingle.services.sns.model import Deduplication, LiveTopic, Replay, Subscription, Topic, TopicKey
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.redrive_policies import dead_letter
from ingle.services.sns.retry_policies import MAIL_RETRIES
from ingle.storage.database import Database
from ingle.storage.tasks import finish

_KEPT = (
    "id",
    "protocol",
    "endpoint",
    "owner",
    "principal",
    "attributes",
    "token",
    "confirmed",
    "authenticated",
    "guarded",
    "created_ms",
    "token_ms",
    "ended",
    "replay",
)
Also = Callable[[AsyncConnection, Effects], Awaitable[None]]
"""What is to be done in the same transaction."""
Begin = Callable[[AsyncConnection, Effects], Awaitable[Replay]]


class SnsStore:
    """All topics of all accounts and regions, with their subscriptions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes a topic must
    see to it that nobody else changes the same one meanwhile.

    Args:
        database: where everything is.
        clock: the time of day.

    Attributes:
        changes: grows with every change of what decides who may use a topic: policies and tags.
        last_sequence: the latest sequence number of a message when the server started, as far as
            copies of it are still known.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.changes = 0
        self.last_sequence = 0
        self._database = database
        self._clock = clock
        self._by_key: dict[TopicKey, LiveTopic] = {}
        self._topic_of: dict[str, LiveTopic] = {}

    @classmethod
    async def open(cls, database: Database, clock: Clock) -> Self:
        """Read what is there."""
        store = cls(database, clock)
        await store._load()
        return store

    def get(self, key: TopicKey) -> LiveTopic | None:
        """Find a topic."""
        return self._by_key.get(key)

    def of_region(self, account_id: str, region: str) -> list[LiveTopic]:
        """List the topics of an account in a region, by name."""
        return sorted(
            (each for key, each in self._by_key.items() if key[:2] == (account_id, region)),
            key=lambda each: each.topic.key.name,
        )

    def topics(self) -> list[LiveTopic]:
        """List all topics."""
        return list(self._by_key.values())

    def subscription(self, number: str) -> Subscription | None:
        """Find a subscription by its id, also one that ended a while ago."""
        live = self._topic_of.get(number)
        return None if live is None else live.subscriptions.get(number) or live.ended.get(number)

    def subscriptions(self) -> Iterator[Subscription]:
        """Go through all subscriptions of all topics."""
        for live in self.topics():
            yield from list(live.subscriptions.values())

    async def create(
        self, key: TopicKey, attributes: Mapping[str, str], tags: Mapping[str, str]
    ) -> LiveTopic:
        """Make a topic."""
        values = {**key._asdict(), "attributes": dict(attributes), "tags": dict(tags)}

        async def run(connection: AsyncConnection) -> int:
            result = await connection.execute(insert(tables.topics).values(values))
            row: int = result.inserted_primary_key[0]  # type: ignore[index]
            return row

        def remember(row: int) -> LiveTopic:
            live = self._by_key[key] = LiveTopic(Topic(row, key, attributes, tags))
            self.changes += 1
            return live

        made: LiveTopic = await self._keep(run, remember)
        return made

    async def set(
        self,
        live: LiveTopic,
        *,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Give a topic other attributes or tags."""
        topic = replace(
            live.topic,
            attributes=live.topic.attributes if attributes is None else attributes,
            tags=live.topic.tags if tags is None else tags,
        )
        values = {"attributes": dict(topic.attributes), "tags": dict(topic.tags)}

        async def run(connection: AsyncConnection) -> None:
            chosen = tables.topics.c.id == topic.id
            await connection.execute(update(tables.topics).where(chosen).values(values))
            if topic.archive_days is None and live.topic.archive_days is not None:
                await connection.execute(archive.forget(topic.id))

        def remember(_: None) -> None:
            live.topic = topic
            for number, each in live.subscriptions.items():
                live.subscriptions[number] = _compiled(each, topic)
            self.changes += 1

        await self._keep(run, remember)

    async def delete(self, live: LiveTopic) -> None:
        """Delete a topic with its subscriptions, and what was still to be delivered to these."""
        topic_id = live.topic.id
        columns = tables.subscriptions.c
        of_topic = select(columns.id).where(columns.topic_id == topic_id)

        async def run(connection: AsyncConnection) -> None:
            pending = tables.deliveries.c.subscription_id.in_(of_topic)
            await connection.execute(delete(tables.deliveries).where(pending))
            await connection.execute(
                delete(tables.subscriptions).where(columns.topic_id == topic_id)
            )
            await connection.execute(archive.forget(topic_id))
            known = tables.deduplications.c.topic_id == topic_id
            await connection.execute(delete(tables.deduplications).where(known))
            await connection.execute(delete(tables.topics).where(tables.topics.c.id == topic_id))

        def forget(_: None) -> None:
            live.deleted = True
            self._by_key.pop(live.topic.key, None)
            for number in (*live.subscriptions, *live.ended):
                self._topic_of.pop(number, None)
            live.subscriptions, live.ended = {}, {}
            self.changes += 1

        await self._keep(run, forget)

    async def put(
        self,
        live: LiveTopic,
        subscription: Subscription,
        also: Also | None = None,
        replay: Begin | None = None,
    ) -> Subscription:
        """Keep a subscription, in place of what was kept of it before; return it compiled.

        What was still to be delivered to one that ended is forgotten.

        Args:
            live: the topic.
            subscription: what it is to be.
            also: what is to be done in the same transaction.
            replay: says, in that transaction, where the subscription's replay begins.
        """
        compiled = _compiled(subscription, live.topic)
        values = {name: getattr(subscription, name) for name in _KEPT}
        values |= {"topic_id": live.topic.id, "attributes": dict(subscription.attributes)}
        effects = Effects()

        async def run(connection: AsyncConnection) -> Replay | None:
            begun = subscription.replay
            if replay is not None:
                begun = await replay(connection, effects)
            chosen = tables.subscriptions.c.id == subscription.id
            await connection.execute(delete(tables.subscriptions).where(chosen))
            await connection.execute(
                insert(tables.subscriptions).values({**values, "replay": begun})
            )
            if subscription.ended:
                await connection.execute(_forget_deliveries(subscription.id))
            if also is not None:
                await also(connection, effects)
            return begun

        def remember(begun: Replay | None) -> Subscription:
            kept = replace(compiled, replay=begun)
            place, other = live.subscriptions, live.ended
            if compiled.ended:
                place, other = other, place
                live.removed += 1
            other.pop(kept.id, None)
            place[kept.id] = kept
            self._topic_of[kept.id] = live
            effects.apply()
            return kept

        kept: Subscription = await self._keep(run, remember, effects)
        return kept

    async def remove(self, live: LiveTopic, subscription: Subscription) -> None:
        """Delete a subscription, with what was still to be delivered to it."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(_forget_deliveries(subscription.id))
            chosen = tables.subscriptions.c.id == subscription.id
            await connection.execute(delete(tables.subscriptions).where(chosen))

        def forget(_: None) -> None:
            if live.subscriptions.pop(subscription.id, None) is not None:
                live.removed += 1
            live.ended.pop(subscription.id, None)
            live.replaying.discard(subscription.id)
            self._topic_of.pop(subscription.id, None)

        await self._keep(run, forget)

    async def _keep(
        self,
        run: Callable[[AsyncConnection], Any],
        remember: Callable[[Any], Any],
        effects: Effects | None = None,
    ) -> Any:
        """Write, and then do the same in memory, even if the caller goes away meanwhile."""

        async def both() -> Any:
            try:
                result = await self._database.write(run)
            except BaseException:
                if effects is not None:
                    effects.undo()
                raise
            return remember(result)

        return await finish(both())

    async def _load(self) -> None:
        now_ms = int(self._clock.time() * 1000)
        known = tables.deduplications
        order = (tables.subscriptions.c.created_ms, tables.subscriptions.c.id)

        async def run(connection: AsyncConnection) -> Any:
            return [
                list(await connection.execute(query))
                for query in (
                    select(tables.topics),
                    select(tables.subscriptions).order_by(*order),
                    select(known).where(known.c.expires_ms > now_ms).order_by(known.c.id),
                )
            ]

        topics, subscriptions, deduplications = await self._database.read(run)
        by_id: dict[int, LiveTopic] = {}
        for row in topics:
            key = TopicKey(row.account_id, row.region, row.name)
            live = LiveTopic(Topic(row.id, key, row.attributes, row.tags))
            by_id[row.id] = self._by_key[key] = live
        for row in subscriptions:
            live = by_id[row.topic_id]
            members = {name: getattr(row, name) for name in _KEPT}
            members["replay"] = None if row.replay is None else Replay(*row.replay)
            made = _compiled(Subscription(topic=live.topic.key, **members), live.topic)
            (live.ended if made.ended else live.subscriptions)[made.id] = made
            if made.replay is not None and made.replay.status != "Completed":
                live.replaying.add(made.id)
            self._topic_of[made.id] = live
        self.last_sequence = max((int(row.sequence) for row in deduplications), default=0)
        for row in deduplications:
            if row.topic_id in by_id:
                by_id[row.topic_id].remember(
                    Deduplication(
                        row.scope, row.deduplication, row.message_id, row.sequence, row.expires_ms
                    )
                )


def _compiled(subscription: Subscription, topic: Topic) -> Subscription:
    """Read what the attributes of a subscription say, which were checked."""
    attributes = subscription.attributes
    policy = attributes.get("FilterPolicy")
    scope = attributes.get("FilterPolicyScope", ATTRIBUTES)
    if subscription.protocol.startswith("email"):
        delivery = DeliveryPolicy(MAIL_RETRIES)
    else:
        delivery = delivery_policies.of_subscription(
            attributes.get("DeliveryPolicy"), topic.attributes.get("DeliveryPolicy")
        )
    return replace(
        subscription,
        filter=FilterPolicy(policy, scope) if policy else None,
        delivery=delivery,
        dead_letter=dead_letter(attributes.get("RedrivePolicy")),
    )


def _forget_deliveries(subscription_id: str) -> Delete:
    return delete(tables.deliveries).where(tables.deliveries.c.subscription_id == subscription_id)
