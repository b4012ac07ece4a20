"""The nouns of S3: buckets, versions of objects, multipart uploads, and their bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NULL = "null"
"""The id of versions that were made while the bucket had no versioning."""
ENABLED = "Enabled"
SUSPENDED = "Suspended"

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket.

    Attributes:
        id: its row.
        name: unique among all accounts and regions.
        account_id: whose it is.
        region: where it is.
        created_ms: since when.
        settings: what was set on it, by the attribute's name, as the API has it; see `settings.py`.
    """

    id: int
    name: str
    account_id: str
    region: str
    created_ms: int
    settings: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:s3:::{self.name}"

    @property
    def versioning(self) -> str:
        """`Enabled`, `Suspended`, or "" if it never was enabled."""
        found: str = self.settings.get("versioning", "")
        return found


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum of an object or a part.

    Attributes:
        algorithm: for instance `CRC32`.
        value: Base64; of a composite one, followed by `-` and the number of parts.
        type: `FULL_OBJECT`, or `COMPOSITE` where it is one of the checksums of the parts.
    """

    algorithm: str
    value: str
    type: str = "FULL_OBJECT"

    @property
    def members(self) -> dict[str, str]:
        """As most answers have it."""
        return {f"Checksum{self.algorithm}": self.value, "ChecksumType": self.type}

    def packed(self) -> str:
        """Write it down in one column."""
        return f"{self.algorithm} {self.type} {self.value}"

    @classmethod
    def unpack(cls, text: str) -> "Checksum":
        """Read what `packed` wrote."""
        algorithm, kind, value = text.split(" ")
        return cls(algorithm, value, kind)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are stored: of an object, or of a part of one.

    Attributes:
        id: 32 hex digits.
        number: which part it is; 1 where there are no parts.
        size: how many bytes in plain.
        etag: the md5 of them in hex.
        checksum: another checksum of them.
        in_file: whether they are in a file; otherwise `sealed` has them.
        sealed: the encrypted bytes, or the encrypted key of the file.
        key_id: which of the server's keys encrypted that.
        modified_ms: when they came.
    """

    id: str
    number: int
    size: int
    etag: str
    checksum: Checksum | None
    in_file: bool
    sealed: bytes
    key_id: str
    modified_ms: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of an object besides its bytes.

    Attributes:
        headers: Cache-Control and its like, by the API's member names; Expires as it was sent.
        metadata: the user's, by name without `x-amz-meta-`.
        tags: its tags.
        storage_class: for instance `STANDARD`.
        upload_id: of the multipart upload that it was made of; "" where it was put as a whole.
    """

    headers: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    storage_class: str = "STANDARD"
    upload_id: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object, or a delete marker.

    Attributes:
        id: its row; grows with every change, and so is also the sequencer of events.
        bucket_id: the bucket's row.
        key: its key.
        version_id: as the API has it.
        is_latest: whether it is what the key means.
        is_marker: whether it is a delete marker.
        modified_ms: when it was made.
        size: how many bytes.
        etag: without quotes.
        parts: of how many parts it was made; 0 where it was put as a whole.
        checksum: None for markers.
        facts: what else is told of it.
    """

    id: int
    bucket_id: int
    key: str
    version_id: str
    is_latest: bool
    is_marker: bool
    modified_ms: int
    size: int
    etag: str
    parts: int
    checksum: Checksum | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart upload that is neither completed nor aborted.

    Attributes:
        id: the upload id.
        bucket_id: the bucket's row.
        key: what it is to be.
        initiated_ms: since when.
        algorithm: the checksum that its parts have.
        checksum_type: `COMPOSITE` or `FULL_OBJECT`.
        initiator: the ARN of who began it.
        facts: what is to be told of the object.
    """

    id: str
    bucket_id: int
    key: str
    initiated_ms: int
    algorithm: str
    checksum_type: str
    initiator: str
    facts: Facts
