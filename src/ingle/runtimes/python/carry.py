"""What a fork of a snapshot takes along that a fork alone does not: its own copy of /tmp, and event
loops that it does not share with the other forks."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TMP = "/tmp"  # noqa: S108 - the sandbox's own
_PIECE = 1 << 20


def open_tmp() -> int | None:
    """Return a descriptor of the snapshot's /tmp, or None when nothing is in it."""
    fd = os.open(_TMP, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if os.listdir(fd):
        return fd
    os.close(fd)
    return None


def copy_tmp(source: int) -> None:
    """Copy what is in the snapshot's /tmp to the new one; files that are open lead there then."""
    target = os.open(_TMP, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    _copy_folder(source, target)
    os.close(target)
    os.close(source)
    _reopen_files()
    where = os.getcwd()
    if where == _TMP or where.startswith(_TMP + "/"):
        os.chdir(where)


def event_loops() -> list[Any]:
    """List the asyncio event loops that the function has made."""
    import gc
    import sys

    events = sys.modules.get("asyncio.selector_events")
    if events is None:
        return []
    kind = events.BaseSelectorEventLoop
    return [each for each in gc.get_objects() if isinstance(each, kind) and not each.is_closed()]


def renew(loop: Any) -> None:
    """Give an event loop a selector and a wake-up pipe that it does not share.

    What is registered with the old selector must stay so for the others.
    """
    old = loop._selector
    new = type(old)()
    for key in old.get_map().values():
        if key.fileobj not in (loop._ssock, loop._ssock.fileno()):
            new.register(key.fileobj, key.events, key.data)
    loop._selector = new
    old.close()
    loop._ssock.close()
    loop._csock.close()
    loop._internal_fds -= 1
    loop._make_self_pipe()


def _copy_folder(source: int, target: int) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            name, status = entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
                continue
            if stat.S_ISDIR(status.st_mode):
                os.mkdir(name, 0o700, dir_fd=target)
                _copy_inside(name, source, target, os.O_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY)
            elif stat.S_ISREG(status.st_mode):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                _copy_inside(name, source, target, 0, flags)
            else:
                continue  # a socket or a pipe: nobody is at its other end
            os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
            times = (status.st_atime_ns, status.st_mtime_ns)
            os.utime(name, ns=times, dir_fd=target)


def _copy_inside(name: str, source: int, target: int, kind: int, flags: int) -> None:
    always = os.O_CLOEXEC | os.O_NOFOLLOW
    inner = os.open(name, os.O_RDONLY | kind | always, dir_fd=source)
    try:
        outer = os.open(name, flags | always, 0o600, dir_fd=target)
        try:
            if kind == os.O_DIRECTORY:
                _copy_folder(inner, outer)
            else:
                while os.sendfile(outer, inner, None, _PIECE):
                    pass
        finally:
            os.close(outer)
    finally:
        os.close(inner)


def _reopen_files() -> None:
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        try:
            path = os.readlink(f"/proc/self/fd/{name}")
            if not path.startswith(_TMP + "/") or not stat.S_ISREG(os.fstat(fd).st_mode):
                continue
            own = os.open(path, _flags(name))
        except OSError:  # a file without a name, or the listing's own descriptor
            continue
        os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(own, fd, inheritable=os.get_inheritable(fd))
        os.close(own)


def _flags(fd: str) -> int:
    made = os.O_CREAT | os.O_EXCL | os.O_TRUNC
    with open(f"/proc/self/fdinfo/{fd}") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key == "flags":
                return int(value, 8) & ~made
    return os.O_RDONLY
