"""Lays layers over one another: the tree of an image's root file system, in memory.

Nothing is followed on the disk; links are resolved in the tree, and never lead out of it.

Source: https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ingle.images import entries
from ingle.images.entries import Entry, file_path
from ingle.images.errors import ImageInvalid
from ingle.images.limits import IMAGE

_MODE = 0o755


@dataclass(slots=True, eq=False)
class File:
    """A regular file.

    Attributes:
        path: where its content is; None for an empty one.
    """

    path: Path | None


@dataclass(slots=True, eq=False)
class Link:
    """A symbolic link, which may lead anywhere: only a sandbox follows it."""

    target: str


@dataclass(slots=True, eq=False)
class Folder:
    """A folder."""

    entries: "dict[str, Folder | File | Link]" = field(default_factory=dict)
    mode: int = _MODE


def apply(root: Folder, layer: Path, changes: Iterable[Entry]) -> int:
    """Lay a layer over a tree.

    Args:
        root: the tree; it is changed.
        layer: the folder in which the layer's files are.
        changes: the layer's entries.

    Returns:
        How many entries there are.

    Raises:
        ImageInvalid: it refers to what is not there.
    """
    added = []
    count = 0
    for each in changes:
        count += 1
        if each.kind == entries.GONE:
            _hide(root, each.path)
        elif each.kind == entries.CLEARED:
            found = find(root, each.path.split("/") if each.path else [])
            if isinstance(found, Folder):
                found.entries.clear()
        else:
            added.append(each)
    # Whiteouts are about what is below, wherever in the layer they stand.
    for each in added:
        _add(root, layer, each)
    return count


def find(root: Folder, parts: list[str]) -> Folder | File | Link | None:
    """Return what a path leads to within a tree, following links; None where it leads nowhere."""
    walk = [root]
    todo = parts[::-1]
    hops = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if len(walk) > 1:
                walk.pop()
            continue
        entry = walk[-1].entries.get(part)
        if isinstance(entry, Link):
            hops += 1
            if hops > IMAGE.hops:
                return None
            if entry.target.startswith("/"):
                del walk[1:]
            todo += entry.target.split("/")[::-1]
        elif isinstance(entry, Folder):
            walk.append(entry)
        else:
            return entry if not any(todo) else None
    return walk[-1]


def _hide(root: Folder, path: str) -> None:
    *above, name = path.split("/")
    folder = find(root, above)
    if isinstance(folder, Folder):
        folder.entries.pop(name, None)


def _add(root: Folder, layer: Path, entry: Entry) -> None:
    if not entry.path:
        root.mode = entry.mode
        return
    *above, name = entry.path.split("/")
    folder = _folder(root, above)
    if entry.kind == entries.FOLDER:
        there = folder.entries.get(name)
        if isinstance(there, Folder):
            there.mode = entry.mode
        else:
            folder.entries[name] = Folder(mode=entry.mode)
    elif entry.kind == entries.FILE:
        folder.entries[name] = File(file_path(layer, entry.number))
    elif entry.kind == entries.LINK:
        folder.entries[name] = Link(entry.target)
    else:
        folder.entries[name] = _same(root, entry)


def _folder(root: Folder, parts: list[str]) -> Folder:
    """Return the folder at a path; what is no folder there, nor leads to one, becomes one."""
    folder = root
    for number, part in enumerate(parts):
        entry = folder.entries.get(part)
        if isinstance(entry, Link):
            entry = find(root, parts[: number + 1])
        if not isinstance(entry, Folder):
            entry = folder.entries[part] = Folder()
        folder = entry
    return folder


def _same(root: Folder, entry: Entry) -> File | Link:
    *above, name = entry.target.split("/")
    folder = find(root, above)
    there = folder.entries.get(name) if isinstance(folder, Folder) else None
    if there is None or isinstance(there, Folder):
        raise ImageInvalid(f"a layer holds a hard link to {entry.target[:80]!r}, which is no file")
    return there
