"""Keeps deployment packages: each zip as a blob, and unpacked for the sandboxes to run."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from ingle.clock import Clock
from ingle.services.lambda_ import unpacking
from ingle.services.lambda_.errors import InvalidZipFile, ServiceFailure
from ingle.services.lambda_.limits import FUNCTION, PACKAGE, PackageLimits
from ingle.services.lambda_.model import Package
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.storage.blobs import BlobStore
from ingle.storage.errors import StorageError

logger = logging.getLogger(__name__)

# An invocation under way when its function is updated or deleted runs on in its sandbox, which has
# the unpacked package mounted. It lasts as long as the longest timeout, and may have waited.
_REMOVE_AFTER_S = 2 * FUNCTION.timeout_s.max
_UNPACK_AT_ONCE = 2


class Packages:
    """The packages of all functions, each stored once, by its sha256.

    Made by `open`. The blob store is this service's own: a blob without a function is deleted.

    Args:
        store: says which functions have which package.
        blobs: where the zip files are.
        code: the folder in which each package is unpacked, in a folder named by its digest.
        clock: measures when an unpacked package is no longer in use.
        limits: what a package may hold.
    """

    def __init__(
        self,
        store: LambdaStore,
        blobs: BlobStore,
        code: Path,
        clock: Clock,
        limits: PackageLimits = PACKAGE,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._code = code.absolute()
        self._clock = clock
        self._limits = limits
        self._ready: dict[str, Path] = {}
        # Since when unpacked packages have no function any more.
        self._retired: dict[str, float] = {}
        self._being_added: Counter[str] = Counter()
        self._lock: KeyedLocks[str] = KeyedLocks()
        self._places = asyncio.Semaphore(_UNPACK_AT_ONCE)

    @classmethod
    async def open(
        cls,
        store: LambdaStore,
        blobs: BlobStore,
        code: Path,
        clock: Clock,
        limits: PackageLimits = PACKAGE,
    ) -> Self:
        """Find what is unpacked, and clean up after a crash; no sandbox may be running yet."""
        packages = cls(store, blobs, code, clock, limits)
        for digest in await store.unused_packages():
            await blobs.delete(digest)
            await store.remove_package(digest)
        packages._ready = await asyncio.to_thread(_tidy, packages._code, store.packages())
        return packages

    def folder(self, digest: str) -> Path | None:
        """Say where a package is unpacked, or None if it is not, at the cost of one look-up."""
        return self._ready.get(digest)

    def path(self, digest: str) -> Path | None:
        """Say in which file the zip of a package is, or None if no function has it.

        The file stays readable, once open, when the package is deleted.
        """
        return self._blobs.path(digest) if digest in self._store.packages() else None

    async def check(self, content: bytes) -> Package:
        """Check a zip file as `add` does, and keep nothing of it.

        Raises:
            BadPackage: Lambda does not take it.
        """
        digest = await _digest(content)
        if digest not in self._ready:
            async with self._places:
                await asyncio.to_thread(unpacking.check, content, self._limits)
        return Package(digest, len(content))

    @asynccontextmanager
    async def added(self, content: bytes) -> AsyncIterator[Package]:
        """Check, unpack and store a zip file; inside the context, give it to a function.

        Where the context ends with an error, a package that no function has is deleted again.

        Raises:
            BadPackage: Lambda does not take it.
            ServiceFailure: it could not be written.
        """
        digest = await _digest(content)
        package = Package(digest, len(content))
        self._being_added[digest] += 1
        try:
            async with self._lock(digest):
                await self._unpack(digest, content)
                await self._store.add_package(package)
                await self._blobs.put(content)
            yield package
        except BaseException:
            self._unpin(digest)
            await self.release(digest)
            raise
        self._unpin(digest)

    async def ready(self, digest: str) -> Path:
        """Return the folder in which a package is unpacked; unpack it from its blob if need be.

        Raises:
            InvalidZipFile: the blob is missing or damaged.
            ServiceFailure: it could not be written.
        """
        async with self._lock(digest):
            folder = self._ready.get(digest)
            if folder is not None:
                return folder
            try:
                content = await self._blobs.read(digest)
                return await self._unpack(digest, content)
            except StorageError as error:
                logger.error("A deployment package cannot be unpacked: %s", error)
                raise InvalidZipFile(
                    "Lambda could not unzip the deployment package: its stored file is missing or "
                    "damaged. Update the function's code with the original package."
                ) from error

    async def release(self, digest: str) -> None:
        """Delete a package if no function has it any more.

        The zip goes at once, the unpacked folder once no sandbox can be using it.
        """
        async with self._lock(digest):
            if self._being_added[digest] or await self._store.has_users(digest):
                return
            await self._blobs.delete(digest)
            await self._store.remove_package(digest)
            if digest in self._ready:
                self._retired[digest] = self._clock.monotonic()
        await self._remove_retired()

    async def _unpack(self, digest: str, content: bytes) -> Path:
        self._retired.pop(digest, None)
        folder = self._ready.get(digest)
        if folder is not None:
            return folder
        folder = self._code / digest
        try:
            async with self._places:
                await asyncio.to_thread(unpacking.unpack, content, folder, self._limits)
        except OSError as error:
            raise ServiceFailure(
                f"The deployment package could not be unpacked: {error.strerror}"
            ) from error
        self._ready[digest] = folder
        return folder

    async def _remove_retired(self) -> None:
        until = self._clock.monotonic() - _REMOVE_AFTER_S
        for digest in [each for each, since in self._retired.items() if since <= until]:
            async with self._lock(digest):
                if self._retired.pop(digest, None) is not None:
                    folder = self._ready.pop(digest)
                    await asyncio.to_thread(unpacking.remove, folder)

    def _unpin(self, digest: str) -> None:
        self._being_added[digest] -= 1
        if not self._being_added[digest]:
            del self._being_added[digest]


async def _digest(content: bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())


def _tidy(code: Path, used: set[str]) -> dict[str, Path]:
    """Remove every folder but those of used packages, which are whole and returned by digest."""
    ready = {}
    for entry in list(code.iterdir()):
        if entry.name in used:
            ready[entry.name] = entry
        elif entry.is_dir() and not entry.is_symlink():
            unpacking.remove(entry)
    return ready
