"""Sets up the namespaces of a fork of a snapshot, which has no rights to do it itself.

It runs in a short-lived fork of the zygote, enters the new namespaces, and runs no user code there.
"""

from __future__ import annotations

import errno
import os
import signal

from . import endpoint, lock, network, packets


class Link:
    """How a fork is connected to the network.

    Args:
        router: what to connect it to, or None.
        slot: the fork's number.
        address: its IPv4 address, or NO_ADDRESS.
    """

    def __init__(self, router: network.Router | None, slot: int, address: bytes) -> None:
        self._router = router if address != packets.NO_ADDRESS else None
        self._slot = slot
        self._address = address
        self._way = None if self._router is None else self._router.approach()

    def make(self) -> None:
        """Connect the network that the caller is in now; raise OSError."""
        network.raise_loopback()
        if self._router is not None and self._way is not None:
            self._router.connect(self._way, self._slot, self._address)
            self._way.close()


def furnish(port: int, tmp_bytes: int, uid: int | None, link: Link, descriptors: list[int]) -> int:
    """Furnish the namespaces of a fork; return 0, or an errno as an exit status.

    Args:
        port: where the AWS endpoint is found.
        tmp_bytes: the size of a /tmp in memory; 0 where a mount of one comes along.
        uid: who owns a /tmp in memory; None for the caller.
        link: connects it to the network.
        descriptors: the socket to the server, the namespaces (mount, network, IPC, host name,
            process ids), and a detached mount for /tmp, if there is one.
    """
    signal.set_wakeup_fd(-1)  # it is the zygote's
    channel, mount, net, ipc, name, processes, *tmp = descriptors
    try:
        for fd, flag in (
            (net, lock.CLONE_NEWNET),
            (ipc, lock.CLONE_NEWIPC),
            (name, lock.CLONE_NEWUTS),
            (processes, lock.CLONE_NEWPID),
            (mount, lock.CLONE_NEWNS),
        ):
            lock.enter_namespace(fd, flag)
        lock.name_host()
        link.make()
        for each in tmp:
            lock.place_tmp(each)
        if tmp_bytes:
            lock.mount_tmp(tmp_bytes, uid)
        endpoint.offer(channel, port)
        return _mount_proc()
    except OSError as error:
        return (error.errno or errno.EIO) & 0xFF


def _mount_proc() -> int:
    """Mount /proc from inside the pid namespace, which only a child enters."""
    pid = os.fork()
    if pid == 0:
        try:
            lock.mount_proc()
        except OSError as error:
            os._exit((error.errno or errno.EIO) & 0xFF)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return status >> 8 if os.WIFEXITED(status) else errno.EIO
