"""Encryption at rest: the data folder's key file, and what is sealed with the keys in it.

A key file holds one key a line, 32 random bytes in Base64, the oldest first; the last one encrypts
and all of them decrypt. No key is used as it is: HKDF derives one for each purpose, so that what
is sealed for one purpose cannot be opened for another.

A sealed value is AES-256-GCM: a version (1 byte), the id of the key (8), a nonce (12), and the
encrypted bytes with their tag (16 more than the plain ones). Version, key and what the value is
bound to are authenticated with it: a value that is changed, or moved elsewhere, does not open.
"""

import base64
import binascii
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingle.storage.errors import StorageError
from ingle.storage.files import read_private, write_atomically

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_HEADER_BYTES = len(_VERSION) + _ID_BYTES
_NONCE_BYTES = 12
_HEADER = """\
# The keys of this Ingle data folder. Whoever has them can read what is encrypted in it, such as the
# environment variables of functions; without them nobody can. Keep a copy with every backup.
#
# The last key encrypts, the others still decrypt. To change it, stop Ingle, add a line at the end
# with `openssl rand -base64 32`, and start Ingle, which encrypts everything anew. Only after that
# may older lines go.
"""


class KeyFileUnusable(StorageError):
    """The key file is missing, cannot be read or holds no keys; the text says what to do."""


class SealBroken(StorageError):
    """A sealed value does not open."""


class KeyUnknown(SealBroken):
    """A value was sealed with a key that the key file does not hold.

    Attributes:
        key_id: that key's id, in hexadecimal.
    """

    def __init__(self, bound_to: str, key_id: str, path: Path) -> None:
        self.key_id = key_id
        super().__init__(
            f"The {bound_to} was encrypted with the key {key_id}, which the key file {path} does "
            "not hold. Restore the key file from the backup of this data folder."
        )


class ValueAltered(SealBroken):
    """A sealed value was changed, or belongs elsewhere."""

    def __init__(self, bound_to: str) -> None:
        super().__init__(
            f"The {bound_to} cannot be decrypted: what is stored was changed, or belongs "
            "elsewhere. Restore the data folder from a backup."
        )


class Box:
    """Seals values for one purpose; made by `KeyRing.box`."""

    __slots__ = ("_ciphers", "_newest", "_path")

    def __init__(self, ciphers: dict[bytes, AESGCM], newest: bytes, path: Path) -> None:
        self._ciphers = ciphers
        self._newest = newest
        self._path = path

    @property
    def prefix(self) -> bytes:
        """What everything begins with that the newest key seals."""
        return _VERSION + self._newest

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt a value with the newest key.

        Args:
            plain: the value.
            bound_to: what it is, for instance `environment of arn:…`; it opens for nothing else.
                Not secret: errors tell it.
        """
        header = self.prefix
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, header + bound_to.encode())
        return header + nonce + sealed

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt what `seal` returned.

        Raises:
            KeyUnknown: the key that sealed it is not there.
            ValueAltered: it is not what was sealed for `bound_to`.
        """
        header = sealed[:_HEADER_BYTES]
        start = _HEADER_BYTES + _NONCE_BYTES
        if header[:1] != _VERSION or len(sealed) < start:
            raise ValueAltered(bound_to)
        cipher = self._ciphers.get(header[1:])
        if cipher is None:
            raise KeyUnknown(bound_to, header[1:].hex(), self._path)
        try:
            return cipher.decrypt(
                sealed[_HEADER_BYTES:start], sealed[start:], header + bound_to.encode()
            )
        except InvalidTag:
            raise ValueAltered(bound_to) from None

    def is_newest(self, sealed: bytes) -> bool:
        """Say whether a value was sealed with the newest key."""
        return sealed[:_HEADER_BYTES] == self.prefix


class KeyRing:
    """The keys of a data folder.

    Args:
        keys: 32 bytes each, the oldest first; at least one.
        path: the file that they are from, for errors.
    """

    def __init__(self, keys: Sequence[bytes], path: Path) -> None:
        self._keys = {_derive(key, b"ingle key id", _ID_BYTES): key for key in keys}
        self._newest = _derive(keys[-1], b"ingle key id", _ID_BYTES)
        self._path = path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file; blocks. One that others can read is tightened, with a warning.

        Raises:
            KeyFileUnusable: it is missing, damaged, or somebody else's.
        """
        try:
            content = read_private(path)
        except FileNotFoundError as error:
            raise missing(path) from error
        except OSError as error:
            raise KeyFileUnusable(
                f"The key file {path} cannot be read: {error.strerror}. "
                "Start Ingle as the user who owns it."
            ) from error
        lines = [line.strip() for line in content.splitlines()]
        keys = [_parse(line, path) for line in lines if line and not line.startswith(b"#")]
        if not keys:
            raise _damaged(path, "it holds no key")
        return cls(keys, path)

    def box(self, purpose: str) -> Box:
        """Derive the keys for one purpose.

        Args:
            purpose: a fixed name; boxes of different purposes cannot open each other's values.
        """
        info = b"ingle " + purpose.encode()
        ciphers = {
            key_id: AESGCM(_derive(key, info, KEY_BYTES)) for key_id, key in self._keys.items()
        }
        return Box(ciphers, self._newest, self._path)


def create_key_file(path: Path) -> None:
    """Make a key file with a new key, for its owner only, unless there is one; blocks."""
    key = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    if not path.exists():
        write_atomically(path, f"{_HEADER}{key}\n".encode(), replace=False)


def missing(path: Path) -> KeyFileUnusable:
    """Make the error that says that a data folder's key file is gone."""
    return KeyFileUnusable(
        f"The key file {path} is missing, and without it what is encrypted in this data folder "
        "cannot be read. Restore it from the backup of this data folder. If it is lost for good, "
        "start on a new folder with --data-dir and deploy the functions there."
    )


def _derive(key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=info).derive(key)


def _parse(line: bytes, path: Path) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise _damaged(path, f"one of its lines is not {KEY_BYTES} bytes in Base64")
    return key


def _damaged(path: Path, reason: str) -> KeyFileUnusable:
    return KeyFileUnusable(
        f"The key file {path} is damaged: {reason}. Restore it from the backup of this data folder."
    )
