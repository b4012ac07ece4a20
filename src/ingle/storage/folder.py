"""The data folder: everything that Ingle keeps is in here, and one server at a time owns it."""

import fcntl
import logging
import os
from pathlib import Path
from typing import Self

from ingle.storage import encryption
from ingle.storage.errors import FolderInUse, FormatTooNew, NotADataFolder
from ingle.storage.files import sync_folder, write_atomically

__all__ = ["FORMAT", "DataFolder", "FolderInUse"]

logger = logging.getLogger(__name__)

FORMAT = 2
"""The version of the folder's layout that this Ingle writes; 2 added the key file."""

_SUBFOLDERS = ("blobs", "code", "logs", "objects")
# What may be in a folder that has no format file yet: what an interrupted first start left, what
# an administrator put there beforehand, and what a fresh file system has at its root.
_EXPECTED = frozenset({"lock", "credentials", "secret.key", "lost+found", *_SUBFOLDERS})
_UNFINISHED = (".format.", ".secret.key.")


class DataFolder:
    """An open data folder. Made by `open`, which locks it, and ended by `close`.

    The lock is held until `close`, or until the process and all the children that it forked with
    the descriptor are gone: a child that outlives the server must close `lock_fd`.

    Attributes:
        path: the folder itself.
        blobs: where the blob store keeps its files.
        code: where code packages are unpacked.
        logs: where the server's own logs are.
        objects: where the objects of buckets are.
        credentials: the file with the root key pair.
        secret_key: the file with the keys of what is encrypted.
        lock_fd: the descriptor that holds the lock; -1 once closed.
    """

    def __init__(self, path: Path, lock_fd: int) -> None:
        self.path = path
        self.blobs = path / "blobs"
        self.code = path / "code"
        self.logs = path / "logs"
        self.objects = path / "objects"
        self.credentials = path / "credentials"
        self.secret_key = path / "secret.key"
        self.lock_fd = lock_fd

    @classmethod
    def open(cls, path: Path) -> Self:
        """Lock a data folder, making it where it does not exist, readable for its owner only.

        Blocks for a few milliseconds when it makes the folder; meant to run before the loop does.

        Raises:
            FolderInUse: another server has it.
            FormatTooNew: a newer Ingle laid it out.
            NotADataFolder: it holds something else, or is no folder, or belongs to someone else.
            KeyFileUnusable: its key file is gone.
        """
        path = path.absolute()
        _make(path)
        lock_fd = _lock(path)
        try:
            _lay_out(path)
        except BaseException:
            os.close(lock_fd)
            raise
        return cls(path, lock_fd)

    def close(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self.lock_fd >= 0:
            os.close(self.lock_fd)
            self.lock_fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=0o700)
            sync_folder(path.parent)
        except FileExistsError:
            _check_existing(path)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise NotADataFolder(
            f"The data folder {path} cannot be used: {error.strerror} ({error.filename}). "
            "Choose another one with --data-dir."
        ) from error


def _check_existing(path: Path) -> None:
    if not path.is_dir():
        raise NotADataFolder(f"{path} is not a folder. Choose another one with --data-dir.")
    names = {entry.name for entry in path.iterdir()}
    strangers = sorted(n for n in names - _EXPECTED if not n.startswith(_UNFINISHED))
    if strangers and "format" not in names:
        raise NotADataFolder(
            f"{path} is not a data folder of Ingle: it holds {strangers[0]!r} and no file named "
            "'format'. Choose an empty or new folder with --data-dir."
        )
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        path.chmod(0o700)
        logger.warning("The data folder %s had mode %03o; it is now 700.", path, mode)


def _lock(path: Path) -> int:
    lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as error:
        holder = os.pread(lock_fd, 32, 0).strip()
        os.close(lock_fd)
        raise FolderInUse(path, int(holder) if holder.isdigit() else None) from error
    except BaseException:
        os.close(lock_fd)
        raise
    return lock_fd


def _lay_out(path: Path) -> None:
    marker = path / "format"
    try:
        stored = marker.read_text("ascii").strip()
    except FileNotFoundError:
        stored = ""
    if stored:
        if not stored.isdigit():
            raise NotADataFolder(f"{marker} is damaged: it holds no version number.")
        if int(stored) > FORMAT:
            raise FormatTooNew(path, int(stored), FORMAT)
    for name in _SUBFOLDERS:
        (path / name).mkdir(mode=0o700, exist_ok=True)
    key_file = path / "secret.key"
    if stored == str(FORMAT):
        if not key_file.exists():
            raise encryption.missing(key_file)
        return
    encryption.create_key_file(key_file)
    # Last, so that it vouches for all of the above.
    write_atomically(marker, f"{FORMAT}\n".encode())
