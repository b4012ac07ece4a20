"""Publish and PublishBatch: a message is on disk with all its deliveries before it is answered.

Sources: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html,
https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.sns import archive, tables
from ingle.services.sns.drafts import check_batch, draft
from ingle.services.sns.envelopes import Envelopes, Notices
from ingle.services.sns.limits import MESSAGE
from ingle.services.sns.measurements import FILTERED_OUT, Measurements
from ingle.services.sns.model import Deduplication, Draft, LiveTopic, Subscription
from ingle.services.sns.neighbours import Effects
from ingle.services.sns.routes import Routes
from ingle.services.sns.store import SnsStore
from ingle.storage.database import Database
from ingle.storage.tasks import finish
from ingle.wire.service import ServiceOutput

_SEQUENCE_BASE = 10_000_000_000_000_000_000
_FORGET_MS = 60_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message that is to be written, with whom it is for."""

    draft: Draft
    subscriptions: Sequence[Subscription]
    filtered_out: int
    notices: Notices


class Publishing:
    """Publishes messages.

    Args:
        database: where they are written.
        envelopes: write what subscribers get.
        routes: the ways to these.
        measured: counts.
        clock: the time of day.
        store: knows the topics.
    """

    def __init__(
        self,
        database: Database,
        envelopes: Envelopes,
        routes: Routes,
        measured: Measurements,
        clock: Clock,
        store: SnsStore,
    ) -> None:
        self._database = database
        self._envelopes = envelopes
        self._routes = routes
        self._measured = measured
        self._clock = clock
        # Later messages have larger numbers, also over restarts, for fewer than a million a second
        # come.
        first = _SEQUENCE_BASE + int(clock.time() * 1_000_000)
        self._sequence = itertools.count(max(store.last_sequence + 1, first))
        self._forgot_ms = 0
        self._store = store

    async def publish(
        self, live: LiveTopic, request: Mapping[str, Any], trace: str
    ) -> ServiceOutput:
        """Publish a message; it is on disk, with its deliveries, when this returns.

        Args:
            live: the topic.
            request: the members of Publish.
            trace: the trace header of the request, or "".

        Raises:
            ServiceError: it cannot be published so.
        """
        made = draft(live.topic, request, self._now(), trace)
        [answer] = await self._write(live, await self._prepared(live, [made]))
        return answer

    async def publish_batch(
        self, live: LiveTopic, entries: list[dict[str, Any]], trace: str
    ) -> ServiceOutput:
        """Publish several; they are on disk when this returns. Where one cannot be, none is.

        Raises:
            ServiceError: the batch is none, or one of its messages cannot be published so.
        """
        check_batch(entries)
        made = [draft(live.topic, entry, self._now(), trace) for entry in entries]
        answers = await self._write(live, await self._prepared(live, made))
        successful = [
            {"Id": entry["Id"], **told} for entry, told in zip(entries, answers, strict=True)
        ]
        return {"Successful": successful, "Failed": []}

    async def add(
        self, connection: AsyncConnection, live: LiveTopic, request: Mapping[str, Any], trace: str
    ) -> Callable[[], None]:
        """Publish to a standard topic within a transaction.

        Returns:
            What is to be called after its commit.

        Raises:
            ServiceError: it cannot be published so.
        """
        made = draft(live.topic, request, self._now(), trace)
        [ready] = await self._prepared(live, [made])
        effects = Effects(reversible=False)
        await self._insert(connection, live, ready, effects)
        return effects.apply

    async def _prepared(self, live: LiveTopic, made: Sequence[Draft]) -> list[_Ready]:
        """Find out whom messages are for, and sign them for those."""
        confirmed = [each for each in live.subscriptions.values() if each.confirmed]
        chosen = [[to for to in confirmed if to.wants(each)] for each in made]
        to_sign = [
            (each, dict.fromkeys(each.text(to.protocol) for to in found if to.is_signed))
            for each, found in zip(made, chosen, strict=True)
        ]
        notices = await self._envelopes.signed(live.topic, to_sign)
        return [
            _Ready(each, found, len(confirmed) - len(found), notice)
            for each, found, notice in zip(made, chosen, notices, strict=True)
        ]

    async def _write(self, live: LiveTopic, ready: Sequence[_Ready]) -> list[ServiceOutput]:
        effects = Effects()

        async def run(connection: AsyncConnection) -> list[ServiceOutput]:
            try:
                await self._forget(connection)
                return [await self._insert(connection, live, each, effects) for each in ready]
            except BaseException:
                # The next one in this transaction must not be taken for a copy of what is undone.
                effects.undo()
                raise

        async def both() -> list[ServiceOutput]:
            try:
                answers = await self._database.write(run)
            except BaseException:
                effects.undo()
                raise
            effects.apply()
            return answers

        return await finish(both())

    async def _insert(
        self, connection: AsyncConnection, live: LiveTopic, ready: _Ready, effects: Effects
    ) -> ServiceOutput:
        made, sequence = ready.draft, None
        if live.topic.is_fifo:
            first, is_copy = await self._first(connection, live, made, effects)
            sequence = first.sequence
            if is_copy:
                return {"MessageId": first.message_id, "SequenceNumber": sequence}
            if live.topic.archive_days is not None:
                now_ms = int(self._now() * 1000)
                await archive.keep(connection, live.topic.id, made, sequence, now_ms)
        subscriptions = [each for each in ready.subscriptions if each.id not in live.replaying]
        await self._routes.hand_over(
            connection, live.topic, subscriptions, made, ready.notices, sequence, effects
        )
        effects.applied.append(lambda: self._count(live, ready))
        answer = {"MessageId": made.message_id}
        return answer if sequence is None else {**answer, "SequenceNumber": sequence}

    async def _first(
        self, connection: AsyncConnection, live: LiveTopic, made: Draft, effects: Effects
    ) -> tuple[Deduplication, bool]:
        """Find the message that this one is a copy of, or have copies of this one known."""
        topic, now_ms = live.topic, int(self._now() * 1000)
        scope = made.group or "" if topic.by_group else ""
        copied = made.deduplication or ""
        known = live.known(scope, copied, now_ms)
        if known is not None:
            return known, True
        first = Deduplication(
            scope,
            copied,
            made.message_id,
            str(next(self._sequence)),
            now_ms + MESSAGE.deduplication_s * 1000,
        )
        await connection.execute(
            insert(tables.deduplications).values(topic_id=topic.id, **first._asdict())
        )
        live.remember(first)
        effects.failed.append(lambda: live.forget(first))
        return first, False

    def _count(self, live: LiveTopic, ready: _Ready) -> None:
        key = live.topic.key
        self._measured.published(key, ready.draft.size)
        self._measured.count(key, FILTERED_OUT, ready.filtered_out)

    async def _forget(self, connection: AsyncConnection) -> None:
        """Delete, now and then, what no copies need to be compared with any more."""
        now_ms = int(self._now() * 1000)
        if now_ms - self._forgot_ms >= _FORGET_MS:
            self._forgot_ms = now_ms
            over = tables.deduplications.c.expires_ms <= now_ms
            await connection.execute(delete(tables.deduplications).where(over))
            for live in self._store.topics():
                days = live.topic.archive_days
                if days is not None:
                    before_ms = now_ms - days * _DAY_MS
                    await connection.execute(archive.forget(live.topic.id, before_ms))

    def _now(self) -> float:
        return self._clock.time()
