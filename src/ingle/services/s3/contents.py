"""Where the bytes of objects and parts are: small ones in the database, others in files of theirs.

The file of the content `abcd…` is `ab/abcd…` in the folder of objects. It is written aside and has
its name before the database knows of it; what no row knows of is removed at the next start.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ingle.services.s3.model import Content
from ingle.storage.encryption import Box
from ingle.storage.files import sync_folder
from ingle.storage.sealed_files import SealedReader

_logger = logging.getLogger(__name__)

_READ_BYTES = 524_288
"""What is read and decrypted at once, in a thread."""
_ASKED = 500
"""How many files of the folder are looked up at once when it is swept."""


class Contents:
    """The files of contents, and the keys that they are encrypted with.

    Args:
        root: the folder.
        box: encrypts the keys, and small contents.
    """

    def __init__(self, root: Path, box: Box) -> None:
        self.partial = root / "partial"
        self._root = root
        self._box = box
        self._looking: dict[int, None] = {}
        self._next_look = 0
        self._pinned: Counter[str] = Counter()
        # What is to be removed: once all are over that may still come to read it, by number.
        self._doomed: deque[tuple[int, str]] = deque()
        self._waiting: set[str] = set()

    def prepare(self) -> None:
        """Make the folders, and remove what interrupted uploads left; blocks, for the start."""
        self.partial.mkdir(mode=0o700, exist_ok=True)
        for leftover in self.partial.iterdir():
            leftover.unlink()
        for number in range(256):
            (self._root / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._root)

    def path(self, content_id: str) -> Path:
        """Say which file a content is or would be in."""
        return self._root / content_id[:2] / content_id

    def seal(self, secret: bytes, content_id: str) -> bytes:
        """Encrypt a small content, or the key of a file."""
        return self._box.seal(secret, _bound_to(content_id))

    def open(self, content: Content) -> bytes:
        """Decrypt a small content, or the key of a file.

        Raises:
            SealBroken: it was changed, or the server lacks the key.
        """
        return self._box.open(content.sealed, _bound_to(content.id))

    def adopt(self, partial: Path, content_id: str) -> None:
        """Give a file that was written aside its name, durably; blocks."""
        target = self.path(content_id)
        partial.rename(target)
        sync_folder(target.parent)

    def link(self, content: Content) -> Content:
        """Make a second content of the same bytes, without copying those of a file; blocks."""
        content_id = new_id()
        secret = self.open(content)
        if content.in_file:
            target = self.path(content_id)
            os.link(self.path(content.id), target)
            sync_folder(target.parent)
        sealed = self.seal(secret, content_id)
        return Content(
            content_id,
            content.number,
            content.size,
            content.etag,
            content.checksum,
            content.in_file,
            sealed,
            key_id(sealed),
            content.modified_ms,
        )

    @contextlib.contextmanager
    def looking(self) -> Iterator[Callable[[Iterable[Content]], None]]:
        """Keep the files of all contents while somebody looks up which to read.

        Yields:
            What keeps some of them for longer: until each of them is released.
        """
        number = self._next_look
        self._next_look += 1
        self._looking[number] = None

        def pin(contents: Iterable[Content]) -> None:
            self._pinned.update(each.id for each in contents)

        try:
            yield pin
        finally:
            del self._looking[number]
            self._remove_doomed()

    def release(self, contents: Iterable[Content]) -> None:
        """Say that contents that were pinned are read no more."""
        for each in contents:
            self._pinned[each.id] -= 1
            if not self._pinned[each.id]:
                del self._pinned[each.id]
                if each.id in self._waiting:
                    self._waiting.remove(each.id)
                    self._unlink(each.id)

    def remove(self, content_ids: Iterable[str]) -> None:
        """Remove files that no row knows of any more, as soon as nobody reads them."""
        self._doomed.extend((self._next_look, each) for each in content_ids)
        self._remove_doomed()

    async def read(
        self, contents: Sequence[Content], start: int, end: int
    ) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `start` up to, not including, `end` of contents in their order.

        Raises:
            StorageError: they are not what was written.
        """
        offset = 0
        for content in contents:
            first, last = max(start - offset, 0), min(end - offset, content.size)
            offset += content.size
            if first >= last:
                continue
            async with contextlib.aclosing(self._read_one(content, first, last)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _read_one(
        self, content: Content, start: int, end: int
    ) -> AsyncGenerator[bytes, None]:
        secret = self.open(content)
        if not content.in_file:
            yield secret[start:end]
            return
        file: BinaryIO = await asyncio.to_thread(self.path(content.id).open, "rb")
        with file:
            reader = SealedReader(file, secret, content.size)
            ends = [*range((start // _READ_BYTES + 1) * _READ_BYTES, end, _READ_BYTES), end]
            following = asyncio.ensure_future(asyncio.to_thread(reader.read, start, ends[0]))
            try:
                for position, piece_end in enumerate(ends):
                    piece = await following
                    if position + 1 < len(ends):
                        following = asyncio.ensure_future(
                            asyncio.to_thread(reader.read, piece_end, ends[position + 1])
                        )
                    yield piece
            finally:
                await asyncio.wait([following])
                following.cancelled() or following.exception()

    async def sweep(self, known: Callable[[Sequence[str]], Awaitable[set[str]]]) -> int:
        """Remove every file that no row knows of, and say how many there were; for the start.

        Args:
            known: says which of some ids rows know.
        """
        removed = 0
        for folder in await asyncio.to_thread(lambda: sorted(self._root.iterdir())):
            if folder == self.partial:
                continue
            names = await asyncio.to_thread(os.listdir, folder)
            for start in range(0, len(names), _ASKED):
                batch = names[start : start + _ASKED]
                orphans = set(batch) - await known(batch)
                for each in orphans:
                    self._unlink(each)
                removed += len(orphans)
        return removed

    def _remove_doomed(self) -> None:
        oldest = next(iter(self._looking), self._next_look)
        while self._doomed and self._doomed[0][0] <= oldest:
            _, content_id = self._doomed.popleft()
            if content_id in self._pinned:
                self._waiting.add(content_id)
            else:
                self._unlink(content_id)

    def _unlink(self, content_id: str) -> None:
        try:
            self.path(content_id).unlink(missing_ok=True)
        except OSError:
            # The change that made it needless stands; the next start removes it.
            _logger.exception("the file of the content %s could not be removed", content_id)


def new_id() -> str:
    """Draw the id of a content."""
    return secrets.token_hex(16)


def key_id(sealed: bytes) -> str:
    """Say which key something was encrypted with."""
    return sealed[1:9].hex()


def _bound_to(content_id: str) -> str:
    return f"content {content_id} of an object"
