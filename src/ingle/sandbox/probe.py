"""What this machine can give sandboxes, and what follows where it cannot."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ingle.runtimes.python import lock
from ingle.sandbox import cgroups, networks, openfiles, seccomp
from ingle.sandbox.abilities import Abilities
from ingle.sandbox.outbound import Outbound
from ingle.sandbox.rights import acquire_rights, can_nest
from ingle.sandbox.scratch import Scratch, ScratchUnavailable
from ingle.sandbox.trials import try_in_child


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


def probe(network_range: str) -> list[Finding]:
    """Look at the machine with the rights of the calling process.

    Args:
        network_range: the IPv4 network that sandboxes would have their addresses from.
    """
    _, failure = try_in_child(_try_namespaces)
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
    return [
        Finding("sandboxes", True, "mount, pid, ipc, uts, network and cgroup namespaces"),
        *findings(_abilities(), _outbound(network_range)),
    ]


def findings(abilities: Abilities, outbound: Outbound) -> list[Finding]:
    """Say what it means for sandboxes that the machine can give them this."""
    return [
        _users(abilities.privileged),
        _memory(abilities.cgroup_version),
        _processors(abilities),
        _freezing(abilities),
        _temporary_files(abilities.disk),
        _snapshots(abilities.snapshots),
        _system_calls(abilities.filtered),
        *_network(outbound),
    ]


def open_files(most: int, wanted: int) -> Finding:
    """Say what it means that the server may have this many files open.

    Args:
        most: how many.
        wanted: how many sandboxes it should be able to have at a time.
    """
    enough = openfiles.sandboxes(most)
    if enough >= wanted:
        return Finding("open files", True, f"up to {most:,}")
    return Finding(
        "open files",
        False,
        f"up to {most:,}",
        f"at most {enough:,} invocations run at a time, not {wanted:,}; let Ingle open "
        f"{openfiles.needed(wanted):,} (ulimit -Hn; systemd: LimitNOFILE), or lower concurrency",
    )


def _users(privileged: bool) -> Finding:
    if privileged:
        return Finding("sandbox users", True, "every sandbox has a user id of its own")
    return Finding(
        "sandbox users",
        False,
        "Ingle does not run as root",
        "all sandboxes have your own user id, inside a user namespace; start Ingle as root "
        "to give each its own",
    )


def _memory(cgroup_version: int) -> Finding:
    if cgroup_version:
        return Finding("memory limits", True, f"control groups, version {cgroup_version}")
    return Finding(
        "memory limits",
        False,
        "no control groups that Ingle may use",
        "a function's memory and number of processes are not limited; start Ingle as root, "
        "or in a control group that is delegated to you (systemd-run --user --scope "
        "-p Delegate=yes ingle serve)",
    )


def _processors(abilities: Abilities) -> Finding:
    if abilities.shares:
        return Finding("processor shares", True, "in proportion to memory")
    return Finding(
        "processor shares",
        False,
        "no control groups of the cpu controller that Ingle may use",
        "a function's share of the processors does not depend on its memory; start Ingle as root, "
        "or have the cpu controller delegated to you (systemd: Delegate=cpu memory pids)",
    )


def _freezing(abilities: Abilities) -> Finding:
    if abilities.freezes:
        return Finding("freezing", True, "idle sandboxes are frozen")
    return Finding(
        "freezing",
        False,
        "no control groups of version 2 that Ingle may use",
        "background threads of idle sandboxes go on running; start Ingle as root on Linux 5.2 or "
        "later, with cgroup2 mounted",
    )


def _temporary_files(disk: bool) -> Finding:
    if disk:
        return Finding("temporary files", True, "kept on disk")
    return Finding(
        "temporary files",
        False,
        "no loop devices or no mkfs.ext4 that Ingle may use",
        "what a function writes to its /tmp is kept in memory and counts against its limit; start "
        "Ingle as root on Linux 5.8 or later, with e2fsprogs",
    )


def _snapshots(snapshots: bool) -> Finding:
    if snapshots:
        return Finding("snapshots", True, "versions with SnapStart start from snapshots")
    return Finding(
        "snapshots",
        False,
        "no user namespaces inside of sandboxes",
        "versions with SnapStart start as any others do; raise user.max_user_namespaces, and start "
        "Ingle as root",
    )


def _system_calls(filtered: bool) -> Finding:
    if filtered:
        return Finding("system calls", True, "filtered by seccomp")
    return Finding(
        "system calls",
        False,
        "libseccomp cannot be loaded",
        "functions may make every system call that an unprivileged process may; install it "
        "(Debian, Ubuntu: apt-get install libseccomp2)",
    )


def _network(outbound: Outbound) -> list[Finding]:
    weak = [
        Finding(each.name, False, each.detail, each.consequence) for each in outbound.weaknesses
    ]
    if outbound.on:
        return [Finding("outbound network", True, "what this machine reaches, by NAT"), *weak]
    return weak or [Finding("outbound network", True, "turned off")]


def _outbound(network_range: str) -> Outbound:
    packed, failure = try_in_child(lambda: networks.rehearse(network_range).pack())
    return networks.unavailable(failure) if failure else Outbound.unpack(packed)


def _abilities() -> Abilities:
    groups = cgroups.find()
    privileged = os.geteuid() == 0
    _, unnested = try_in_child(_try_nesting)
    return Abilities(
        cgroup_version=0 if groups is None else groups.version,
        privileged=privileged,
        filtered=_can_filter(),
        shares=groups is not None and groups.shares,
        freezes=groups is not None and groups.freezes,
        disk=privileged and _has_scratch(),
        snapshots=not unnested,
    )


def _has_scratch() -> bool:
    try:
        with tempfile.TemporaryDirectory() as folder:
            Scratch(Path(folder))
    except ScratchUnavailable:
        return False
    return True


def _can_filter() -> bool:
    try:
        seccomp.compile_filter()
    except seccomp.SeccompUnavailable:
        return False
    return True


def _try_nesting() -> None:
    acquire_rights()
    if not can_nest():
        raise OSError("no user namespaces")


def _try_namespaces() -> None:
    acquire_rights()
    lock.unshare(
        lock.CLONE_NEWPID
        | lock.CLONE_NEWNS
        | lock.CLONE_NEWIPC
        | lock.CLONE_NEWUTS
        | lock.CLONE_NEWNET
        | lock.CLONE_NEWCGROUP
    )
