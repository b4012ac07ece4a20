"""The filter of system calls that every sandbox gets; the list is in data/syscalls.toml.

It is compiled once, by libseccomp, and installed by each sandbox after it has dropped its rights.
"""

import errno
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from ingle.runtimes.python import lock, pipes

_DATA = Path(__file__).with_name("data") / "syscalls.toml"
_ALLOWED = ("files", "memory", "processes", "time", "waiting", "sockets", "ipc", "other")
_NEW_NAMESPACES = 0x7E020000
"""All CLONE_NEW* flags of clone; https://man7.org/linux/man-pages/man2/clone.2.html"""
_BINARY_TREE = 2
_OWN_RULES = ("unshare", "setns")
_F_SETPIPE_SZ = 1031
"""https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html"""
_LATER_COMMANDS, _LATER_MASK = 1032, 2**64 - 8
"""Of `fcntl`: the eight after it."""


class SeccompUnavailable(Exception):
    """The machine has no libseccomp, or one that cannot do it; the message says which."""


def compile_filter(*, forks: bool = False) -> bytes:
    """Return the filter as a BPF program for `prctl(PR_SET_SECCOMP)`.

    Args:
        forks: whether it is for a snapshot, which makes empty namespaces for its forks and returns
            to its own pid namespace after each.

    Raises:
        SeccompUnavailable: libseccomp is missing or failed.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SeccompUnavailable(f"libseccomp cannot be loaded: {error}") from error
    data = tomllib.loads(_DATA.read_text("utf-8"))
    try:
        return _compile(pyseccomp, data, forks)
    except OSError as error:
        raise SeccompUnavailable(f"libseccomp failed: {error}") from error


def _compile(seccomp: Any, data: dict[str, Any], forks: bool) -> bytes:
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    for group in _ALLOWED:
        for name in data[group]:
            _add(rules, seccomp.ALLOW, name)
    for name in data["refused"]:
        if not forks or name not in _OWN_RULES:
            _add(rules, seccomp.ERRNO(errno.EPERM), name)
    if forks:
        for flags in (lock.CLONE_NEWPID, lock.NEW_FOR_FORKS, lock.CLONE_NEWCGROUP):
            _add(rules, seccomp.ALLOW, "unshare", seccomp.Arg(0, seccomp.EQ, flags))
        own = seccomp.Arg(1, seccomp.EQ, lock.CLONE_NEWPID)
        _add(rules, seccomp.ALLOW, "setns", own)
    # clone3 hides its flags behind a pointer; without it, the C library uses clone.
    plain = seccomp.Arg(0, seccomp.MASKED_EQ, _NEW_NAMESPACES, 0)
    _add(rules, seccomp.ALLOW, "clone", plain)
    _add_fcntl(seccomp, rules)
    for family in data["socket_families"]:
        _add(rules, seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, family))
    for value in data["personalities"]:
        _add(rules, seccomp.ALLOW, "personality", seccomp.Arg(0, seccomp.EQ, value))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add_fcntl(seccomp: Any, rules: Any) -> None:
    """Allow all but enlarging pipes: the server takes what is in a log pipe at once."""
    # The kernel looks at the lower half of the command only. What has an upper half is allowed by
    # none of these.
    earlier = seccomp.Arg(1, seccomp.LT, _F_SETPIPE_SZ)
    later = seccomp.Arg(1, seccomp.MASKED_EQ, _LATER_MASK, _LATER_COMMANDS)
    resize = seccomp.Arg(1, seccomp.EQ, _F_SETPIPE_SZ)
    _add(rules, seccomp.ALLOW, "fcntl", earlier)
    _add(rules, seccomp.ALLOW, "fcntl", later)
    _add(rules, seccomp.ALLOW, "fcntl", resize, seccomp.Arg(2, seccomp.LE, pipes.CAPACITY))
    refused = seccomp.ERRNO(errno.EPERM)
    _add(rules, refused, "fcntl", resize, seccomp.Arg(2, seccomp.GT, pipes.CAPACITY))


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    try:
        rules.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EFAULT, errno.EDOM, errno.EOPNOTSUPP):
            raise  # these three: the call does not exist here, or libseccomp does not know it
