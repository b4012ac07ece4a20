"""The filter of system calls that every sandbox gets; the list is in data/syscalls.toml.

It is compiled once, by libseccomp, and installed by each sandbox after it has dropped its rights.
"""

import errno
import tempfile
import tomllib
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data") / "syscalls.toml"
_ALLOWED = ("files", "memory", "processes", "time", "waiting", "sockets", "ipc", "other")
_NEW_NAMESPACES = 0x7E020000
"""All CLONE_NEW* flags of clone; https://man7.org/linux/man-pages/man2/clone.2.html"""
_BINARY_TREE = 2


class SeccompUnavailable(Exception):
    """The machine has no libseccomp, or one that cannot do it; the message says which."""


def compile_filter() -> bytes:
    """Return the filter as a BPF program for `prctl(PR_SET_SECCOMP)`.

    Raises:
        SeccompUnavailable: libseccomp is missing or failed.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SeccompUnavailable(f"libseccomp cannot be loaded: {error}") from error
    data = tomllib.loads(_DATA.read_text("utf-8"))
    try:
        return _compile(pyseccomp, data)
    except OSError as error:
        raise SeccompUnavailable(f"libseccomp failed: {error}") from error


def _compile(seccomp: Any, data: dict[str, Any]) -> bytes:
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    for group in _ALLOWED:
        for name in data[group]:
            _add(rules, seccomp.ALLOW, name)
    for name in data["refused"]:
        _add(rules, seccomp.ERRNO(errno.EPERM), name)
    # clone3 hides its flags behind a pointer; without it, the C library uses clone.
    plain = seccomp.Arg(0, seccomp.MASKED_EQ, _NEW_NAMESPACES, 0)
    _add(rules, seccomp.ALLOW, "clone", plain)
    for family in data["socket_families"]:
        _add(rules, seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, family))
    for value in data["personalities"]:
        _add(rules, seccomp.ALLOW, "personality", seccomp.Arg(0, seccomp.EQ, value))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    try:
        rules.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EFAULT, errno.EDOM, errno.EOPNOTSUPP):
            raise  # these three: the call does not exist here, or libseccomp does not know it
