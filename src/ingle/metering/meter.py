"""Has what functions use written, every second, and looks every minute what is kept."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Self

from ingle.clock import Clock
from ingle.metering.load import Load, LoadKey, Minute, processor_time
from ingle.metering.standing import Standing, StandingKey, charge
from ingle.metering.store import Change, MeteringStore, Row
from ingle.metering.tally import Tallies, UsageKey
from ingle.storage.database import Database
from ingle.storage.tasks import finish

_logger = logging.getLogger("ingle.metering")

_GATHER_S = 1.0
"""How long invocations gather before they are written together: what a crash may cost."""
_MINUTE_S = 60.0
_DAY_S = 86_400
_LAST_RETRY_S = 30.0
_AT_ONCE = 256
"""Things that are kept, in one write: the writes of others wait for it."""


class Kept(NamedTuple):
    """Something that is kept now.

    Attributes:
        key: what it is.
        architecture: of its version.
        amount: how much of it: MB of memory, or bytes of code.
    """

    key: StandingKey
    architecture: str
    amount: int


class Meter:
    """Counts what is used. Made by `open`, ended by `close`.

    Args:
        store: where it is written.
        clock: the time.
        kept: says what is kept now.
        processor_ms: says how long processors were busy, in milliseconds since any moment.

    Attributes:
        store: the same.
        invocations: to be told of every one.
    """

    def __init__(
        self,
        store: MeteringStore,
        clock: Clock,
        kept: Callable[[], Iterable[Kept]],
        processor_ms: Callable[[], int],
    ) -> None:
        self.store = store
        self._clock = clock
        self._kept = kept
        self._processor_ms = processor_ms
        self._begun = asyncio.Event()
        self.invocations = Tallies(self._begun.set)
        self._unwritten: dict[UsageKey, Row] = {}
        self._lock = asyncio.Lock()
        self._minute = Minute()
        self._loads: dict[LoadKey, Load] = {}
        self._busy_ms = processor_ms()
        self._standings: dict[StandingKey, Standing] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        database: Database,
        clock: Clock,
        kept: Callable[[], Iterable[Kept]],
        of_sandboxes: Sequence[int],
    ) -> Self:
        """Begin to count, and to write in the background; `watch` begins to look what is kept.

        Args:
            database: where it is written.
            clock: the time.
            kept: says what is kept now.
            of_sandboxes: what `processor_time` takes.
        """
        store = MeteringStore(database)
        meter = cls(store, clock, kept, processor_time(of_sandboxes))
        await meter.start()
        return meter

    async def start(self) -> None:
        """Begin to write in the background; to be called once."""
        self._standings = await self.store.standings()
        self._tasks.append(asyncio.create_task(self._write(), name="metering"))

    def watch(self) -> None:
        """Look every minute what is kept, from now on."""
        self._tasks.append(asyncio.create_task(self._look(), name="metering what is kept"))

    async def close(self) -> None:
        """Write what was counted, and stop; a second call does nothing.

        Raises:
            Exception: it could not be written.
        """
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await self.flush()
        for task in tasks:
            if not task.cancelled():
                task.result()  # it ends by itself only by a defect, which must not go unseen

    async def flush(self) -> None:
        """Write all that was counted before this call.

        Raises:
            Exception: it could not be written; it is kept, and written later.
        """
        async with self._lock:
            await finish(self._flush())

    async def _flush(self) -> None:
        for key, tally in self.invocations.take():
            self._unwritten.setdefault(key, Row()).count(tally)
            self._minute.add(key, tally)
        await self.store.add(self._unwritten)
        self._unwritten = {}

    async def look(self) -> None:
        """End a minute: write its load, and charge what is kept.

        Raises:
            Exception: not all of it could be written; the rest is the next time.
        """
        await self.flush()
        async with self._lock:
            await finish(self._end_minute())
            await finish(self._charge())

    async def _end_minute(self) -> None:
        before_ms, self._busy_ms = self._busy_ms, self._processor_ms()
        machine = LoadKey("", "", int(self._clock.time() // _DAY_S))
        ended = self._minute.end()
        for key, load in {**ended, machine: Load(cpu_ms=self._busy_ms - before_ms)}.items():
            self._loads[key] = self._loads.get(key, Load()) | load
        await self.store.add_load(self._loads)
        self._loads = {}

    async def _charge(self) -> None:
        now_ms = int(self._clock.time() * 1000)
        known, changes = self._standings, []
        current = {each.key: each for each in self._kept()}
        for number, (key, kept) in enumerate(current.items()):
            change = _changed(key, known.get(key), kept, now_ms)
            if change is not None:
                changes.append(change)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others have work to do
        for key in known.keys() - current.keys():
            added = charge(key, known[key], now_ms, last=True)[1]
            changes.append(Change(key, None, added))
        for begin in range(0, len(changes), _AT_ONCE):
            part = changes[begin : begin + _AT_ONCE]
            await self.store.charge(part)
            for change in part:
                if change.standing is None:
                    del known[change.key]
                else:
                    known[change.key] = change.standing

    async def _write(self) -> None:
        pause = _GATHER_S
        while True:
            await self._begun.wait()
            self._begun.clear()
            await self._clock.sleep(pause)
            try:
                await self.flush()
                pause = _GATHER_S
            except Exception:
                pause = min(2 * pause, _LAST_RETRY_S)
                _logger.exception("What functions used could not be written; retry in %d s", pause)
                self._begun.set()

    async def _look(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                _logger.exception("What functions use could not be written; retry in a minute")
            await self._clock.sleep(_MINUTE_S)


def _changed(key: StandingKey, known: Standing | None, kept: Kept, now_ms: int) -> Change | None:
    """Say what is to be written of something that is kept, if anything is."""
    added = []
    if known is not None and (known.architecture, known.amount) != (kept.architecture, kept.amount):
        added = charge(key, known, now_ms, last=True)[1]
        known = None
    charged, more = charge(key, known or Standing(kept.architecture, kept.amount, now_ms), now_ms)
    return None if charged is known else Change(key, charged, added + more)
