"""Takes the log lines of all functions into memory, and writes them in batches."""

import asyncio
import logging
import sys
from typing import Self

from ingle.clock import Clock
from ingle.invoke.logs import LogAppender, LogSink, Writer
from ingle.services.logs.chunks import Chunk, RawEvent, pack_away
from ingle.services.logs.limits import BACKLOG_BYTES
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.services.logs.permission import Access, WritePermission
from ingle.services.logs.store import LogsStore
from ingle.services.logs.watching import Found, Watching
from ingle.storage.tasks import finish

logger = logging.getLogger(__name__)

# How long lines gather before they are written together: what a power cut may cost.
_GATHER_S = 0.1
_FIRST_RETRY_S = 0.2
_LAST_RETRY_S = 10.0


def _allocated(size: int) -> int:
    """What Python's allocator takes for an object of this size; its blocks are 16 bytes apart."""
    return -(-size // 16) * 16


_COLLECTED = 16
"""Bytes that Python puts before each object that the garbage collector looks after."""
_SLOT = 9
"""Bytes of a list's entry, and of the room that a growing list has for more."""
_A_TIME = 1 << 40
_BESIDES = (
    _allocated(sys.getsizeof((_A_TIME, "")) + _COLLECTED)
    + _allocated(sys.getsizeof(_A_TIME))
    + _SLOT
)


def held_bytes(message: str) -> int:
    """How much memory an event with this message takes while it waits, in bytes.

    For short lines it is much more than AWS's count (`event_bytes`), which is of what is stored.
    """
    return _allocated(sys.getsizeof(message)) + _BESIDES


class _Appender(LogAppender):
    """One stream's events that wait to be written."""

    __slots__ = ("_sink", "access", "events", "generation", "key", "writer")

    def __init__(self, sink: "Sink", key: StreamKey, writer: Writer | None) -> None:
        self._sink = sink
        self.key = key
        self.events: list[RawEvent] = []
        self.writer = writer
        # What the writer may do, as of a generation of the permissions.
        self.access = Access.ALL
        self.generation = -1

    def append(self, timestamp_ms: int, message: str) -> None:
        """Add one event to memory."""
        events = self.events
        if not events:
            self._sink.note(self)
        events.append((timestamp_ms, message))
        self._sink.grow(held_bytes(message))


class Sink(LogSink):
    """What takes the log lines of all functions. Made by `open`, ended by `close`.

    Args:
        store: where the lines are kept.
        clock: paces the writing, and tells when a line came.
        backlog_bytes: how much memory waiting events may take before `overloaded` asks for a
            pause.
        permission: says whose events are written; without it everybody's are.
        watching: looks at what is written.

    Attributes:
        dropped: how many events were not written because their writer's role may not.
    """

    def __init__(
        self,
        store: LogsStore,
        clock: Clock,
        backlog_bytes: int = BACKLOG_BYTES,
        permission: WritePermission | None = None,
        watching: Watching | None = None,
    ) -> None:
        self._store = store
        self.dropped = 0
        self._clock = clock
        self._permission = permission
        self._watching = watching
        # What was found in those that are packed.
        self._found = Found()
        self._backlog_limit = backlog_bytes
        # How many bytes of memory events take that wait, and those being written.
        self._backlog = 0
        self._waiting: list[_Appender] = []
        # Packed, and to be written with the next batch: what a failing write left over.
        self._packed: dict[StreamKey, list[Chunk]] = {}
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        store: LogsStore,
        clock: Clock,
        backlog_bytes: int = BACKLOG_BYTES,
        permission: WritePermission | None = None,
        watching: Watching | None = None,
    ) -> Self:
        """Begin to write in the background."""
        sink = cls(store, clock, backlog_bytes, permission, watching)
        sink._task = asyncio.create_task(sink._run(), name="log writer")
        return sink

    async def close(self) -> None:
        """Write what waits and end the background task; a second call does nothing.

        Raises:
            Exception: what waits could not be written.
        """
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        await self.flush()
        if not task.cancelled():
            # It ends by itself only by a defect, which must not go unseen.
            task.result()

    @property
    def overloaded(self) -> bool:
        """Whether so much waits to be written that readers of output should pause."""
        return not self._room.is_set()

    async def drained(self) -> None:
        """Return once the sink takes lines again."""
        await self._room.wait()

    def appender(
        self,
        account_id: str,
        region: str,
        group: str,
        stream: str,
        writer: Writer | None = None,
    ) -> LogAppender:
        """Open a stream, which is made, like its group, when the first event is written."""
        return _Appender(self, StreamKey(GroupKey(account_id, region, group), stream), writer)

    def note(self, appender: _Appender) -> None:
        """Note that a stream has events to write."""
        self._waiting.append(appender)
        self._wake.set()

    def grow(self, size: int) -> None:
        """Note that an event of this size waits."""
        self._backlog += size
        if self._backlog > self._backlog_limit:
            self._room.clear()

    async def flush(self) -> None:
        """Write all that was appended before this call.

        Raises:
            Exception: it could not be written; it is kept and written later.
        """
        async with self._lock:
            # Not to be cut off between the commit and forgetting what was committed.
            await finish(self._write())

    async def _write(self) -> None:
        taken, self._waiting = self._waiting, []
        size = self._backlog
        batches: list[tuple[StreamKey, list[RawEvent]]] = []
        events = []
        for appender in taken:
            events.append(appender.events)
            appender.events = []
        for appender, own in zip(taken, events, strict=True):
            if await self._may_write(appender):
                batches.append((appender.key, own))
            else:
                self.dropped += len(own)
        if batches:
            packed, found = await asyncio.to_thread(_pack_away, batches, self._watching)
            self._found.add(found)
            for key, chunks in packed:
                self._packed.setdefault(key, []).extend(chunks)
        if self._packed:
            now_ms = int(self._clock.time() * 1000)
            await self._store.append(self._packed, now_ms)
            self._packed = {}
            await self._hand_on(now_ms)
        self._backlog -= size
        if self._backlog <= self._backlog_limit // 2:
            self._room.set()

    async def _hand_on(self, now_ms: int) -> None:
        found, self._found = self._found, Found()
        if self._watching is None:
            return
        try:
            await self._watching.hand_on(found, now_ms)
        except Exception:
            logger.exception("Log events are stored, but not all who wait for them got them")

    async def _may_write(self, appender: _Appender) -> bool:
        """Whether the events of a stream are kept; asked anew only when permissions changed."""
        permission, writer = self._permission, appender.writer
        if permission is None or writer is None:
            return True
        generation = permission.generation
        if appender.generation != generation:
            appender.access = permission.of(writer, appender.key)
            appender.generation = generation
            await asyncio.sleep(0)  # there may be a thousand streams, and others have work to do
        if appender.access is Access.EXISTING:
            return await self._store.group(appender.key.group) is not None
        return appender.access is Access.ALL

    async def _run(self) -> None:
        pause = _FIRST_RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._clock.sleep(_GATHER_S)
            try:
                await self.flush()
                pause = _FIRST_RETRY_S
            except Exception:
                logger.exception("Log events could not be written; next attempt in %.1f s", pause)
                await self._clock.sleep(pause)
                pause = min(2 * pause, _LAST_RETRY_S)
                self._wake.set()


def _pack_away(
    batches: list[tuple[StreamKey, list[RawEvent]]], watching: Watching | None
) -> tuple[list[tuple[StreamKey, list[Chunk]]], Found]:
    found = Found()
    packed = []
    for key, events in batches:
        if watching is not None:
            found.add(watching.look(key, events))
        packed.append((key, pack_away(events)))
    return packed, found
