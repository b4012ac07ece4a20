"""Takes uploads in: verifies, hashes, encrypts and stores their bytes as they come."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from ingle.clock import Clock
from ingle.services.s3.checksums import Expected, checksum_of, digest_of
from ingle.services.s3.contents import Contents, key_id, new_id
from ingle.services.s3.errors import (
    EntityTooLarge,
    EntityTooSmall,
    IncompleteBody,
    MissingContentLength,
)
from ingle.services.s3.limits import INLINE_BYTES, OBJECT
from ingle.services.s3.model import Content
from ingle.storage.sealed_files import SealedWriter, new_key
from ingle.wire.http import close_stream
from ingle.wire.uploads import Payload, Plain, Upload

_BATCH_BYTES = 524_288
"""What is processed at once, in a thread, while the next bytes come."""
_HERE_BYTES = 65_536
"""What is processed without a thread: it takes a fraction of a millisecond."""


class Receiver:
    """Makes contents out of uploads.

    Args:
        contents: where they are stored.
        clock: tells when.
    """

    def __init__(self, contents: Contents, clock: Clock) -> None:
        self._contents = contents
        self._clock = clock

    async def receive(
        self,
        upload: Upload,
        expected: Expected,
        number: int = 1,
        bounds: tuple[int, int] | None = None,
    ) -> Content:
        """Store an upload, durably unless it is so small that the database has to.

        Args:
            upload: its bytes.
            expected: what they must be.
            number: which part it is.
            bounds: how many bytes it may have, where nothing says how many it has.

        Raises:
            MissingContentLength: nothing says how long it is.
            EntityTooLarge: it is longer than it may be.
            EntityTooSmall: it is shorter.
            IncompleteBody: less came than was announced.
            ServiceError: it is not what was signed, or not what its checksums say.
        """
        if bounds is None:
            if upload.length is None:
                raise MissingContentLength
            if upload.length > OBJECT.put_bytes:
                raise EntityTooLarge(ProposedSize=upload.length, MaxSizeAllowed=OBJECT.put_bytes)
        draft = _Draft(self._contents, expected, upload.payload)
        draft.most = OBJECT.put_bytes if bounds is None else bounds[1]
        try:
            await _fill(draft, upload.pieces)
            if bounds is None and draft.size != upload.length:
                raise IncompleteBody
            if bounds is not None and draft.size < bounds[0]:
                raise EntityTooSmall(ProposedSize=draft.size, MinSizeAllowed=bounds[0])
            modified_ms = int(self._clock.time() * 1000)
            if draft.is_small:
                return draft.finish(number, modified_ms)
            return await asyncio.to_thread(draft.finish, number, modified_ms)
        except BaseException:
            draft.discard()
            raise

    def sealed(self, data: bytes, algorithm: str) -> Content:
        """Make a content that is kept in the database, whatever its size."""
        draft = _Draft(self._contents, Expected({}, {}, algorithm), Plain(), inline=len(data))
        draft.feed(data)
        return draft.finish(1, int(self._clock.time() * 1000))

    async def store(
        self, pieces: AsyncIterator[bytes], size: int, expected: Expected, number: int = 1
    ) -> Content:
        """Store bytes of the server's own, as a part of another object."""
        return await self.receive(Upload(pieces, Plain(), size), expected, number)


async def _fill(draft: "_Draft", pieces: AsyncIterator[bytes]) -> None:
    """Give the draft all pieces; the next ones come while it works."""
    batch: list[bytes] = []
    size = 0
    at_work: asyncio.Future[None] | None = None
    try:
        async for piece in pieces:
            batch.append(piece)
            size += len(piece)
            if size >= _BATCH_BYTES:
                if at_work is not None:
                    await at_work
                data, batch, size = b"".join(batch), [], 0
                at_work = asyncio.ensure_future(asyncio.to_thread(draft.feed, data))
        if at_work is not None:
            await at_work
        if at_work is None and size <= _HERE_BYTES:
            draft.feed(b"".join(batch))
        else:
            await asyncio.to_thread(draft.feed, b"".join(batch))
    finally:
        if at_work is not None and not at_work.done():
            await asyncio.wait([at_work])
            at_work.cancelled() or at_work.exception()
        await close_stream(pieces)


class _Draft:
    """A content that is coming; its methods block once it is not small any more."""

    def __init__(
        self,
        contents: Contents,
        expected: Expected,
        payload: Payload,
        inline: int = INLINE_BYTES,
    ) -> None:
        self.size = 0
        self.most = OBJECT.put_bytes
        self._contents = contents
        self._expected = expected
        self._payload = payload
        self._inline = inline
        self._id = new_id()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._digest = digest_of(expected.algorithm)
        self._memory: list[bytes] = []
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._key = b""
        self._writer: SealedWriter | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is in memory, to be stored in the database."""
        return self._writer is None

    def feed(self, sent: bytes) -> None:
        """Take the next bytes as they were sent."""
        data = self._payload.feed(sent)
        if not data:
            return
        self.size += len(data)
        if self.size > self.most:
            raise EntityTooLarge(ProposedSize=self.size, MaxSizeAllowed=self.most)
        self._md5.update(data)
        self._digest.update(data)
        if self._writer is None:
            self._memory.append(data)
            if self.size <= self._inline:
                return
            data = b"".join(self._memory)
            self._memory = []
            self._path = self._contents.partial / self._id
            self._file = self._path.open("xb")
            self._key = new_key()
            self._writer = SealedWriter(self._file, self._key)
        self._writer.write(data)

    def finish(self, number: int, modified_ms: int) -> Content:
        """Verify it, and store what is not small durably."""
        self._payload.finish()
        md5 = self._md5.digest()
        checksum = checksum_of(self._expected.algorithm, self._digest)
        self._expected.check(md5, checksum, self._payload.trailers)
        if self._writer is None:
            secret = b"".join(self._memory)
        else:
            assert self._file is not None, "what has a writer has a file"
            assert self._path is not None, "what has a writer has a file"
            self._writer.finish()
            self._file.close()
            self._contents.adopt(self._path, self._id)
            secret = self._key
        sealed = self._contents.seal(secret, self._id)
        return Content(
            self._id,
            number,
            self.size,
            md5.hex(),
            checksum,
            self._writer is not None,
            sealed,
            key_id(sealed),
            modified_ms,
        )

    def discard(self) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
