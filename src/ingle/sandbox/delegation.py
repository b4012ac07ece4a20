"""Where a process may make control groups of version 2, and how they come to have limits.

A group hands controllers down to its children only where it has no process of its own, the root
excepted. So whoever was given a group with processes in it moves them to a group below first.

Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html (No Internal Process Constraint,
Delegation) and https://systemd.io/CGROUP_DELEGATION/
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

NEEDED = ("memory", "pids")
WANTED = ("cpu",)
LEAF = "ingle-server"
"""The group for the processes that were in a group that hands controllers down now."""
_MARKS = ("trusted.delegate", "user.delegate")
"""Extended attributes by which systemd tells that a group is delegated."""
_ROUNDS = 8


def find_parent(mount: Path, own: str, needed: Iterable[str] = NEEDED) -> Path | None:
    """Return the group in which this process may make groups that have limits, or None.

    That is its own group where that is delegated; else the nearest one above that hands the
    controllers down already, and in which it may make groups; else its own or the root, where it
    may change that.

    Args:
        mount: where the hierarchy is mounted.
        own: the path of this process's group in it.
        needed: the controllers.
    """
    controllers = set(needed)
    folder = mount / own.lstrip("/")
    if _is_delegated(folder) and _may_hand_down(folder, controllers):
        return folder
    for each in _lineage(mount, folder):
        if _may_make_groups(each) and controllers <= _words(each / "cgroup.subtree_control"):
            return each
    for each in (folder, mount):
        if _may_hand_down(each, controllers):
            return each
    return None


def hand_down(
    folder: Path, needed: Iterable[str] = NEEDED, wanted: Iterable[str] = WANTED
) -> set[str]:
    """Have the groups below a group get controllers; return those of the wanted that they get.

    Its own processes are moved to a group below it where they are in the way.

    Args:
        folder: the group's.
        needed: the controllers without which there are no limits.
        wanted: those that are good to have.

    Raises:
        OSError: the needed ones cannot be handed down.
    """
    control = folder / "cgroup.subtree_control"
    missing = [each for each in needed if each not in _words(control)]
    if missing:
        if (folder / "cgroup.type").exists():  # it is not the root
            _clear(folder)
        control.write_text(" ".join(f"+{each}" for each in missing))
    had = set()
    for each in wanted:
        with contextlib.suppress(OSError):  # it is not handed down to us
            control.write_text(f"+{each}")
            had.add(each)
    return had


def _clear(folder: Path) -> None:
    """Move a group's processes to one below; those that are being started meanwhile as well."""
    leaf = folder / LEAF
    for _ in range(_ROUNDS):
        processes = _words(folder / "cgroup.procs")
        if not processes:
            return
        leaf.mkdir(exist_ok=True)
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                (leaf / "cgroup.procs").write_text(pid)


def _lineage(mount: Path, folder: Path) -> Iterator[Path]:
    for each in (folder, *folder.parents):
        if each.is_relative_to(mount) and each.is_dir():
            yield each


def _is_delegated(folder: Path) -> bool:
    for name in _MARKS:
        try:
            if os.getxattr(folder, name) == b"1":
                return True
        except OSError:
            continue
    return False


def _may_make_groups(folder: Path) -> bool:
    # Who moves a process must be able to write to the group above both, where it was and where it
    # goes to.
    return os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)


def _may_hand_down(folder: Path, controllers: set[str]) -> bool:
    return (
        _may_make_groups(folder)
        and os.access(folder / "cgroup.subtree_control", os.W_OK)
        and controllers <= _words(folder / "cgroup.controllers")
    )


def _words(file: Path) -> set[str]:
    try:
        return set(file.read_text().split())
    except OSError:
        return set()
