"""Encrypted files of any length that can be written as they come, and read from any place.

A file is cut into chunks of 64 KB, each sealed with AES-256-GCM under a key that no other content
has: a nonce is the chunk's number and whether it is the last one, so that chunks can neither be
moved nor cut off. A chunk is 16 bytes longer on disk than in plain.

The scheme is STREAM: https://eprint.iacr.org/2015/189.pdf
"""

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ingle.storage.errors import StorageError

CHUNK_BYTES = 65_536
TAG_BYTES = 16
KEY_BYTES = 32
_SEALED_BYTES = CHUNK_BYTES + TAG_BYTES


class ContentDamaged(StorageError):
    """A sealed file is not what was written."""


def new_key() -> bytes:
    """Draw the key of one content."""
    return os.urandom(KEY_BYTES)


class SealedWriter:
    """Writes one content; blocks.

    Args:
        file: what it is written to, from its beginning.
        key: 32 bytes that no other content has.
    """

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._rest = b""

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        data = self._rest + data if self._rest else data
        # The last chunk is sealed as such, so that one is always kept back.
        whole = max(0, (len(data) - 1) // CHUNK_BYTES)
        view = memoryview(data)
        sealed = [
            self._seal(view[start : start + CHUNK_BYTES], last=False)
            for start in range(0, whole * CHUNK_BYTES, CHUNK_BYTES)
        ]
        if sealed:
            self._file.write(b"".join(sealed))
        self._rest = bytes(view[whole * CHUNK_BYTES :])

    def finish(self) -> None:
        """Write what is left, durably."""
        self._file.write(self._seal(memoryview(self._rest), last=True))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _seal(self, plain: memoryview, *, last: bool) -> bytes:
        nonce = _nonce(self._number, last)
        self._number += 1
        return self._cipher.encrypt(nonce, plain, None)


class SealedReader:
    """Reads one content from any place; blocks.

    Args:
        file: what it was written to.
        key: its key.
        size: how many bytes it has in plain.
    """

    def __init__(self, file: BinaryIO, key: bytes, size: int) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._size = size
        self._last = max(0, (size - 1) // CHUNK_BYTES)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`, both within the content.

        Raises:
            ContentDamaged: they are not what was written.
        """
        first, last = start // CHUNK_BYTES, max(start, end - 1) // CHUNK_BYTES
        wanted = (last - first + 1) * _SEALED_BYTES
        sealed = memoryview(os.pread(self._file.fileno(), wanted, first * _SEALED_BYTES))
        plain = []
        try:
            for number in range(first, last + 1):
                position = (number - first) * _SEALED_BYTES
                chunk = sealed[position : position + _SEALED_BYTES]
                plain.append(
                    self._cipher.decrypt(_nonce(number, number == self._last), chunk, None)
                )
        except (InvalidTag, ValueError) as error:
            raise ContentDamaged(
                f"The file {self._file.name} was changed or cut off. Restore it from a backup."
            ) from error
        offset = first * CHUNK_BYTES
        return b"".join(plain)[start - offset : end - offset]


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
