"""What this machine can give sandboxes, and what follows where it cannot."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from ingle.runtimes.python import lock
from ingle.sandbox import cgroups, seccomp, warden


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that sandboxes need or can use.

    Attributes:
        name: what was looked for.
        ok: whether the machine has it.
        detail: what was found.
        consequence: what is weaker or impossible without it, and how to get it; "" when `ok`.
    """

    name: str
    ok: bool
    detail: str
    consequence: str = ""


def probe() -> list[Finding]:
    """Look at the machine with the rights of the calling process."""
    failure = _in_child(_try_namespaces)
    if failure:
        return [
            Finding(
                "sandboxes",
                False,
                failure,
                "functions cannot run; start Ingle as root, or let users make user namespaces "
                "(sysctl kernel.unprivileged_userns_clone=1, "
                "kernel.apparmor_restrict_unprivileged_userns=0)",
            )
        ]
    groups = cgroups.find()
    return [
        Finding("sandboxes", True, "mount, pid, ipc, uts, network and cgroup namespaces"),
        *findings(os.geteuid() == 0, 0 if groups is None else groups.version, _can_filter()),
    ]


def findings(privileged: bool, cgroup_version: int, filtered: bool) -> list[Finding]:
    """Say what the warden's rights, its control groups and its filter of system calls mean."""
    if privileged:
        rights = Finding("sandbox users", True, "every sandbox has a user id of its own")
    else:
        rights = Finding(
            "sandbox users",
            False,
            "Ingle does not run as root",
            "all sandboxes have your own user id, inside a user namespace; start Ingle as root "
            "to give each its own",
        )
    if cgroup_version:
        limits = Finding("memory limits", True, f"control groups, version {cgroup_version}")
    else:
        limits = Finding(
            "memory limits",
            False,
            "no control groups that Ingle may use",
            "a function's memory and number of processes are not limited; start Ingle as root, "
            "or in a control group that is delegated to you (systemd-run --user --scope "
            "-p Delegate=yes ingle serve)",
        )
    if filtered:
        calls = Finding("system calls", True, "filtered by seccomp")
    else:
        calls = Finding(
            "system calls",
            False,
            "libseccomp cannot be loaded",
            "functions may make every system call that an unprivileged process may; install it "
            "(Debian, Ubuntu: apt-get install libseccomp2)",
        )
    return [rights, limits, calls]


def _can_filter() -> bool:
    try:
        seccomp.compile_filter()
    except seccomp.SeccompUnavailable:
        return False
    return True


def _try_namespaces() -> None:
    warden.acquire_rights()
    lock.unshare(
        lock.CLONE_NEWPID
        | lock.CLONE_NEWNS
        | lock.CLONE_NEWIPC
        | lock.CLONE_NEWUTS
        | lock.CLONE_NEWNET
        | lock.CLONE_NEWCGROUP
    )


def _in_child(work: Callable[[], None]) -> str:
    """Run something in a process of its own; return "" or what went wrong."""
    read, write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            os.write(write, str(error).encode()[:4096])
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        failure = file.read().decode()
    os.waitpid(pid, 0)
    return failure
