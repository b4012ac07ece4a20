"""How a process that the zygote forked locks itself in, before any user code runs.

The zygote already lives in a mount namespace whose root holds nothing but what functions may see
(`ingle.sandbox.root`); what is left for each sandbox is what must be its own.
"""

from __future__ import annotations

import _socket
import ctypes
import fcntl
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
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9
_SYS_PIDFD_OPEN = 434  # the same on every architecture; os.pidfd_open came with Python 3.9
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
INNER = "/.ingle"
"""Where the zygote sees the code folder and the control groups; gone once a sandbox is locked."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)
_libc.prctl.argtypes = (ctypes.c_int,) + (ctypes.c_ulong,) * 4


class Plan:
    """What is one sandbox's own.

    Attributes:
        uid: the user and group id; None keeps the user, inside a user namespace.
        code: the name of the package's folder.
        tmp_bytes: the size of /tmp.
        cgroups: files below `/.ingle/cgroup` to write "0" to, which joins their groups.
        descriptors: the most open files.
        seccomp: a BPF program, or b"" for none.
    """

    __slots__ = ("cgroups", "code", "descriptors", "seccomp", "tmp_bytes", "uid")

    def __init__(
        self,
        uid: int | None,
        code: str,
        tmp_bytes: int,
        cgroups: list[str],
        descriptors: int,
        seccomp: bytes,
    ) -> None:
        self.uid = uid
        self.code = code
        self.tmp_bytes = tmp_bytes
        self.cgroups = cgroups
        self.descriptors = descriptors
        self.seccomp = seccomp


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the given namespaces for new ones."""
    _check(_libc.unshare(flags), "unshare")


def enter_namespace(fd: int, flag: int) -> None:
    """Join the namespace that the descriptor stands for."""
    _check(_libc.setns(fd, flag), "setns")


def _mount(source: str, target: str, kind: str, flags: int, data: str | None = None) -> None:
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
    if fd < 0:
        _check(-1, "pidfd_open")
    return fd


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
    """Give the calling process namespaces of its own; raise OSError where a step fails.

    This is the part of being locked in that needs to know nothing of the function.
    """
    die_with_parent()
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)
    _socket.sethostname("localhost")
    _raise_loopback()
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def lock(plan: Plan) -> None:
    """Lock the calling process in, after `isolate`; raise OSError where a step fails."""
    for file in plan.cgroups:
        with open(f"{INNER}/cgroup/{file}", "w") as members:
            members.write("0")
    unshare(CLONE_NEWCGROUP)
    _mount_private(plan)
    _limit(plan)
    _drop_rights(plan)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def _raise_loopback() -> None:
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(sock.fileno(), _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))
    sock.close()


def _mount_private(plan: Plan) -> None:
    tmp_options = f"mode=0700,size={plan.tmp_bytes},nr_inodes={plan.tmp_bytes // 4096}"
    if plan.uid is not None:
        tmp_options += f",uid={plan.uid},gid={plan.uid}"
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, tmp_options)  # noqa: S108
    _mount(f"{INNER}/code/{plan.code}", "/var/task", "", _MS_BIND)
    _mount("", "/var/task", "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    _check(_libc.umount2(INNER.encode(), _MNT_DETACH), f"umount {INNER}")


def _limit(plan: Plan) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (plan.descriptors, plan.descriptors))


def _drop_rights(plan: Plan) -> None:
    if plan.uid is not None:
        os.setgroups([])
        os.setresgid(plan.uid, plan.uid, plan.uid)
        os.setresuid(plan.uid, plan.uid, plan.uid)
    _drop_capabilities()
    _prctl(_PR_SET_DUMPABLE, 1)
    die_with_parent()  # changing the user had undone it
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if plan.seccomp:
        program = ctypes.create_string_buffer(plan.seccomp, len(plan.seccomp))
        block = _Filter(len(plan.seccomp) // 8, ctypes.addressof(program))
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(block))


def _drop_capabilities() -> None:
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, bytes(24)), "capset")
