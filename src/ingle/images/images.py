"""What an image is, once its manifest and its config were read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image.

    Attributes:
        name: the file that it is in, within its source.
        digest: of that file, `sha256:` and 64 hex digits; "" where nothing tells.
        size: of that file, in bytes; None where nothing tells.
        compression: `none`, `gzip` or `zstd`.
        diff_id: the digest of the tar archive that comes out of it.
    """

    name: str
    digest: str
    size: int | None
    compression: str
    diff_id: str

    @property
    def title(self) -> str:
        """What to call it in an error."""
        return self.digest or self.name


@dataclass(frozen=True, slots=True)
class Image:
    """An image.

    Attributes:
        digest: of its manifest; of its config where it has none, as in an archive of Docker's.
        layers: from the lowest to the topmost.
        entry_point: ENTRYPOINT.
        command: CMD.
        folder: WORKDIR, "" where there is none.
        environment: ENV.
    """

    digest: str
    layers: tuple[Layer, ...]
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(repr=False)
