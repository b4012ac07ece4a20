"""Writes checked packages and layers to disk; all of it blocks."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from ingle.services.lambda_.archive import File, Folder, Link, check_links, opened
from ingle.services.lambda_.layering import merged
from ingle.services.lambda_.limits import PackageLimits
from ingle.storage.files import sync_file_system

# Sandboxes run under users of their own, and must be able to read what they run.
_FOLDER_MODE = 0o755
_FILE_MODE = 0o644
_PROGRAM_MODE = 0o755
# What the names of folders that are being made or removed begin with.
_UNFINISHED = ".partial-"


def unpack(content: bytes, target: Path, limits: PackageLimits) -> int:
    """Unpack a zip file into a new folder, which is there whole and durable, or not at all.

    Where the folder is there already, the package is only checked.

    Args:
        content: the zip file's bytes.
        target: the folder to make; the one that it is in exists.
        limits: how much the package may hold.

    Returns:
        How much it inflates to, in bytes.

    Raises:
        BadPackage: Lambda does not take this package.
        OSError: it could not be written.
    """
    with opened(content, limits) as archive:
        _write_whole(archive.root, target)
        return archive.size


def unpack_layers(contents: Iterable[bytes], target: Path, limits: PackageLimits) -> None:
    """Unpack the zip files of layers into one new folder, as `unpack` does.

    Args:
        contents: the zip files' bytes, in the order in which the layers are applied.
        target: the folder to make; the one that it is in exists.
        limits: how much each of them may hold.

    Raises:
        BadPackage: Lambda does not take one of them.
        OSError: it could not be written.
    """
    with ExitStack() as stack:
        archives = [stack.enter_context(opened(content, limits)) for content in contents]
        root = merged(archive.root for archive in archives)
        # What a link of one layer passes through may be another layer's.
        check_links(root, limits)
        _write_whole(root, target)


def check(content: bytes, limits: PackageLimits) -> int:
    """Read a zip file to its end without writing any of it.

    Returns:
        How much it inflates to, in bytes.

    Raises:
        BadPackage: Lambda does not take this package.
    """
    with opened(content, limits) as archive:
        _read(archive.root)
        return archive.size


def size(content: bytes, limits: PackageLimits) -> int:
    """Tell how much a zip file inflates to that was checked before, in bytes.

    Raises:
        BadPackage: it was not.
    """
    with opened(content, limits) as archive:
        return archive.size


def remove(folder: Path) -> None:
    """Remove an unpacked package, first from its name and then from the disk."""
    aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        folder.rename(aside)
    except FileNotFoundError:
        aside.rmdir()
        return
    shutil.rmtree(aside)


def _write_whole(root: Folder, target: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        _write(root, aside)
        aside.chmod(_FOLDER_MODE)
        sync_file_system(aside)
        if not target.exists():
            aside.rename(target)
            sync_file_system(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(folder: Folder, path: Path) -> None:
    # Links come last of all, so that nothing is ever written through one.
    pending: list[tuple[Path, Link]] = []
    todo = [(folder, path)]
    while todo:
        folder, path = todo.pop()
        for name, entry in folder.entries.items():
            child = path / name
            if isinstance(entry, Folder):
                child.mkdir()
                todo.append((entry, child))
            elif isinstance(entry, File):
                _write_file(entry, child)
            else:
                pending.append((child, entry))
        path.chmod(_FOLDER_MODE)
    for child, link in pending:
        child.symlink_to(link.target)


def _write_file(entry: File, path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        for chunk in entry.read():
            file.write(chunk)
        os.fchmod(file.fileno(), _PROGRAM_MODE if entry.executable else _FILE_MODE)


def _read(folder: Folder) -> None:
    for entry in folder.entries.values():
        if isinstance(entry, Folder):
            _read(entry)
        elif isinstance(entry, File):
            for _ in entry.read():
                pass
