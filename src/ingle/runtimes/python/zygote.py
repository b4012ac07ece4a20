"""The zygote of one interpreter: warm, small, and forked for every sandbox.

It listens to the warden on one socket (SOCK_SEQPACKET, a message a packet), forks on request, and
reports the ends of its children. It runs no user code and reads nothing that a user wrote.
"""

from __future__ import annotations

import array
import gc
import os
import select
import signal
import socket
import struct
import sys
import traceback

from . import bootstrap, frames, lock

SPAWN = struct.Struct("<IiIQH")
"""From the warden: id, uid (-1 keeps the user), most descriptors, bytes of /tmp and the length of
the code folder's name; then that name and the NUL-separated files of control groups. Two descriptors come
along: the channel and the log pipe."""
REPORT = struct.Struct("<BIi")
"""To the warden: kind, id, and a pid (FORKED), a wait status (ENDED) or an errno (FAILED)."""
FORKED, ENDED, FAILED = 1, 2, 3
SETUP_FAILED_STATUS = 70
_KEPT_CAPABILITIES = (
    1,  # DAC_OVERRIDE: to enter the operator's folders
    6,  # SETGID
    7,  # SETUID
    12,  # NET_ADMIN: to raise the loopback of a new network namespace
    21,  # SYS_ADMIN: to make namespaces and mounts
)


class Zygote:
    """Forks sandboxes for the warden at the other end of `control`."""

    def __init__(self, control: socket.socket, seccomp: bytes) -> None:
        self._control = control
        self._seccomp = seccomp
        self._children: dict[int, int] = {}
        self._pid_namespace = os.open("/.ingle/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Fork and reap until the warden closes its end."""
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        poller.register(self._wake, select.POLLIN)
        self._control.send(REPORT.pack(FORKED, 0, os.getpid()))
        while True:
            for fd, _ in poller.poll():
                if fd == self._wake:
                    os.read(fd, 4096)
                    self._reap()
                    continue
                message, descriptors = self._receive()
                if not message:
                    return
                self._spawn(message, descriptors)

    def _receive(self) -> tuple[bytes, list[int]]:
        descriptors = array.array("i")
        message, ancillary, _, _ = self._control.recvmsg(
            65536, socket.CMSG_SPACE(4 * descriptors.itemsize), socket.MSG_CMSG_CLOEXEC
        )
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        return message, list(descriptors)

    def _spawn(self, message: bytes, descriptors: list[int]) -> None:
        identity, uid, limit, tmp_bytes, code_length = SPAWN.unpack_from(message)
        rest = message[SPAWN.size :]
        code = rest[:code_length].decode("ascii")
        cgroups = [part.decode("ascii") for part in rest[code_length:].split(b"\0") if part]
        plan = lock.Plan(uid if uid >= 0 else None, code, tmp_bytes, cgroups, limit, self._seccomp)
        channel_fd, log_fd = descriptors
        try:
            pid = self._fork_into_pid_namespace()
        except OSError as error:
            self._control.send(REPORT.pack(FAILED, identity, error.errno or 0))
        else:
            if pid == 0:
                os._exit(_become_sandbox(plan, channel_fd, log_fd))
            self._children[pid] = identity
            self._control.send(REPORT.pack(FORKED, identity, pid))
        os.close(channel_fd)
        os.close(log_fd)

    def _fork_into_pid_namespace(self) -> int:
        # Only children enter a new pid namespace; joining our own again makes the next one possible.
        lock.unshare(lock.CLONE_NEWPID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                lock.enter_namespace(self._pid_namespace, lock.CLONE_NEWPID)
        return pid

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            identity = self._children.pop(pid, None)
            if identity is not None:
                self._control.send(REPORT.pack(ENDED, identity, status))


def _become_sandbox(plan: lock.Plan, channel_fd: int, log_fd: int) -> int:
    sock = socket.socket(fileno=channel_fd)
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _close_others(channel_fd, log_fd)
        lock.lock(plan)
    except BaseException as error:
        frames.Channel(sock).send(frames.SETUP_FAILED, str(error).encode("utf-8", "replace"))
        return SETUP_FAILED_STATUS
    try:
        return bootstrap.run(sock, log_fd)
    except EOFError:
        return 0
    except SystemExit as stop:
        return _exit_status(stop.code)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        bootstrap.flush()


def _close_others(*kept: int) -> None:
    start = 3
    for fd in sorted(kept):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, 1024)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write("%s\n" % (code,))
    return 1


def main() -> None:
    """Serve the warden whose socket is descriptor `argv[1]`, with the seccomp program `argv[2]`."""
    seccomp = b""
    if sys.argv[2]:
        with open(sys.argv[2], "rb") as file:
            seccomp = file.read()
    lock.drop_bounding_set(_KEPT_CAPABILITIES)
    zygote = Zygote(socket.socket(fileno=int(sys.argv[1])), seccomp)
    gc.collect()
    gc.disable()
    gc.freeze()
    zygote.serve()
