"""The zygote of one interpreter: warm, small, and forked for every sandbox.

It hears the warden on one socket (`ingle_runtime.packets`), forks on request, and reports the ends
of its children. It runs no user code and reads nothing that a user wrote.

Only the standard library's C modules are imported here: `socket` alone would cost every sandbox
half a megabyte of its own.
"""

from __future__ import annotations

import _socket
import gc
import json
import os
import select
import signal
import sys

from . import bootstrap, furnisher, launcher, lock, network, packets, pipes
from .child import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEPT_CAPABILITIES = (
    1,  # DAC_OVERRIDE: to enter the operator's folders
    6,  # SETGID
    7,  # SETUID
    10,  # NET_BIND_SERVICE: to await calls of the AWS endpoint at the server's own port
    12,  # NET_ADMIN: to connect a new network namespace
    18,  # SYS_CHROOT: to enter the mount namespace of a fork of a snapshot
    21,  # SYS_ADMIN: to make namespaces and mounts
)


class Zygote:
    """Forks sandboxes for the warden at the other end of `control`.

    Args:
        control: the socket to the warden.
        child: what every fork becomes.
    """

    def __init__(self, control: _socket.socket, child: Child) -> None:
        self._control = control
        self._child = child
        self._slots: dict[int, int] = {}
        self._sockets: dict[int, _socket.socket] = {}
        self._by_socket: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self._furnishers: dict[int, int] = {}
        self._pid_namespace = os.open("/.ingle/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._poller = select.poll()
        self._wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Fork and reap until the warden closes its end."""
        self._poller.register(self._control, select.POLLIN)
        self._poller.register(self._wake, select.POLLIN)
        while True:
            for fd, _ in self._poller.poll():
                if fd == self._wake:
                    os.read(fd, 4096)
                    self._reap()
                elif fd in self._by_socket:
                    self._hear(self._by_socket[fd])
                elif fd == self._control.fileno():
                    message, descriptors = packets.receive(self._control)
                    if not message:
                        return
                    self._obey(message, descriptors)
                    for each in descriptors:
                        os.close(each)

    def _obey(self, message: bytes, descriptors: list[int]) -> None:
        if message[0] == packets.MAKE:
            _, slot, uid, address = packets.MAKE_HEAD.unpack_from(message)
            groups = message[packets.MAKE_HEAD.size :].decode("ascii")
            try:
                files = [each for each in groups.split("\0") if each]
                self._make(slot, uid, address, files, descriptors)
            except OSError as error:
                self._control.send(packets.REPORT.pack(packets.FAILED, slot, error.errno or 0))
            return
        if message[0] == packets.FURNISH:
            try:
                self._furnish(message, descriptors)
            except OSError as error:
                slot = packets.FURNISH_HEAD.unpack_from(message)[1]
                self._control.send(packets.REPORT.pack(packets.FAILED, slot, error.errno or 0))
            return
        sock = self._sockets.get(packets.ASSIGN_HEAD.unpack_from(message)[1])
        if sock is not None:
            try:
                packets.send(sock, message, descriptors)
            except OSError:
                return  # it has ended, and the warden will hear of it

    def _make(
        self, slot: int, uid: int, address: bytes, groups: list[str], descriptors: list[int]
    ) -> None:
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        outer, inner = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        log_read, log_write = pipes.open_output()
        pid = -1
        try:
            pid = self._fork_into_pid_namespace()
            if pid == 0:
                os._exit(
                    self._child.run(
                        theirs.detach(),
                        inner.detach(),
                        log_write,
                        uid if uid >= 0 else None,
                        slot,
                        address,
                        groups,
                        descriptors,
                    )
                )
            pidfd = lock.open_pidfd(pid)
            self._slots[pid] = slot
            self._sockets[slot] = ours
            self._by_socket[ours.fileno()] = slot
            self._poller.register(ours, select.POLLIN)
            packets.send(
                self._control,
                packets.REPORT.pack(packets.READY, slot, 0),
                [pidfd, outer.fileno(), log_read],
            )
            os.close(pidfd)
        finally:
            if pid < 0:
                ours.close()
            for sock in (theirs, outer, inner):
                sock.close()
            os.close(log_read)
            os.close(log_write)

    def _furnish(self, message: bytes, descriptors: list[int]) -> None:
        """Have a process of ours set up a fork of a snapshot, which must not do it itself."""
        _, slot, tmp_bytes, uid, address = packets.FURNISH_HEAD.unpack_from(message)
        owner = uid if uid >= 0 else None
        pid = os.fork()
        if pid == 0:
            link = furnisher.Link(self._child.router, slot, address)
            os._exit(furnisher.furnish(self._child.port, tmp_bytes, owner, link, descriptors))
        self._furnishers[pid] = slot

    def _fork_into_pid_namespace(self) -> int:
        # Only children enter a new pid namespace; joining our own again makes the next possible.
        lock.unshare(lock.CLONE_NEWPID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                lock.enter_namespace(self._pid_namespace, lock.CLONE_NEWPID)
        return pid

    def _hear(self, slot: int) -> None:
        sock = self._sockets[slot]
        try:
            message = sock.recv(packets.STATUS.size)
        except OSError:
            message = b""
        if len(message) == packets.STATUS.size:
            self._statuses[slot] = packets.STATUS.unpack(message)[0]
        elif message:
            self._control.send(packets.REPORT.pack(packets.ASSIGNED, slot, 0))
        else:
            self._forget_socket(slot)

    def _forget_socket(self, slot: int) -> None:
        sock = self._sockets.pop(slot, None)
        if sock is not None:
            self._poller.unregister(sock)
            del self._by_socket[sock.fileno()]
            sock.close()

    def _reap(self) -> None:
        while self._slots or self._furnishers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            furnished = self._furnishers.pop(pid, None)
            if furnished is not None:
                kind = packets.FAILED if status else packets.FURNISHED
                self._control.send(packets.REPORT.pack(kind, furnished, status >> 8))
                continue
            slot = self._slots.pop(pid, None)
            if slot is None:
                continue
            while slot in self._sockets:
                self._hear(slot)
            status = self._statuses.pop(slot, status)
            self._control.send(packets.REPORT.pack(packets.ENDED, slot, status))


def main() -> None:
    """Serve the warden.

    The arguments are the descriptor of the warden's socket, those that hold the seccomp programs of
    sandboxes and of snapshots, and, as JSON, `descriptors`, the most open files of a sandbox,
    `port`, where sandboxes find the AWS endpoint, `cabling`, how they are connected to the network,
    or null, and `launch`, what they become: null for Python functions.
    """
    _, control, filter_fd, forking_filter_fd, told = sys.argv
    with os.fdopen(int(filter_fd), "rb") as file:
        seccomp = file.read()
    with os.fdopen(int(forking_filter_fd), "rb") as file:
        forking_seccomp = file.read()
    lock.drop_bounding_set(_KEPT_CAPABILITIES)
    settings: dict[str, Any] = json.loads(told)
    runtime: bootstrap.Runtime | launcher.Launcher
    launch = settings["launch"]
    if launch is None:
        runtime = bootstrap.Runtime()
    else:
        runtime = launcher.Launcher(
            launch["arguments"],
            launch["environment"],
            launch["http"],
            launch["anonymous"],
            launch["image"],
        )
    cabling = settings["cabling"]
    router = None if cabling is None else network.Router(**cabling)
    child = Child(
        runtime, settings["descriptors"], settings["port"], seccomp, forking_seccomp, router
    )
    zygote = Zygote(_socket.socket(fileno=int(control)), child)
    gc.collect()
    gc.disable()
    lock.trim_heap()
    gc.freeze()
    zygote.serve()
