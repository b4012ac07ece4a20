"""Removes the server's control groups when the warden did not live to do it.

The kernel ends processes, mounts, namespaces and links with whoever has them; control groups are
folders, and stay.
"""

import os
import time

from ingle.sandbox.cgroups import Cgroups

_ATTEMPTS = 100
_PAUSE_S = 0.1
"""Between two attempts: a group cannot be removed before its last process has ended."""
_FAILED_STATUS = 70


class Sweeper:
    """A process that does nothing until this is closed or the process that made it has ended.

    Args:
        cgroups: what is to be removed then.
    """

    def __init__(self, cgroups: Cgroups) -> None:
        read, self._write = os.pipe2(os.O_CLOEXEC)
        self._process = os.fork()
        if self._process == 0:
            status = _FAILED_STATUS
            try:
                _sweep(read, cgroups)
                status = 0
            finally:
                os._exit(status)
        os.close(read)

    def close(self) -> None:
        """Have the groups removed now, and wait for that."""
        os.close(self._write)
        os.waitpid(self._process, 0)


def _sweep(until: int, cgroups: Cgroups) -> None:
    os.setsid()  # what ends the warden's process group leaves this to do its work
    os.dup2(until, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    os.read(3, 1)
    for _ in range(_ATTEMPTS):
        cgroups.close()
        if not any(folder.exists() for folder in cgroups.binds.values()):
            return
        time.sleep(_PAUSE_S)
