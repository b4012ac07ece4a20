"""What a machine, and the user that Ingle runs as, can give sandboxes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Abilities:
    """What sandboxes get.

    Attributes:
        cgroup_version: 1 or 2; 0 where they have no control group and so no memory limit.
        privileged: a user id each, because the warden has root's rights rather than those in a user
            namespace.
        filtered: a filter of system calls.
        shares: processor time in proportion to their memory.
        freezes: a freezer, for when they are idle.
        snapshots: forks of an initialised function, in a user namespace of its own.
        disk: a /tmp on disk rather than in memory.
    """

    cgroup_version: int
    privileged: bool
    filtered: bool
    shares: bool
    freezes: bool
    snapshots: bool
    disk: bool
