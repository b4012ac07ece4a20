"""Writing files so that after a crash they are there whole or not at all; all of it blocks."""

import ctypes
import logging
import os
import stat
import tempfile
from pathlib import Path

logger = logging.getLogger(__name__)
_libc = ctypes.CDLL(None, use_errno=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Make everything durable that was written to the file system of a folder.

    One call for a tree of thousands of files, where an fsync each would take seconds.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def write_atomically(
    target: Path, content: bytes, aside: Path | None = None, *, replace: bool = True
) -> None:
    """Write a file durably, readable for its owner only.

    Args:
        target: where it goes.
        content: what it holds.
        aside: the folder for the unfinished file, on the same file system; by default the
            target's own, under a name that begins with a dot and the target's name.
        replace: whether a file that is there already is replaced.

    Raises:
        FileExistsError: it is there already, and not to be replaced.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=aside or target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(name).replace(target)
        else:
            target.hardlink_to(name)
            Path(name).unlink()
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def read_private(path: Path) -> bytes:
    """Read a file that only its owner is to read.

    One that others can read is tightened to mode 0600, with a warning, and so stays usable after a
    copy or a restored backup.

    Raises:
        OSError: it cannot be read, or not be tightened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            try:
                os.fchmod(descriptor, 0o600)
            except PermissionError as error:
                what = f"it is open to others (mode {mode:03o}) and belongs to another user"
                raise PermissionError(error.errno, what, str(path)) from error
            logger.warning("The file %s had mode %03o; it is now 600.", path, mode)
        return file.read()
