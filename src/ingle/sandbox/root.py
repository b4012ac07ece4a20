"""The root file system that functions see: an interpreter, a system to run it on, and no more.

A zygote enters it before it starts, so that every sandbox it forks begins there: a small tmpfs with
read-only bind mounts of what the machine's programs need. Nothing of the host is reachable from it
but these.
"""

import ctypes
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ingle.runtimes.python import lock

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_NOATIME, _MS_NODIRATIME, _MS_BIND = 1024, 2048, 4096
_MS_REC, _MS_PRIVATE, _MS_RELATIME = 16384, 1 << 18, 1 << 21
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "fonts",
    "ImageMagick-6",
    "ImageMagick-7",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "pki/tls/certs",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_WRITTEN = {
    "group": "root:x:0:\nsandbox:x:{uid}:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "passwd": "root:x:0:0:root:/root:/sbin/nologin\n",
    "resolv.conf": "",
}
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _check(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode(),
            ctypes.c_ulong(flags),
            data.encode(),
        ),
        f"mount {target}",
    )


def enter(
    staging: Path,
    *,
    shows: Mapping[str, str],
    home: str,
    code: Path,
    cgroups: Mapping[str, Path],
) -> None:
    """Make the root and make it the calling process's own; raise OSError where a step fails.

    Args:
        staging: an empty folder; it is mounted over, in a new mount namespace only.
        shows: host folders to show read-only, and where.
        home: what `/var/lang` leads to, the runtime's own installation.
        code: the folder of unpacked packages.
        cgroups: what the sandboxes' processes must be able to join, by name.
    """
    lock.unshare(lock.CLONE_NEWNS)
    _mount("", "/", "", _MS_REC | _MS_PRIVATE)
    inner = {"code": str(code), "proc": "/proc"}
    inner |= {f"cgroup/{name}": str(folder) for name, folder in cgroups.items()}
    root = str(staging)
    _mount("ingle", root, "tmpfs", _MS_NOSUID, "mode=0755,size=16m")
    for folder in ("dev", "etc", "opt", "proc", "tmp", "var/task", "var/runtime"):
        _make_folder(root, folder)
    for name in _SYSTEM:
        _show_system(root, name)
    for source, place in shows.items():
        if not Path(root + place).exists():  # else it is part of what the system shows
            _bind_read_only(source, root + _make_folder(root, place))
    _fill_etc(root)
    _fill_dev(root)
    _make_folder(root, lock.INNER)
    _mount("ingle", root + lock.INNER, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0700,size=1m")
    Path(root, "var/lang").symlink_to(home)
    for name, source in inner.items():
        target = root + _make_folder(root, f"{lock.INNER}/{name}")
        _mount(source, target, "", _MS_BIND)
    _pivot(root)


def _make_folder(root: str, path: str) -> str:
    relative = "/" + path.strip("/")
    Path(root + relative).mkdir(parents=True, exist_ok=True)
    return relative


def _show_system(root: str, name: str) -> None:
    source = Path("/", name)
    if source.is_symlink():
        Path(root, name).symlink_to(source.readlink())
    elif source.is_dir():
        _bind_read_only(str(source), root + _make_folder(root, name))


def _fill_etc(root: str) -> None:
    for name in _ETC:
        source = Path("/etc", name)
        target = Path(root, "etc", name)
        try:
            kind = source.stat().st_mode
        except OSError:
            continue  # this machine does not have it
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(kind):
            target.mkdir()
        else:
            target.touch()
        _bind_read_only(str(source), str(target))
    for name, text in _WRITTEN.items():
        Path(root, "etc", name).write_text(text.format(uid=65534))


def _fill_dev(root: str) -> None:
    for name, numbers in _DEVICES.items():
        target = Path(root, "dev", name)
        try:
            os.mknod(target, 0o666 | stat.S_IFCHR, os.makedev(*numbers))
            target.chmod(0o666)
        except PermissionError:  # in a user namespace devices can only be borrowed
            target.touch()
            _mount(f"/dev/{name}", str(target), "", _MS_BIND)
    for name, text in _LINKS.items():
        Path(root, "dev", name).symlink_to(text)


def _bind_read_only(source: str, target: str) -> None:
    _mount(source, target, "", _MS_BIND)
    # In a user namespace the flags of the original mount are locked: keep what it has.
    have = os.statvfs(target).f_flag
    keep = 0
    for flag, bit in (
        (_MS_NODEV, os.ST_NODEV),
        (_MS_NOEXEC, os.ST_NOEXEC),
        (_MS_NOATIME, os.ST_NOATIME),
        (_MS_NODIRATIME, os.ST_NODIRATIME),
        (_MS_RELATIME, os.ST_RELATIME),
    ):
        if have & bit:
            keep |= flag
    _mount("", target, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | keep)


def _pivot(root: str) -> None:
    old = root + "/opt"  # any folder of the new root will do for a moment
    number = _PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(number, os.fsencode(root), os.fsencode(old)), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/opt", _MNT_DETACH), "umount the host's root")
    _mount("", "/", "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID)
