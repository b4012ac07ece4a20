"""Checksums of objects: those that clients send, those that are computed, and their sums.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-multipart.html
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from awscrt import checksums as crt

from ingle.services.s3.errors import BadDigest, InvalidDigest, InvalidRequest, MalformedTrailer
from ingle.services.s3.model import Checksum, Content
from ingle.wire.service import ServiceInput

FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
DEFAULT = "CRC64NVME"
"""What S3 computes where the client names none."""


class Digest(Protocol):
    """Computes a checksum piece by piece."""

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """Return the checksum of all of them."""
        ...


class _Crc:
    def __init__(self, compute: Callable[[bytes, int], int], width: int) -> None:
        self._compute = compute
        self._width = width
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._compute(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


class _XxHash:
    def __init__(self, hasher: Any) -> None:
        self._hasher = hasher

    def update(self, data: bytes) -> None:
        self._hasher.update(data)

    def digest(self) -> bytes:
        value: bytes = self._hasher.finalize()
        return value


_DIGESTS: Mapping[str, Callable[[], Digest]] = {
    "CRC32": lambda: _Crc(crt.crc32, 4),
    "CRC32C": lambda: _Crc(crt.crc32c, 4),
    "CRC64NVME": lambda: _Crc(crt.crc64nvme, 8),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "XXHASH64": lambda: _XxHash(crt.XXHash.new_xxhash64()),
    "XXHASH3": lambda: _XxHash(crt.XXHash.new_xxhash3_64()),
    "XXHASH128": lambda: _XxHash(crt.XXHash.new_xxhash3_128()),
}
_COMBINED: Mapping[str, Callable[[int, int, int], int]] = {
    "CRC32": crt.combine_crc32,
    "CRC32C": crt.combine_crc32c,
    "CRC64NVME": crt.combine_crc64nvme,
}
_HEADER = "x-amz-checksum-"


def digest_of(algorithm: str) -> Digest:
    """Make what computes a checksum."""
    return _DIGESTS[algorithm]()


class Expected:
    """What a request says of the checksums of its body.

    Args:
        request: the operation's input.
        headers: the request's, which say which checksum comes as a trailer.
        algorithm: the one that is computed where the request names none.

    Attributes:
        algorithm: the checksum that is computed and kept.

    Raises:
        InvalidDigest: Content-MD5 is none.
        InvalidRequest: a checksum is none, or there are several.
    """

    def __init__(
        self, request: ServiceInput, headers: Mapping[str, str], algorithm: str = DEFAULT
    ) -> None:
        self._md5 = _decoded_md5(request.get("ContentMD5"))
        named = [name for name in _DIGESTS if request.get(f"Checksum{name}") is not None]
        announced = _announced(headers)
        trailing = [
            name
            for name in _DIGESTS
            if announced and f"{_HEADER}{name.lower()}" in announced and name not in named
        ]
        if len(named) + len(trailing) > 1:
            raise InvalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                "allowed."
            )
        self._value = request[f"Checksum{named[0]}"] if named else None
        asked = request.get("ChecksumAlgorithm")
        self.algorithm: str = (named or trailing or [asked or algorithm])[0]
        if self._value is not None:
            check_value(self.algorithm, self._value)
        self._trails = bool(trailing)
        self.is_named = bool(named or trailing or asked)

    def check(self, md5: bytes, computed: Checksum, trailers: Mapping[str, str]) -> None:
        """Compare what was computed of the body.

        Raises:
            BadDigest: it is something else.
            InvalidRequest: the checksum that came as a trailer is none.
            MalformedTrailer: there is no trailer.
        """
        if self._md5 is not None and self._md5 != md5:
            raise BadDigest(
                ExpectedDigest=base64.b64encode(self._md5).decode(),
                CalculatedDigest=base64.b64encode(md5).decode(),
            )
        value = self._value
        if self._trails:
            value = trailers.get(f"{_HEADER}{self.algorithm.lower()}")
            if value is None:  # announced for a body that is not in chunks
                raise MalformedTrailer
            check_value(self.algorithm, value)
        if value is not None and value != computed.value:
            raise BadDigest(
                f"The {self.algorithm} you specified did not match the calculated checksum."
            )


def check_document(body: bytes, headers: Mapping[str, str]) -> None:
    """Check the body of a request that is a document, by the headers that tell its checksums.

    Raises:
        BadDigest: it is not what was sent.
        InvalidDigest: Content-MD5 is none.
        InvalidRequest: a checksum is none.
    """
    md5 = _decoded_md5(headers.get("content-md5"))
    if md5 is not None and md5 != hashlib.md5(body, usedforsecurity=False).digest():
        raise BadDigest
    for name in _DIGESTS:
        value = headers.get(f"{_HEADER}{name.lower()}")
        if value is None:
            continue
        check_value(name, value)
        digest = digest_of(name)
        digest.update(body)
        if base64.b64encode(digest.digest()).decode() != value:
            raise BadDigest(f"The {name} you specified did not match the calculated checksum.")


def check_value(algorithm: str, value: str) -> None:
    """Check that a checksum is one of this algorithm; raises InvalidRequest."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != len(digest_of(algorithm).digest()):
        raise InvalidRequest(f"Value for {_HEADER}{algorithm.lower()} header is invalid.")


def checksum_of(algorithm: str, digest: Digest) -> Checksum:
    """Write down a checksum that was computed."""
    return Checksum(algorithm, base64.b64encode(digest.digest()).decode())


def combined(algorithm: str, kind: str, parts: Sequence[Content]) -> Checksum | None:
    """Compute the checksum of an object out of those of its parts.

    Args:
        algorithm: the one that all parts have.
        kind: `COMPOSITE` or `FULL_OBJECT`.
        parts: in their order.

    Returns:
        None where that cannot be.
    """
    raw: list[bytes] = []
    for part in parts:
        if part.checksum is None or part.checksum.algorithm != algorithm:
            return None
        raw.append(base64.b64decode(part.checksum.value))
    if kind == COMPOSITE:
        digest = digest_of(algorithm)
        digest.update(b"".join(raw))
        value = base64.b64encode(digest.digest()).decode()
        return Checksum(algorithm, f"{value}-{len(parts)}", COMPOSITE)
    combine = _COMBINED.get(algorithm)
    if combine is None:
        return None
    total = int.from_bytes(raw[0], "big")
    for part, value_of in zip(parts[1:], raw[1:], strict=True):
        total = combine(total, int.from_bytes(value_of, "big"), part.size)
    return Checksum(algorithm, base64.b64encode(total.to_bytes(len(raw[0]), "big")).decode())


def multipart_type(algorithm: str, asked: str | None) -> str:
    """Say which type of checksum a multipart upload has.

    Raises:
        InvalidRequest: the algorithm has none of the type that was asked for.
    """
    possible = {"CRC64NVME": (FULL,), "CRC32": (COMPOSITE, FULL), "CRC32C": (COMPOSITE, FULL)}
    types = possible.get(algorithm, (COMPOSITE,))
    if asked is None:
        return types[0]
    if asked not in types:
        raise InvalidRequest(
            f"The {asked} checksum type cannot be used with the {algorithm.lower()} checksum "
            "algorithm."
        )
    return asked


def _announced(headers: Mapping[str, str]) -> set[str]:
    names = headers.get("x-amz-trailer")
    return {name.strip().lower() for name in names.split(",")} if names else set()


def _decoded_md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != hashlib.md5(usedforsecurity=False).digest_size:
        raise InvalidDigest
    return decoded
