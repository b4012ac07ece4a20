"""Runs replays, and forgets what archives need not keep any more.

How far a replay is, is written in the transaction in which its events are taken in: after a restart
it goes on where it was, and puts none twice.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.events.archive_store import ArchiveStore
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import Archived, Replay, ReplayKey
from ingle.services.events.publishing import Published, Publishing
from ingle.services.locks import KeyedLocks

_logger = logging.getLogger(__name__)
_PAGE = 16
"""So many events of up to 1 MB are in memory at once."""
_PAUSE_S = 0.1
_RETRY_S = 5.0
_LOOK_S = 3600.0
_DAY_MS = 86_400_000


class Replaying:
    """Runs replays.

    Args:
        store: where they are kept, and archives.
        publishing: puts events on buses.
        clock: the time of day.

    Attributes:
        changing: the lock of each replay.
    """

    def __init__(self, store: ArchiveStore, publishing: Publishing, clock: Clock) -> None:
        self.changing: KeyedLocks[ReplayKey] = KeyedLocks()
        self._store = store
        self._publishing = publishing
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Go on with the replays that are not over, and look after archives."""
        for replay in self._store.all_replays():
            if replay.active:
                self.begin(replay.key)
        self._own(asyncio.create_task(self._look_after(), name="archives"))

    def begin(self, key: ReplayKey) -> None:
        """Run a replay."""
        self._own(asyncio.create_task(self._run(key), name=f"replay {key.name}"))

    async def close(self) -> None:
        """Run them no more; they go on after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _own(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, key: ReplayKey) -> None:
        while True:
            try:
                if await self._step(key):
                    return
            except Exception:
                # The disk is full, for instance.
                _logger.exception("replay %s could not go on; it is tried again", key.name)
                await self._clock.sleep(_RETRY_S)
            while self._publishing.crowded:
                await self._clock.sleep(_PAUSE_S)

    async def _step(self, key: ReplayKey) -> bool:
        """Replay some events; return whether it is over."""
        async with self.changing(key):
            replay = self._store.replay(key)
            if replay is None or not replay.active:
                return True
            now_ms = int(self._clock.time() * 1000)
            if replay.state == "CANCELLING":
                await self._store.put_replay(replace(replay, state="CANCELLED", ended_ms=now_ms))
                return True
            if self._store.find(replay.archive) is None:
                reason = f"Archive {replay.archive.name} was deleted."
                await self._store.put_replay(
                    replace(replay, state="FAILED", reason=reason, ended_ms=now_ms)
                )
                return True
            events = await self._store.following(replay, _PAGE)
            if not events:
                await self._store.put_replay(replace(replay, state="COMPLETED", ended_ms=now_ms))
                return True
            await self._put(replay, events)
            return False

    async def _put(self, replay: Replay, events: list[Archived]) -> None:
        published = Published.nowhere()
        for each in events:
            event: dict[str, Any] = orjson.loads(each.event)
            event["replay-name"] = replay.key.name
            found = self._publishing.found(replay.bus, event, rules=replay.rules)
            # What is replayed is not archived again.
            found.archived.clear()
            published.take(found)

        async def also(connection: AsyncConnection) -> None:
            await self._publishing.add(connection, published)

        last = events[-1]
        await self._store.put_replay(replace(replay, last_ms=last.time_ms, last_id=last.id), also)
        self._publishing.added(published)

    async def _look_after(self) -> None:
        while True:
            try:
                await self._forget()
            except Exception:
                _logger.exception("old events of archives could not be deleted")
            await self._clock.sleep(_LOOK_S)

    async def _forget(self) -> None:
        now_ms = int(self._clock.time() * 1000)
        for archive in self._store.all_archives():
            if archive.retention_days:
                await self._store.expire(archive, now_ms - archive.retention_days * _DAY_MS)
        await self._store.forget_replays(now_ms - LIMITS.replay_days * _DAY_MS)
