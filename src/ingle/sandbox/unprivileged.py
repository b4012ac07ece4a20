"""How the server, which parses what comes from the network, gives up root's rights.

It takes a user of its own and a root file system in which there is its own program, the system it
runs on, and the data folder. The warden, started before, keeps the rights that sandboxes need.
"""

import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

from ingle.runtimes.python import lock
from ingle.sandbox.mounts import (
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    make_folder,
    mount,
    pivot,
    show,
    show_system,
)

SERVER_ID = 1_879_048_191
"""The user and group that the server takes where the data folder is root's: 0x6fffffff, where no
machine has users of its own, next to those of the sandboxes."""
OWN_FOLDERS = ("/", "/tmp")  # noqa: S108
"""Folders that the server has of its own: of the machine's it sees folders in them, never all."""
_STATE = ("/run/systemd/resolve",)
"""Folders that files in /etc lead to."""


def server_owner(data_dir: Path) -> tuple[int, int] | None:
    """Return the user and group for the server to take; None where it is not root.

    They are those of the data folder or, where that is root's, of the folder that it is in; where
    both are root's, they are the server's own.
    """
    if os.geteuid() != 0:
        return None
    for folder in (data_dir, data_dir.parent):
        status = folder.stat()
        if status.st_uid != 0:
            return status.st_uid, status.st_gid
    return SERVER_ID, SERVER_ID


def give_up_root(
    data_dir: Path, staging: Path, owner: tuple[int, int], programs: Iterable[Path]
) -> None:
    """Leave the host's file system and take another user, for good.

    Must be called before there is a second thread, because a thread has file systems of its own.

    Args:
        data_dir: the data folder, already the owner's; what is written is written there.
        staging: an empty folder; it is mounted over, in a new mount namespace only.
        owner: the user and group to take.
        programs: folders with programs that it runs itself, or that it reads.

    Raises:
        OSError: a step failed.
    """
    lock.unshare(lock.CLONE_NEWNS)
    mount("", "/", "", MS_REC | MS_PRIVATE)
    root = str(staging)
    mount("ingle", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m")
    mount("ingle", make_folder(root, "tmp"), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    show_system(root)
    for folder in ("/etc", "/proc", "/dev", *filter(os.path.isdir, _STATE)):
        mount(folder, make_folder(root, folder), "", MS_BIND | MS_REC)
    for folder in _program_folders([*sys.path, *map(str, programs)]):
        if not Path(root + folder).exists():  # else it is part of what the system shows
            show(root, folder, folder)
    make_folder(root, "opt")  # for `pivot`; it may be shown by now
    for folder in {str(data_dir), os.path.realpath(data_dir)}:
        mount(str(data_dir), make_folder(root, folder), "", MS_BIND)
    pivot(root)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lock.drop_bounding_set(())
    lock.take_user(*owner)
    lock.bar_new_rights()


def _program_folders(search: Iterable[str]) -> list[str]:
    """The folders that this Python and its libraries are in, none below another."""
    named = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *search}
    folders = {path for each in named for path in (each, os.path.realpath(each))}
    kept: list[str] = []
    for folder in sorted(filter(os.path.isdir, folders.difference(OWN_FOLDERS))):
        if not any(Path(folder).is_relative_to(above) for above in kept):
            kept.append(folder)
    return kept
