"""How large an image may be, read from `limits.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What an image may hold; sizes are in bytes."""

    image_bytes: int
    layers: int
    entries: int
    depth: int
    path_bytes: int
    name_bytes: int
    hops: int
    document_bytes: int
    archive_entries: int
    memory_bytes: int


IMAGE = ImageLimits(**tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8")))
