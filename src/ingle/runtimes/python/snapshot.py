"""A snapshot: a process that has initialised a function, and forks the function's sandboxes.

It has run user code, so nothing that it says is believed beyond what concerns its own function. It
holds one right, over its own user namespace: to make empty namespaces for its forks. What goes into
these is put there by the zygote (`furnisher`), on the warden's order.
"""

from __future__ import annotations

import _socket
import contextlib
import os
import signal
import stat
import sys
import warnings

from . import carry, lock, packets

_OK = b"."


class Unsafe(Exception):
    """What the function left running cannot be carried over into its sandboxes."""


class Forker:
    """Forks the process that it is in, on the warden's order.

    Args:
        forks_fd: the socket to the warden.
        seccomp: a BPF program for the forks, or b"" for none.
    """

    def __init__(self, forks_fd: int, seccomp: bytes) -> None:
        self._warden = _socket.socket(fileno=forks_fd)
        self._seccomp = seccomp
        self._pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._pids: dict[int, int] = {}

    def serve(self) -> tuple[int, int] | None:
        """Fork and reap until the warden closes its end, which gives None.

        It returns once more in every fork that is ready for its invocations, with the descriptors
        of the socket to the server and of the log pipe.
        """
        on_child = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._warden.send(packets.REPORT.pack(packets.READY, 0, 0))
        while True:
            message, descriptors = packets.receive(self._warden)
            if not message:
                return None
            kind, slot = packets.FORK_ORDER.unpack(message)
            if kind == packets.REAP:
                self._reap(slot)
                continue
            try:
                pid = self._fork()
            except OSError as error:
                self._warden.send(packets.REPORT.pack(packets.FAILED, slot, error.errno or 0))
            else:
                if pid == 0:
                    self._warden.close()
                    os.close(self._pid_namespace)
                    signal.signal(signal.SIGCHLD, on_child)
                    return self._settle(*descriptors)
                self._pids[slot] = pid
            for each in descriptors:
                os.close(each)

    def _fork(self) -> int:
        # Only children enter a new pid namespace; joining our own again makes the next possible.
        lock.unshare(lock.CLONE_NEWPID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                lock.enter_namespace(self._pid_namespace, lock.CLONE_NEWPID)
        return pid

    def _reap(self, slot: int) -> None:
        pid = self._pids.pop(slot, None)
        if pid is None:
            return
        try:
            status = os.waitpid(pid, 0)[1]
        except ChildProcessError:  # a hook of the function was faster
            status = 0
        self._warden.send(packets.REPORT.pack(packets.ENDED, slot, status))

    def _settle(
        self, channel_fd: int, log_fd: int, handshake_fd: int, *groups: int
    ) -> tuple[int, int] | None:
        """Become a sandbox, in the fork."""
        lock.die_with_parent()
        for fd in groups:
            with contextlib.suppress(OSError):  # older kernels let only the warden do it
                os.write(fd, b"0")
            os.close(fd)
        lock.unshare(lock.NEW_FOR_FORKS)
        tmp = carry.open_tmp()
        handshake = _socket.socket(fileno=handshake_fd)
        handshake.send(_OK)  # the kernel tells the warden who we are
        if handshake.recv(1) != _OK:
            return None
        handshake.close()
        lock.unshare(lock.CLONE_NEWCGROUP)
        lock.drop_right_to_fork(self._seccomp)
        if tmp is not None:
            carry.copy_tmp(tmp)
        return channel_fd, log_fd


def check_alone() -> None:
    """Raise Unsafe where the function has started threads or processes that are still there."""
    names = _thread_names()
    if not names:
        _rehearse_fork()
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        named = f" ({', '.join(names)})" if names else ""
        raise Unsafe(
            f"the function has {threads} threads after its initialisation, and only one can be "
            f"carried over into its sandboxes{named}; start them in the handler or after the "
            "restore (register_after_restore)"
        )
    own = {1, os.getpid()}
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in own]
    running = [name for name in others if _is_running(name)]
    if running:
        raise Unsafe(
            f"the function has started {len(running)} other processes that are still running "
            "after its initialisation, and they cannot be carried over into its sandboxes; start "
            "them in the handler or after the restore (register_after_restore)"
        )


def hang_up() -> None:
    """End connections over the network: the forks would share them, and be in another network."""
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                continue
            sock = _socket.socket(fileno=os.dup(fd))
        except OSError:  # the folder's own, which is closed again
            continue
        if sock.family in (_socket.AF_INET, _socket.AF_INET6):
            with contextlib.suppress(OSError):  # it is not connected
                sock.shutdown(_socket.SHUT_RDWR)
        sock.close()


def _thread_names() -> list[str]:
    """The names of the threads that Python knows, but for this one's."""
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    own = threading.current_thread()
    return [each.name for each in threading.enumerate() if each is not own]


def _rehearse_fork() -> None:
    """Fork for nothing: libraries that are ready for it end their threads before a fork.

    OpenBLAS does, which numpy brings, and starts them again when they are needed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the threads are what we are about to look at
        pid = os.fork()
    if pid == 0:
        os._exit(0)
    with contextlib.suppress(ChildProcessError):  # the function has its children reaped
        os.waitpid(pid, 0)


def _is_running(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False  # it has ended
