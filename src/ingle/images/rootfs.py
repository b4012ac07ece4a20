"""Writes an image's root file system, whose files are those of its layers by other names."""

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ingle.images import entries, ground, trees
from ingle.images.errors import ImageInvalid
from ingle.images.limits import IMAGE
from ingle.images.trees import File, Folder, Link

_FILE_MODE = 0o644
# So that the server can write, and some day remove, what is in it.
_OWNERS = 0o700


def build(layers: Sequence[Path], target: Path) -> None:
    """Write the root file system of an image into an empty folder; blocks.

    Args:
        layers: the unpacked layers, the lowest first.
        target: the folder, on the same file system.

    Raises:
        ImageInvalid: its layers do not fit together, or it is too large.
        OSError: it could not be written.
    """
    root = Folder()
    count = 0
    for layer in layers:
        count += trees.apply(root, layer, entries.load(layer))
        if count > IMAGE.entries:
            raise ImageInvalid(f"it has more than {IMAGE.entries} entries")
    ground.prepare(root)
    _write(root, target)


def extensions_folder(root: Path) -> Path | None:
    """Say where an image's `/opt/extensions` is on the disk, its links followed within it.

    Returns:
        A path without links, or None where there is no such folder.
    """
    todo = ["extensions", "opt"]
    walk: list[str] = []
    hops = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del walk[-1:]
            continue
        place = root.joinpath(*walk, part)
        if place.is_symlink():
            hops += 1
            if hops > IMAGE.hops:
                return None
            target = str(place.readlink())
            if target.startswith("/"):
                walk.clear()
            todo += target.split("/")[::-1]
        else:
            walk.append(part)
            if not place.is_dir():
                return None
    return root.joinpath(*walk)


def _write(root: Folder, target: Path) -> None:
    # Links come last of all, so that nothing is ever written through one.
    links: list[tuple[Path, Link]] = []
    todo = [(root, target)]
    while todo:
        folder, path = todo.pop()
        for name, entry in folder.entries.items():
            child = path / name
            if isinstance(entry, Folder):
                child.mkdir()
                todo.append((entry, child))
            elif isinstance(entry, File):
                _place(entry, child)
            else:
                links.append((child, entry))
        path.chmod(folder.mode | _OWNERS)
    for child, link in links:
        child.symlink_to(link.target)


def _place(file: File, path: Path) -> None:
    if file.path is None:
        path.touch(_FILE_MODE)
        return
    try:
        os.link(file.path, path, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        # A file system lets one file have only so many names.
        shutil.copy2(file.path, path)
