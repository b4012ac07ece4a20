"""Blobs on disk, each under the sha256 of its content."""

import asyncio
import hashlib
import re
from pathlib import Path

from ingle.storage.errors import BlobCorrupt, BlobMissing
from ingle.storage.files import sync_folder, write_atomically

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Keeps immutable byte strings durably.

    The blob `abcd…` is the file `ab/cd/abcd…` under the root. Nothing counts who uses a blob: the
    caller must see to it that one is not deleted while the same content is being put.

    Args:
        root: a folder that exists.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"

    def path(self, digest: str) -> Path:
        """Say in which file the blob with this sha256 (64 lower-case hex digits) is or would be.

        Raises:
            ValueError: this is no such digest.
        """
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is not a sha256 in lower-case hexadecimal")
        return self._root / digest[:2] / digest[2:4] / digest

    async def put(self, content: bytes) -> str:
        """Store a blob, and return its sha256 (hex) once it is durable."""
        return await asyncio.to_thread(self._put, content)

    async def read(self, digest: str) -> bytes:
        """Read a blob and verify it.

        Raises:
            BlobMissing: it is not stored.
            BlobCorrupt: its bytes have changed.
        """
        return await asyncio.to_thread(self._read, digest)

    async def exists(self, digest: str) -> bool:
        """Say whether a blob is stored."""
        return await asyncio.to_thread(self.path(digest).is_file)

    async def delete(self, digest: str) -> None:
        """Remove a blob, if it is there."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def sweep_partial(self) -> int:
        """Remove what interrupted puts left behind, and say how many files that were.

        Only for the start, when nothing is being put.
        """
        return await asyncio.to_thread(self._sweep_partial)

    def _put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        target = self.path(digest)
        if _holds(target, content):
            # Whoever wrote it may not have come to this yet.
            sync_folder(target.parent)
            return digest
        self._partial.mkdir(mode=0o700, exist_ok=True)
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
        write_atomically(target, content, aside=self._partial)
        return digest

    def _read(self, digest: str) -> bytes:
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise BlobMissing(digest) from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise BlobCorrupt(digest, path)
        return content

    def _sweep_partial(self) -> int:
        if not self._partial.is_dir():
            return 0
        leftovers = list(self._partial.iterdir())
        for leftover in leftovers:
            leftover.unlink()
        return len(leftovers)


def _holds(path: Path, content: bytes) -> bool:
    # Compared byte by byte, so that putting a damaged blob again heals it.
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
