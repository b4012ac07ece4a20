"""How a process that the zygote forked locks itself in, before any user code runs.

The zygote already lives in a mount namespace whose root holds nothing but what functions may see
(`ingle.sandbox.root`); what is left for each sandbox is what must be its own.
"""

from __future__ import annotations

import _socket
import ctypes
import os
import resource
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND = 32, 4096
_MNT_DETACH = 2
_MOVE_MOUNT_F_EMPTY_PATH = 4
_AT_FDCWD = -100
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_SECCOMP_MODE_FILTER = 2
_SIGKILL, _SIGCHLD = 9, 17
_CLONE_FS = 0x00000200
_CAP_SYS_ADMIN = 21
NEW_FOR_FORKS = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET
"""The namespaces that a fork of a snapshot makes for itself, besides that of its process ids."""
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
# The same on every architecture; os.pidfd_open came with Python 3.9.
_SYS_MOVE_MOUNT = 429
_SYS_PIDFD_OPEN = 434
_SYS_CLOSE_RANGE = 436
_LAST_DESCRIPTOR = 0x7FFFFFFF
INNER = "/.ingle"
"""Where the zygote sees the code folder and the control groups; gone once a sandbox is locked."""

_USERS = (
    "root:x:0:0:root:/root:/sbin/nologin\n"
    "sbx_user1051:x:{uid}:{uid}::/home/sbx_user1051:/sbin/nologin\n"
)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)
_libc.prctl.argtypes = (ctypes.c_int,) + (ctypes.c_ulong,) * 4


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the given namespaces for new ones."""
    _check(_libc.unshare(flags), "unshare")


def enter_namespace(fd: int, flag: int) -> None:
    """Join the namespace that the descriptor stands for."""
    _check(_libc.setns(fd, flag), "setns")


def mount(source: str, target: str, kind: str, flags: int, data: str | None = None) -> None:
    """Call mount(2); raise OSError that names the target."""
    encode = os.fsencode
    _check(
        _libc.mount(
            encode(source), encode(target), encode(kind), flags, data.encode() if data else None
        ),
        f"mount {target}",
    )


def _prctl(option: int, *values: int) -> None:
    arguments = values + (0,) * (4 - len(values))
    _check(_libc.prctl(option, *arguments), f"prctl {option}")


def open_pidfd(pid: int) -> int:
    """Return a descriptor that stands for a process; raise OSError."""
    fd: int = _libc.syscall(_SYS_PIDFD_OPEN, pid, 0)
    _check(fd, "pidfd_open")
    return fd


def close_from(first: int) -> None:
    """Close this descriptor and all above it, however many a process may have."""
    if _libc.syscall(_SYS_CLOSE_RANGE, first, _LAST_DESCRIPTOR, 0) < 0:  # Linux before 5.9
        for fd in _open_descriptors():
            if fd >= first:
                try:
                    os.close(fd)
                except OSError:
                    continue  # it was the listing's own


def _open_descriptors() -> list[int]:
    for folder in (f"{INNER}/proc", "/proc"):
        try:
            return [int(name) for name in os.listdir(f"{folder}/self/fd")]
        except OSError:
            continue
    raise OSError("there is no /proc to find open descriptors in")


def fork_with_our_folder() -> int:
    """Fork a child whose working folder is always that of its parent; raise OSError.

    The child must become another program or exit soon: Python is not told of the fork.
    """
    pid: int = _libc.syscall(_SYS_CLONE[os.uname().machine], _CLONE_FS | _SIGCHLD, 0, 0, 0, 0)
    _check(pid, "clone")
    return pid


def trim_heap() -> None:
    """Give memory that is free back to the kernel, where the C library can (glibc)."""
    trim = getattr(_libc, "malloc_trim", None)
    if trim is not None:
        trim(0)


def drop_bounding_set(keep: tuple[int, ...]) -> None:
    """Remove every capability but these from the bounding set."""
    for capability in range(64):
        if capability not in keep and _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # beyond the kernel's last capability


def isolate() -> None:
    """Give the calling process namespaces of its own, but for the network; raise OSError.

    This is the part of being locked in that needs to know nothing of the function.
    """
    die_with_parent()
    os.setsid()  # else a signal to the group would reach whoever has the same user
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
    name_host()
    mount_proc()


def name_host() -> None:
    """Set up a new host name namespace."""
    _socket.sethostname("localhost")


def mount_proc() -> None:
    """Show the processes of the calling process's pid namespace at /proc."""
    mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def name_user(uid: int) -> None:
    """Have this user known to programs by the name that it has on AWS; raise OSError.

    Without a name, whoever asks for the user's home (`pathlib.Path.home`, `os.userInfo`) fails.
    """
    file = f"{INNER}/passwd-{uid}"
    with open(file, "w") as passwd:
        passwd.write(_USERS.format(uid=uid))
    mount(file, "/etc/passwd", "", _MS_BIND)
    mount("", "/etc/passwd", "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    os.unlink(file)  # it lives for as long as it is mounted


def nest(uid: int | None) -> None:
    """Take a user, and go on with a user and a mount namespace of that user's own.

    Children are in a pid namespace that belongs to it.

    Args:
        uid: the user and group id to take; None keeps them.
    """
    if uid is not None:
        # Some systems let only whoever is privileged make user namespaces.
        _prctl(_PR_SET_KEEPCAPS, 1)
        take_user(uid, uid)
        _keep_capabilities(1 << _CAP_SYS_ADMIN)
    _prctl(_PR_SET_DUMPABLE, 1)  # else the files below are root's
    own_uid, own_gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{own_uid} {own_uid} 1"),
        ("gid_map", f"{own_gid} {own_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    unshare(CLONE_NEWNS | CLONE_NEWPID)


def keep_right_to_fork(descriptors: int, seccomp: bytes) -> None:
    """Give up every right, for good, but that to make empty namespaces in this user namespace."""
    drop_bounding_set((_CAP_SYS_ADMIN,))
    _restrict(descriptors, seccomp, 1 << _CAP_SYS_ADMIN)


def join_groups(files: list[str]) -> None:
    """Join control groups, by the files below `/.ingle/cgroup` that take members."""
    for file in files:
        with open(f"{INNER}/cgroup/{file}", "w") as members:
            members.write("0")
    unshare(CLONE_NEWCGROUP)


def place_tmp(mount: int) -> None:
    """Put the detached mount behind a descriptor at /tmp."""
    _check(
        _libc.syscall(_SYS_MOVE_MOUNT, mount, b"", _AT_FDCWD, b"/tmp", _MOVE_MOUNT_F_EMPTY_PATH),
        "move_mount /tmp",
    )


def place_file_system(detached: int, place: str) -> None:
    """Put the detached mount behind a descriptor at a place below /mnt; raise OSError."""
    flags = _MS_NOSUID | _MS_NODEV
    mount("ingle", "/mnt", "tmpfs", flags, "mode=0755,size=4k,nr_inodes=4")
    os.mkdir(place)
    _check(
        _libc.syscall(
            _SYS_MOVE_MOUNT, detached, b"", _AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_F_EMPTY_PATH
        ),
        f"move_mount {place}",
    )
    mount("", "/mnt", "", _MS_REMOUNT | _MS_RDONLY | flags, "")


def mount_tmp(size: int, uid: int | None) -> None:
    """Mount a file system of this many bytes, in memory, at /tmp."""
    options = f"mode=0700,size={size},nr_inodes={size // 4096}"
    if uid is not None:
        options += f",uid={uid},gid={uid}"
    mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, options)  # noqa: S108


def show_code(code: str, layers: str) -> None:
    """Mount a package at /var/task and, where there are any, layers at /opt.

    Afterwards the calling process's mounts lead to nothing else of the host.

    Args:
        code: the name of the package's folder.
        layers: that of the layers' folder, or "".
    """
    for name, place in ((code, "/var/task"), (layers, "/opt")):
        if name:
            mount(f"{INNER}/code/{name}", place, "", _MS_BIND)
            mount("", place, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    _check(_libc.umount2(INNER.encode(), _MNT_DETACH), f"umount {INNER}")


def pivot_here() -> None:
    """Make the mount that is the working folder the root, and let go of the old one."""
    _check(_libc.syscall(_SYS_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    # The old root is now on top of the new one, in the same place.
    _check(_libc.umount2(b".", _MNT_DETACH), "umount the former root")
    os.chdir("/")


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def hide() -> None:
    """Have no other process without rights trace this one or read its memory."""
    _prctl(_PR_SET_DUMPABLE, 0)


def take_user(uid: int, gid: int) -> None:
    """Become a user with one group and, where it is not root, without capabilities."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def bar_new_rights() -> None:
    """Have no program that this process starts get rights that it has not."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_rights(uid: int | None, descriptors: int, seccomp: bytes) -> None:
    """Give up every right, for good; raise OSError where a step fails.

    Args:
        uid: the user and group id to take; None keeps the user, inside a user namespace.
        descriptors: the most open files.
        seccomp: a BPF program, or b"" for none.
    """
    if uid is not None:
        take_user(uid, uid)
    _restrict(descriptors, seccomp, 0)


def drop_right_to_fork(seccomp: bytes) -> None:
    """Give up what `keep_right_to_fork` left."""
    _keep_capabilities(0)
    die_with_parent()
    _filter_calls(seccomp)


def _restrict(descriptors: int, seccomp: bytes, capabilities: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    _keep_capabilities(capabilities)
    _prctl(_PR_SET_DUMPABLE, 1)
    die_with_parent()  # changing the user had undone it
    bar_new_rights()
    _filter_calls(seccomp)


def _filter_calls(seccomp: bytes) -> None:
    if seccomp:
        program = ctypes.create_string_buffer(seccomp, len(seccomp))
        block = _Filter(len(seccomp) // 8, ctypes.addressof(program))
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(block))


def _keep_capabilities(mask: int) -> None:
    """Keep only these capabilities, all below 32."""
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, struct.pack("<6I", mask, mask, 0, 0, 0, 0)), "capset")
