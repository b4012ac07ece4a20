"""Replays: a subscription gets what its topic has in its archive, and then what is new.

As long as a replay runs, its subscription gets messages from the archive only, also those that are
published meanwhile, so that the order is kept. The page that finds nothing more ends that, in its
own transaction: what was published before is on the page, and what comes after is handed over by
whoever publishes.
Source: https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html
"""

import asyncio
import logging
from dataclasses import replace

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.locks import KeyedLocks
from ingle.services.sns import archive, tables
from ingle.services.sns.archive_policies import Window, window
from ingle.services.sns.envelopes import Envelopes
from ingle.services.sns.limits import ARCHIVE
from ingle.services.sns.model import LiveTopic, Replay, Subscription, TopicKey
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.routes import Routes
from ingle.services.sns.store import SnsStore
from ingle.storage.database import Database
from ingle.storage.errors import DatabaseClosed

PENDING, RUNNING, COMPLETED = "Pending", "In progress", "Completed"
_logger = logging.getLogger("ingle.sns")
_DAY_S = 86400
_AGAIN_S = 5.0
"""When to try again what could not be read or written here."""


class Replays:
    """Runs replays, each in a task of its own, a few at a time.

    Args:
        database: where the archives are.
        store: knows the subscriptions.
        envelopes: sign what is replayed.
        routes: the ways to subscribers.
        changing: the lock of each topic.
        clock: the time of day.
    """

    def __init__(
        self,
        database: Database,
        store: SnsStore,
        envelopes: Envelopes,
        routes: Routes,
        changing: KeyedLocks[TopicKey],
        clock: Clock,
    ) -> None:
        self._changing = changing
        self._database = database
        self._store = store
        self._envelopes = envelopes
        self._routes = routes
        self._clock = clock
        self._places = asyncio.Semaphore(ARCHIVE.replays)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Go on with what was not finished."""
        for each in self._store.subscriptions():
            self._begin(each)

    async def close(self) -> None:
        """Replay no more; what was not replayed yet goes on after the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def keep(self, live: LiveTopic, subscription: Subscription) -> Subscription:
        """Keep a subscription, and begin the replay that its policy asks for, or end what it had.

        The caller holds the topic's lock.
        """
        number = subscription.id
        wanted = window(subscription.attributes.get("ReplayPolicy")) is not None

        async def begin(connection: AsyncConnection, effects: Effects) -> Replay:
            if number not in live.replaying:
                live.replaying.add(number)
                effects.failed.append(lambda: live.replaying.discard(number))
            return Replay(PENDING, 0, await archive.last(connection, live.topic.id))

        kept = await self._store.put(
            live, replace(subscription, replay=None), replay=begin if wanted else None
        )
        if not wanted:
            live.replaying.discard(number)
        self._begin(kept)
        return kept

    def _begin(self, subscription: Subscription) -> None:
        """Run the replay of a subscription, if it has one that is not over."""
        number = subscription.id
        known = self._tasks.get(number)
        if known is not None:
            known.cancel()
        if subscription.replay is None or subscription.replay.status == COMPLETED:
            return
        task = asyncio.create_task(self._run(number), name="topic replay")
        self._tasks[number] = task
        task.add_done_callback(lambda done: self._ended(number, done))

    def _ended(self, number: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(number) is task:
            del self._tasks[number]

    async def _run(self, number: str) -> None:
        goes_on = True
        while goes_on:
            try:
                found = self._store.subscription(number)
                if found is None:
                    return
                async with self._places, self._changing(found.topic):
                    goes_on = await self._page(number)
            except DatabaseClosed:
                return
            except Exception:
                _logger.exception("the replay of %s failed; it is tried again", number)
                await self._clock.sleep(_AGAIN_S)

    async def _page(self, number: str) -> bool:
        """Replay the next messages; say whether there may be more."""
        found = self._store.subscription(number)
        live = None if found is None else self._store.get(found.topic)
        chosen = None if found is None else window(found.attributes.get("ReplayPolicy"))
        if (
            found is None
            or live is None
            or chosen is None
            or found.ended
            or not found.confirmed
            or found.replay is None
        ):
            return False
        effects, replay = Effects(), found.replay
        kept_ms = int((self._clock.time() - (live.topic.archive_days or 0) * _DAY_S) * 1000)
        chosen = chosen._replace(start_ms=max(chosen.start_ms, kept_ms))

        async def run(connection: AsyncConnection) -> Replay:
            try:
                return await self._hand_over(connection, live, found, replay, chosen, effects)
            except BaseException:
                effects.undo()
                raise

        try:
            after = await self._database.write(run)
        except BaseException:
            effects.undo()
            raise
        effects.apply()
        live.subscriptions[number] = replace(found, replay=after)
        return after.status != COMPLETED

    async def _hand_over(
        self,
        connection: AsyncConnection,
        live: LiveTopic,
        found: Subscription,
        replay: Replay,
        chosen: Window,
        effects: Effects,
    ) -> Replay:
        messages = await archive.page(
            connection, live.topic.id, chosen, replay.after, replay.since, ARCHIVE.page
        )
        wanted = [each for each in messages if found.wants(each.draft)]
        texts = [
            (each.draft, [each.draft.text(found.protocol)] if found.is_signed else [])
            for each in wanted
        ]
        notices = await self._envelopes.signed(live.topic, texts, replayed=True)
        for each, notice in zip(wanted, notices, strict=True):
            await self._routes.hand_over(
                connection, live.topic, [found], each.draft, notice, each.sequence, effects
            )
        is_over = len(messages) < ARCHIVE.page
        after = Replay(
            COMPLETED if is_over else RUNNING,
            messages[-1].id if messages else replay.after,
            replay.since,
        )
        if is_over:
            live.replaying.discard(found.id)
            effects.failed.append(lambda: live.replaying.add(found.id))
        columns = tables.subscriptions.c
        await connection.execute(
            update(tables.subscriptions).where(columns.id == found.id).values(replay=list(after))
        )
        return after
