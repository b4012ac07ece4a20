"""The rights that the warden works with."""

import os
from pathlib import Path

from ingle.runtimes.python import lock
from ingle.sandbox.trials import try_in_child
from ingle.sandbox.users import FIRST_UID


def acquire_rights() -> bool:
    """Return True as root; enter a user namespace as its root and return False otherwise.

    Raises OSError where neither is to be had.
    """
    if os.geteuid() == 0:
        return True
    uid, gid = os.geteuid(), os.getegid()
    lock.unshare(lock.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    return False


def enter_pid_namespace() -> None:
    """Go on as the first process of a pid namespace that belongs to our user namespace.

    A zygote returns to its own pid namespace after every fork, which takes rights over it.
    """
    lock.unshare(lock.CLONE_NEWPID)
    pid = os.fork()
    if pid != 0:
        lock.close_from(3)  # others wait for the ends of what the zygote has
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    lock.die_with_parent()


def can_nest() -> bool:
    """Whether sandboxes can have user namespaces of their own, with the rights that we have."""
    uid = FIRST_UID if os.geteuid() == 0 and _maps_everybody() else None
    _, failure = try_in_child(lambda: lock.nest(uid))
    return not failure


def _maps_everybody() -> bool:
    """Whether this user namespace has the users that sandboxes take."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= FIRST_UID < first + count:
            return True
    return False
