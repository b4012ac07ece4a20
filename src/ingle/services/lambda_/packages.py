"""Keeps zip files, of functions and of layers: each as a blob, and unpacked for the sandboxes."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Self

from ingle.clock import Clock
from ingle.services.lambda_ import unpacking
from ingle.services.lambda_.errors import InvalidParameterValue, InvalidZipFile
from ingle.services.lambda_.folders import Folders
from ingle.services.lambda_.limits import PACKAGE, PackageLimits
from ingle.services.lambda_.model import Package, UsedLayer, is_folder, layers_folder
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.storage.blobs import BlobStore
from ingle.storage.errors import StorageError

logger = logging.getLogger(__name__)


class Packages:
    """The packages of all functions and layers, each stored once, by its sha256.

    A function's package is unpacked in a folder named by its digest; its layers together in one
    that is named by all their digests in their order, and made when a function first has them.
    Made by `open`. The blob store is this service's own: a blob that nothing needs is deleted.

    Args:
        store: says what needs which package.
        blobs: where the zip files are.
        folders: where they are unpacked.
        locks: one a digest or folder.
        limits: what a package may hold.
    """

    def __init__(
        self,
        store: LambdaStore,
        blobs: BlobStore,
        folders: Folders,
        locks: KeyedLocks[str],
        limits: PackageLimits = PACKAGE,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._folders = folders
        self._locks = locks
        self._limits = limits
        # What somebody is about to need.
        self._held: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}

    @classmethod
    async def open(
        cls,
        store: LambdaStore,
        blobs: BlobStore,
        code: Path,
        clock: Clock,
        limits: PackageLimits = PACKAGE,
    ) -> Self:
        """Find what is unpacked, and clean up after a crash; no sandbox may be running yet.

        Args:
            store: says what needs which package.
            blobs: where the zip files are.
            code: the folder in which packages and layers are unpacked.
            clock: measures when an unpacked folder is no longer in use.
            limits: what a package may hold.
        """
        for digest in await store.unused_packages():
            await blobs.delete(digest)
            await store.remove_package(digest)
        locks: KeyedLocks[str] = KeyedLocks()
        folders = await Folders.open(code, clock, store.users, locks)
        return cls(store, blobs, folders, locks, limits)

    def folder(self, digest: str) -> Path | None:
        """Say where a package is unpacked, or None if it is not, at the cost of one look-up."""
        return self._folders.get(digest)

    def merged(self, layers: Sequence[UsedLayer]) -> Path | None:
        """Say where layers are merged, or None if they are not, or there are none."""
        name = layers_folder(layers)
        return None if name is None else self._folders.get(name)

    def path(self, digest: str) -> Path | None:
        """Say in which file the zip of a package is, or None if nothing needs it.

        The file stays readable, once open, when the package is deleted.
        """
        try:
            return self._blobs.path(digest) if digest in self._store.users else None
        except ValueError:
            return None

    async def check(self, content: bytes) -> Package:
        """Check a zip file as `added` does, and keep nothing of it.

        Raises:
            BadPackage: Lambda does not take it.
        """
        digest = await _digest(content)
        if self._folders.get(digest) is None:
            async with self._folders.place():
                await asyncio.to_thread(unpacking.check, content, self._limits)
        return Package(digest, len(content))

    @asynccontextmanager
    async def added(self, content: bytes, *, unpack: bool = True) -> AsyncIterator[Package]:
        """Check and store a zip file; inside the context, give it to a function or layer.

        When the context ends, a package that nothing needs is deleted again.

        Args:
            content: the zip file's bytes.
            unpack: whether to unpack it, as a function's.

        Raises:
            BadPackage: Lambda does not take it.
            ServiceFailure: it could not be written.
        """
        digest = await _digest(content)
        package = Package(digest, len(content))
        async with self.holding([digest]):
            async with self._locks(digest):
                if unpack:
                    await self._unpack(digest, content)
                elif digest not in self._sizes:
                    async with self._folders.place():
                        self._sizes[digest] = await asyncio.to_thread(
                            unpacking.check, content, self._limits
                        )
                await self._store.add_package(package)
                await self._blobs.put(content)
            yield package

    @asynccontextmanager
    async def held(self, layers: Sequence[UsedLayer]) -> AsyncIterator[None]:
        """Keep layers that exist, whatever becomes of their versions; give them to a function."""
        names = [each.package.sha256 for each in layers]
        folder = layers_folder(layers)
        async with self.holding([*names, folder] if folder else names):
            yield

    async def ready(self, digest: str) -> Path:
        """Return the folder in which a package is unpacked; unpack it from its blob if need be.

        Raises:
            InvalidZipFile: the blob is missing or damaged.
            ServiceFailure: it could not be written.
        """

        async def unpack(folder: Path) -> None:
            content = await self._read(digest)
            await asyncio.to_thread(unpacking.unpack, content, folder, self._limits)

        async with self._locks(digest):
            return await self._folders.make(digest, unpack)

    async def layers_ready(self, layers: Sequence[UsedLayer]) -> Path | None:
        """Return the folder in which layers are merged; unpack them from their blobs if need be.

        Returns:
            None where there are no layers.

        Raises:
            BadPackage: a link in one of them leads out of the folder by way of another.
            InvalidZipFile: a blob is missing or damaged.
            ServiceFailure: it could not be written.
        """
        name = layers_folder(layers)
        if name is None:
            return None

        async def unpack(folder: Path) -> None:
            contents = [await self._read(each.package.sha256) for each in layers]
            await asyncio.to_thread(unpacking.unpack_layers, contents, folder, self._limits)

        async with self._locks(name):
            return await self._folders.make(name, unpack)

    async def folder_ready(self, name: str, fill: Callable[[Path], Awaitable[object]]) -> Path:
        """Return a folder by its name; have it made at its path if need be.

        Raises:
            ServiceFailure: it could not be written.
        """
        async with self._locks(name):
            return await self._folders.make(name, fill)

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """Make a folder for what is needed only for a while; a crash's goes with the next start."""
        return self._folders.scratch()

    async def check_sizes(self, package: Package, layers: Sequence[UsedLayer]) -> None:
        """Check that a function's code and its layers are together not larger than they may be.

        Raises:
            InvalidParameterValue: they are.
            InvalidZipFile: a blob is missing or damaged.
        """
        if not layers:
            return
        limit = self._limits.unzipped_bytes
        total = sum([await self._unpacked_size(each.package.sha256) for each in layers])
        if total > limit:
            raise InvalidParameterValue(
                f"Layers consume more than the available size of {limit} bytes"
            )
        total += await self._unpacked_size(package.sha256)
        if total > limit:
            raise InvalidParameterValue(
                "Function code combined with layers exceeds the maximum allowed size of "
                f"{limit} bytes. The actual size is {total} bytes."
            )

    async def release(self, name: str) -> None:
        """Delete a package, or a folder, if nothing needs it any more.

        A zip goes at once, an unpacked folder once no sandbox can be using it.
        """
        async with self._locks(name):
            if self._held[name] or name in self._store.users:
                return
            if not is_folder(name):
                await self._blobs.delete(name)
                await self._store.remove_package(name)
                self._sizes.pop(name, None)
            self._folders.retire(name)
        await self._folders.remove_retired()

    @asynccontextmanager
    async def holding(self, names: Collection[str]) -> AsyncIterator[None]:
        """Keep packages and folders by their names; what nothing needs afterwards is deleted."""
        self._held.update(names)
        try:
            yield
        finally:
            for name in names:
                self._held[name] -= 1
                if not self._held[name]:
                    del self._held[name]
            for name in names:
                if name not in self._store.users:
                    await self.release(name)

    async def _unpack(self, digest: str, content: bytes) -> None:
        async def unpack(folder: Path) -> None:
            self._sizes[digest] = await asyncio.to_thread(
                unpacking.unpack, content, folder, self._limits
            )

        await self._folders.make(digest, unpack)

    async def _unpacked_size(self, digest: str) -> int:
        size = self._sizes.get(digest)
        if size is None:
            async with self._folders.place():
                content = await self._read(digest)
                size = await asyncio.to_thread(unpacking.size, content, self._limits)
            self._sizes[digest] = size
        return size

    async def _read(self, digest: str) -> bytes:
        try:
            return await self._blobs.read(digest)
        except StorageError as error:
            logger.error("A deployment package cannot be unpacked: %s", error)
            raise InvalidZipFile(
                "Lambda could not unzip the deployment package: its stored file is missing or "
                "damaged. Update the function's code with the original package."
            ) from error


async def _digest(content: bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
