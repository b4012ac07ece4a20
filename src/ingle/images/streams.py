"""A layer's bytes: verified, decompressed and counted while they are read."""

import gzip
import hashlib
import sys
import tarfile
import zlib
from typing import IO, BinaryIO, cast

from ingle.images.errors import ImageInvalid
from ingle.images.images import Layer
from ingle.images.limits import IMAGE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK = 1 << 20
DAMAGE = (zlib.error, zstd.ZstdError, gzip.BadGzipFile, EOFError)
"""What decompressing raises where the data is damaged."""

TOO_LARGE = f"it is larger than {IMAGE.image_bytes} bytes when it is unpacked"


class Measured:
    """A stream that knows how much was read of it, and the digest of that.

    Args:
        source: what to read.
        limit: how many bytes it may have; more are an ImageInvalid.
        excess: what to say then.

    Attributes:
        size: how many bytes were read.
    """

    def __init__(self, source: IO[bytes], limit: int | None = None, excess: str = "") -> None:
        self._source = source
        self._limit = limit
        self._excess = excess
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """Of what was read: `sha256:` and 64 hex digits."""
        return f"sha256:{self._hash.hexdigest()}"

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all."""
        data = self._source.read(size)
        self.size += len(data)
        if self._limit is not None and self.size > self._limit:
            raise ImageInvalid(self._excess)
        self._hash.update(data)
        return data

    def drain(self) -> None:
        """Read what is left."""
        while self.read(_CHUNK):
            continue


class Ended:
    """An archive with the end that it should have: some tools leave it, and the padding, out.

    Args:
        archive: to read.
    """

    def __init__(self, archive: Measured) -> None:
        self._archive = archive
        self._ended = False

    def read(self, size: int) -> bytes:
        """Read so many bytes; at the end of the archive a little more."""
        data = self._archive.read(size)
        if data or self._ended:
            return data
        self._ended = True
        return bytes(-self._archive.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


class LayerStream:
    """The tar archive that a layer is.

    Args:
        layer: which.
        file: the file that it is in.
        budget: how large the archive may be, in bytes.

    Attributes:
        archive: to be read.
    """

    def __init__(self, layer: Layer, file: BinaryIO, budget: int) -> None:
        self._layer = layer
        self._packed = Measured(
            file, layer.size, f"the layer {layer.title} has more bytes than its manifest says"
        )
        self.archive = Measured(
            _decompressed(layer.compression, self._packed),
            budget,
            TOO_LARGE,
        )

    def verify(self) -> None:
        """Read to the end; raise ImageInvalid where it is not what it should be."""
        self.archive.drain()
        self._packed.drain()
        layer = self._layer
        if layer.size is not None and self._packed.size != layer.size:
            raise ImageInvalid(
                f"the layer {layer.title} has {self._packed.size} bytes, and should have "
                f"{layer.size}"
            )
        for what, actual, wanted in (
            ("the layer", self._packed.digest, layer.digest),
            ("the archive in a layer", self.archive.digest, layer.diff_id),
        ):
            if wanted and actual != wanted:
                raise ImageInvalid(f"{what} has the digest {actual}, and should have {wanted}")


def _decompressed(compression: str, packed: Measured) -> IO[bytes]:
    source = cast(BinaryIO, packed)
    if compression == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=source, mode="rb"))
    if compression == "zstd":
        return cast(BinaryIO, zstd.ZstdFile(source, mode="rb"))
    return source
