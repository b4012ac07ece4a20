"""What is in a layer, as it is kept beside the layer's unpacked files."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

FOLDER, FILE, LINK, SAME, GONE, CLEARED = "d", "f", "l", "h", "w", "o"
"""Kinds: a folder, a file, a symbolic link, another name of a file, a whiteout of what is below,
and a folder of which nothing that is below shows."""
_INDEX, _SIZE = "index", "size"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a layer.

    Attributes:
        path: where it is, its names separated by slashes; "" for the root itself.
        kind: which kind.
        mode: the permissions of a folder.
        number: which of the unpacked files a file is.
        target: where a link leads; which path a `SAME` is another name of.
    """

    path: str
    kind: str
    mode: int = 0
    number: int = 0
    target: str = ""


def file_path(layer: Path, number: int) -> Path:
    """Say where an unpacked file of a layer is."""
    return layer / "files" / f"{number // 1000}" / f"{number}"


def save(layer: Path, entries: Iterable[Entry]) -> None:
    """Keep the entries of a layer."""
    with (layer / _INDEX).open("w", encoding="ascii") as index:
        for each in entries:
            index.write(json.dumps(astuple(each)) + "\n")


def save_size(layer: Path, size: int) -> None:
    """Keep how large a layer's archive is, in bytes."""
    (layer / _SIZE).write_text(str(size), "ascii")


def load(layer: Path) -> Iterator[Entry]:
    """Yield the entries of a layer, in order."""
    with (layer / _INDEX).open(encoding="ascii") as index:
        for line in index:
            yield Entry(*json.loads(line))


def size_of(layer: Path) -> int:
    """Return how large a layer's archive is, in bytes."""
    return int((layer / _SIZE).read_text("ascii"))
