"""Folders of the machine that functions mount: detached mounts of them, one a sandbox.

Each sandbox has a user of its own, and the files are another's. So the mount maps users
(https://docs.kernel.org/filesystems/idmappings.html): what belongs to the folder's user on the disk
belongs to the sandbox's own user as the sandbox sees it, and what it writes is that user's. That is
what an access point of EFS with a POSIX user does. What belongs to others is nobody's in there.
"""

import ctypes
import errno
import os
import signal
import struct
from collections.abc import Sequence
from pathlib import Path

from ingle.resources import FileSystem
from ingle.runtimes.python import lock
from ingle.sandbox.users import FIRST_UID

# The same on every architecture.
_SYS_OPEN_TREE, _SYS_OPENAT2, _SYS_MOUNT_SETATTR = 428, 437, 442
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS = 0x02, 0x04
_HOW = struct.Struct("QQQ")
_ATTRIBUTES = struct.Struct("QQQQ")
_RDONLY, _NOSUID, _NODEV, _IDMAP = 0x1, 0x2, 0x4, 0x00100000
_MOST_MAPPINGS = 256
_NO_MAPPING = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM})

_libc = ctypes.CDLL(None, use_errno=True)


class ShareUnavailable(OSError):
    """A folder cannot be mounted; the text says why."""


class Shares:
    """Mounts the folders that the operator has allowed.

    Args:
        file_systems: those.
        privileged: whether sandboxes have users of their own.
    """

    def __init__(self, file_systems: Sequence[FileSystem], privileged: bool) -> None:
        self._file_systems = {each.arn: each for each in file_systems}
        self._privileged = privileged
        # User namespaces that stand for a mapping, the one that was used last at the end.
        self._mappings: dict[tuple[int, int, int], int] = {}
        if file_systems and not privileged:
            # Rights in a user namespace count only for mounts of a namespace that belongs to it.
            lock.unshare(lock.CLONE_NEWNS)

    def mount(self, arn: str, uid: int) -> int:
        """Return a descriptor of a detached mount of a folder, for one sandbox.

        Args:
            arn: the access point that stands for it.
            uid: the user and group of the sandbox.

        Raises:
            ShareUnavailable: it cannot be mounted.
        """
        share = self._file_systems.get(arn)
        if share is None:
            raise ShareUnavailable(f"no folder is known for {arn}")
        try:
            folder = open_folder(share.folder)
        except OSError as error:
            raise ShareUnavailable(_why(share, error)) from error
        try:
            return self._mount(share, folder, uid)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Let go of what was kept."""
        for fd in self._mappings.values():
            os.close(fd)
        self._mappings.clear()

    def _mount(self, share: FileSystem, folder: int, uid: int) -> int:
        flags, mapping = _NOSUID | _NODEV, 0
        if share.read_only:
            flags |= _RDONLY
        owner = owner_of(share, folder) if self._privileged and share.map_users else None
        if owner is not None:
            mapping = self._mapping(*owner, uid)
            flags |= _IDMAP
        # Not what is mounted below it: nobody has allowed that.
        clone = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_EMPTY_PATH
        try:
            tree = _call(_SYS_OPEN_TREE, folder, b"", clone)
        except OSError as error:
            raise ShareUnavailable(_why(share, error)) from error
        try:
            attributes = _ATTRIBUTES.pack(flags, 0, 0, mapping)
            size = len(attributes)
            _call(_SYS_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, attributes, size)
        except OSError as error:
            os.close(tree)
            if mapping and error.errno in _NO_MAPPING:
                raise ShareUnavailable(
                    f"{share.folder} is on a file system, or this is a kernel, that cannot map "
                    "users; see map_users"
                ) from error
            raise ShareUnavailable(_why(share, error)) from error
        return tree

    def _mapping(self, owner: int, group: int, uid: int) -> int:
        key = (owner, group, uid)
        fd = self._mappings.pop(key, None)
        if fd is None:
            if len(self._mappings) >= _MOST_MAPPINGS:
                os.close(self._mappings.pop(next(iter(self._mappings))))
            fd = _namespace(f"{owner} {uid} 1", f"{group} {uid} 1")
        self._mappings[key] = fd
        return fd


def try_out(share: FileSystem) -> None:
    """Mount a folder nowhere, as root; raise ShareUnavailable where sandboxes could not either."""
    mounts = Shares([share], privileged=True)
    try:
        os.close(mounts.mount(share.arn, FIRST_UID))
    finally:
        mounts.close()


def open_folder(path: str) -> int:
    """Open a folder whose path leads through no symbolic link; raise OSError.

    Functions can write to shared folders: a link that one of them left must lead nobody astray.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    how = _HOW.pack(flags, 0, _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS)
    return _call(_SYS_OPENAT2, _AT_FDCWD, os.fsencode(path), how, len(how))


def owner_of(share: FileSystem, folder: int) -> tuple[int, int] | None:
    """Say as which user and group functions use an open folder; None for nobody's.

    Raises:
        ShareUnavailable: they would write as root.
    """
    status = os.fstat(folder)
    owner = status.st_uid if share.uid is None else share.uid
    group = status.st_gid if share.gid is None else share.gid
    if owner == 0 or group == 0:
        if share.read_only:
            return None
        raise ShareUnavailable(
            f"{share.folder} is root's: give it to another user and group, or set uid and gid"
        )
    return owner, group


def problem(share: FileSystem, data_dir: Path) -> str:
    """Say why a folder must not be shared at all, or "".

    Args:
        share: what is to be shared.
        data_dir: the server's own folder, which functions must not get at.
    """
    folder = Path(os.path.normpath(share.folder))
    own = Path(os.path.realpath(data_dir))
    if folder == Path("/"):
        return "the whole machine cannot be shared; name a folder"
    if own.is_relative_to(folder) or folder.is_relative_to(own):
        return f"{folder} and Ingle's own folder {own} lie in one another"
    return ""


def _namespace(users: str, groups: str) -> int:
    """Return a descriptor of a new user namespace with these mappings."""
    ready, told = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            lock.die_with_parent()
            lock.unshare(lock.CLONE_NEWUSER)
            os.write(told, b".")
            signal.pause()
        finally:
            os._exit(1)
    try:
        os.close(told)
        if not os.read(ready, 1):
            raise ShareUnavailable("this machine allows no user namespaces")
        Path(f"/proc/{pid}/uid_map").write_text(users)
        Path(f"/proc/{pid}/gid_map").write_text(groups)
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _why(share: FileSystem, error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno == errno.ELOOP:
        reason = "its path leads through a symbolic link"
    return f"{share.folder} cannot be mounted: {reason}"


def _call(number: int, *arguments: int | bytes) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
