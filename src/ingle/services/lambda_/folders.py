"""The unpacked folders of packages and layers, each made once and kept while it may be in use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from ingle.clock import Clock
from ingle.services.lambda_ import unpacking
from ingle.services.lambda_.errors import ServiceFailure
from ingle.services.lambda_.limits import FUNCTION
from ingle.services.locks import KeyedLocks

# An invocation under way when its function is updated or deleted runs on in its sandbox, which has
# the folder mounted. It lasts as long as the longest timeout, and may have waited.
_REMOVE_AFTER_S = 2 * FUNCTION.timeout_s.max
_UNPACK_AT_ONCE = 2


class Folders:
    """What is unpacked, by the folder's name. Made by `open`.

    Args:
        root: the folder that they are in.
        clock: measures when one is no longer in use.
        ready: those that are there, absolute paths by name.
        locks: one a name, to be held while a folder is made.
    """

    def __init__(
        self, root: Path, clock: Clock, ready: dict[str, Path], locks: KeyedLocks[str]
    ) -> None:
        self._root = root.absolute()
        self._clock = clock
        self._ready = ready
        self._locks = locks
        # Since when nothing needs them any more.
        self._retired: dict[str, float] = {}
        self._places = asyncio.Semaphore(_UNPACK_AT_ONCE)

    @classmethod
    async def open(
        cls, root: Path, clock: Clock, used: Container[str], locks: KeyedLocks[str]
    ) -> Self:
        """Find what is unpacked, and remove what is not used; no sandbox may be running yet."""
        return cls(root, clock, await asyncio.to_thread(_tidy, root, used), locks)

    def get(self, name: str) -> Path | None:
        """Say where a folder is, or None if it is not there, at the cost of one look-up."""
        return self._ready.get(name)

    async def make(self, name: str, unpack: Callable[[Path], Awaitable[object]]) -> Path:
        """Make a folder, unless it is there; the caller holds the lock of its name.

        Args:
            name: the folder's.
            unpack: makes it at the path that it is given.

        Raises:
            ServiceFailure: it could not be written.
        """
        self._retired.pop(name, None)
        folder = self._ready.get(name)
        if folder is not None:
            return folder
        folder = self._root / name
        try:
            async with self.place():
                await unpack(folder)
        except OSError as error:
            raise ServiceFailure(
                f"The deployment package could not be unpacked: {error.strerror}"
            ) from error
        self._ready[name] = folder
        return folder

    def place(self) -> asyncio.Semaphore:
        """Return what to hold while a zip file is read: it takes a processor and much memory."""
        return self._places

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """Make a folder that goes afterwards, or with the next start after a crash."""
        folder = Path(await asyncio.to_thread(mkdtemp, prefix="scratch-", dir=self._root))
        try:
            yield folder
        finally:
            await asyncio.to_thread(unpacking.remove, folder)

    def retire(self, name: str) -> None:
        """Note that nothing needs a folder any more; sandboxes may still have it mounted."""
        if name in self._ready:
            self._retired[name] = self._clock.monotonic()

    async def remove_retired(self) -> None:
        """Remove the folders that no sandbox can be using any more."""
        until = self._clock.monotonic() - _REMOVE_AFTER_S
        for name in [each for each, since in self._retired.items() if since <= until]:
            async with self._locks(name):
                if self._retired.pop(name, None) is not None:
                    folder = self._ready.pop(name)
                    await asyncio.to_thread(unpacking.remove, folder)


def _tidy(root: Path, used: Container[str]) -> dict[str, Path]:
    """Remove every folder but the used ones, which are whole and returned by name."""
    ready = {}
    for entry in list(root.absolute().iterdir()):
        if entry.name in used:
            ready[entry.name] = entry
        elif entry.is_dir() and not entry.is_symlink():
            unpacking.remove(entry)
    return ready
