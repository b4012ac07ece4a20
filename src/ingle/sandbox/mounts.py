"""Mounts, as the warden, its zygotes and the server make them for themselves."""

import ctypes
import os
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND = 1024, 2048, 4096
MS_REC, MS_PRIVATE, MS_RELATIME = 16384, 1 << 18, 1 << 21
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Call mount(2); raise OSError that names the target."""
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


def make_folder(root: str, path: str) -> str:
    """Make a folder below a root, and those above it; return where it is, seen from outside."""
    place = f"{root}/{path.strip('/')}"
    Path(place).mkdir(parents=True, exist_ok=True)
    return place


def show(root: str, source: str, place: str) -> None:
    """Show a file or folder of the host at a place below a root, read-only."""
    if Path(source).is_dir():
        target = make_folder(root, place)
    else:
        make_folder(root, str(Path(place).parent))
        target = root + place
        Path(target).touch()
    bind_read_only(source, target)


def show_system(root: str) -> None:
    """Show the machine's programs and libraries below a root, read-only."""
    for name in _SYSTEM:
        source = Path("/", name)
        if source.is_symlink():
            Path(root, name).symlink_to(source.readlink())
        elif source.is_dir():
            bind_read_only(str(source), make_folder(root, name))


def bind_read_only(source: str, target: str) -> None:
    """Show a file or folder at another place, read-only and without set-user-id."""
    mount(source, target, "", MS_BIND)
    # In a user namespace the flags of the original mount are locked: keep what it has.
    have = os.statvfs(target).f_flag
    keep = 0
    for flag, bit in (
        (MS_NODEV, os.ST_NODEV),
        (MS_NOEXEC, os.ST_NOEXEC),
        (MS_NOATIME, os.ST_NOATIME),
        (MS_NODIRATIME, os.ST_NODIRATIME),
        (MS_RELATIME, os.ST_RELATIME),
    ):
        if have & bit:
            keep |= flag
    mount("", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | keep)


def pivot(root: str) -> None:
    """Make a mounted folder the root of the calling process, and let go of the old one."""
    old = root + "/opt"  # any folder of the new root will do for a moment
    number = _PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(number, os.fsencode(root), os.fsencode(old)), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/opt", _MNT_DETACH), "umount the host's root")
    mount("", "/", "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
