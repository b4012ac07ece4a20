"""The zygote of one interpreter: warm, small, and forked for every sandbox.

It listens to the warden on one socket (SOCK_SEQPACKET, a message a packet), forks on request, and
reports the ends of its children. It runs no user code and reads nothing that a user wrote.
"""

from __future__ import annotations

import _socket
import gc
import json
import os
import select
import signal
import struct
import sys
import traceback

from . import bootstrap, frames, launcher, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SPAWN = struct.Struct("<IiIQH")
"""From the warden: id, uid (-1 keeps the user), most descriptors, bytes of /tmp and the length of
the code folder's name; then that name and the NUL-separated files of control groups. Two
descriptors come along: the channel and the log pipe."""
REPORT = struct.Struct("<BIi")
"""To the warden: kind, id, and 0 (FORKED), a wait status (ENDED) or an errno (FAILED). A pidfd
comes along with FORKED, because pids mean something else in another namespace."""
FORKED, ENDED, FAILED = 1, 2, 3
_DESCRIPTOR = struct.Struct("i")
MSG_CMSG_CLOEXEC = 0x40000000
SETUP_FAILED_STATUS = 70
SPARES = 2
"""Children that wait with namespaces of their own, so that a cold start need not make them."""
QUIET_MS = 3
"""Spares are made when nothing was asked for this long, not in the middle of a burst."""
_KEPT_CAPABILITIES = (
    1,  # DAC_OVERRIDE: to enter the operator's folders
    6,  # SETGID
    7,  # SETUID
    12,  # NET_ADMIN: to raise the loopback of a new network namespace
    21,  # SYS_ADMIN: to make namespaces and mounts
)


class Spare:
    """A child that has its namespaces already and waits to be told what to be."""

    def __init__(self, pid: int, sock: _socket.socket) -> None:
        self.pid = pid
        self.sock = sock


class Zygote:
    """Forks sandboxes for the warden at the other end of `control`."""

    def __init__(
        self,
        control: _socket.socket,
        seccomp: bytes,
        runtime: bootstrap.Runtime | launcher.Launcher,
    ) -> None:
        self._control = control
        self._runtime = runtime
        self._seccomp = seccomp
        self._children: dict[int, int] = {}
        self._spares: list[Spare] = []
        self._spares_wanted = SPARES
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
        self._control.send(REPORT.pack(FORKED, 0, 0))
        while True:
            short = len(self._spares) < self._spares_wanted
            events = poller.poll(QUIET_MS if short else None)
            if short and not events:
                self._add_spare()
            for fd, _ in events:
                if fd == self._wake:
                    os.read(fd, 4096)
                    self._reap()
                    continue
                message, descriptors = _receive(self._control)
                if not message:
                    return
                self._spawn(message, descriptors)

    def _spawn(self, message: bytes, descriptors: list[int]) -> None:
        identity = SPAWN.unpack_from(message)[0]
        try:
            pid = self._hand_to_spare(message, descriptors)
            if pid is None:
                pid = self._fork_into_pid_namespace()
        except OSError as error:
            self._control.send(REPORT.pack(FAILED, identity, error.errno or 0))
        else:
            if pid == 0:
                os._exit(self._become_sandbox(lambda: (message, descriptors), descriptors))
            self._children[pid] = identity
            pidfd = lock.open_pidfd(pid)
            _send(self._control, REPORT.pack(FORKED, identity, 0), [pidfd])
            os.close(pidfd)
        for fd in descriptors:
            os.close(fd)
        self._spares_wanted = SPARES

    def _hand_to_spare(self, message: bytes, descriptors: list[int]) -> int | None:
        while self._spares:
            spare = self._spares.pop(0)
            try:
                _send(spare.sock, message, descriptors)
            except OSError:  # it died while it waited
                continue
            finally:
                spare.sock.close()
            return spare.pid
        return None

    def _add_spare(self) -> None:
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        try:
            pid = self._fork_into_pid_namespace()
        except OSError:
            self._spares_wanted = 0  # whoever is asked for next is told why
            ours.close()
            theirs.close()
            return
        if pid == 0:
            os._exit(self._become_sandbox(lambda: _receive(theirs), [theirs.fileno()]))
        theirs.close()
        self._spares.append(Spare(pid, ours))

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

    def _reap(self) -> None:
        while self._children or self._spares:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            identity = self._children.pop(pid, None)
            if identity is not None:
                self._control.send(REPORT.pack(ENDED, identity, status))
                continue
            for spare in self._spares:
                if spare.pid == pid:
                    self._spares.remove(spare)
                    spare.sock.close()
                    self._spares_wanted = 0  # whoever is asked for next is told why
                    break

    def _become_sandbox(
        self, receive: Callable[[], tuple[bytes, list[int]]], kept: list[int]
    ) -> int:
        channel_fd = -1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _close_others(*kept)
            failure = _attempt(lock.isolate)
            message, descriptors = receive()
            if not message:
                return 0
            channel_fd, log_fd = descriptors
            _close_others(channel_fd, log_fd)
            if failure is not None:
                raise failure
            lock.lock(self._plan(message))
        except BaseException as error:
            if channel_fd >= 0:
                text = str(error).encode("utf-8", "replace")
                frames.Channel(channel_fd).send(frames.SETUP_FAILED, text)
            return SETUP_FAILED_STATUS
        try:
            return self._runtime.run(channel_fd, log_fd)
        except EOFError:
            return 0
        except SystemExit as stop:
            return _exit_status(stop.code)
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            bootstrap.flush()

    def _plan(self, message: bytes) -> lock.Plan:
        _, uid, limit, tmp_bytes, code_length = SPAWN.unpack_from(message)
        rest = message[SPAWN.size :]
        code = rest[:code_length].decode("ascii")
        cgroups = [part.decode("ascii") for part in rest[code_length:].split(b"\0") if part]
        return lock.Plan(uid if uid >= 0 else None, code, tmp_bytes, cgroups, limit, self._seccomp)


def _attempt(work: Callable[[], None]) -> BaseException | None:
    try:
        work()
    except BaseException as error:
        return error
    return None


def _send(sock: _socket.socket, message: bytes, descriptors: list[int]) -> None:
    ancillary = b"".join([_DESCRIPTOR.pack(fd) for fd in descriptors])
    sock.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, ancillary)])


def _receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    descriptors: list[int] = []
    message, ancillary, _, _ = sock.recvmsg(
        65536, _socket.CMSG_SPACE(4 * _DESCRIPTOR.size), MSG_CMSG_CLOEXEC
    )
    for level, kind, data in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            whole = data[: len(data) - len(data) % _DESCRIPTOR.size]
            descriptors += [fd for (fd,) in _DESCRIPTOR.iter_unpack(whole)]
    return message, descriptors


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
    sys.stderr.write(f"{code}\n")
    return 1


def main() -> None:
    """Serve the warden.

    The arguments are the descriptor of the warden's socket, the one that holds the seccomp program,
    and, as JSON, what to launch: null for Python functions.
    """
    _, control, filter_fd, launch = sys.argv
    with os.fdopen(int(filter_fd), "rb") as file:
        seccomp = file.read()
    lock.drop_bounding_set(_KEPT_CAPABILITIES)
    program = json.loads(launch)
    runtime: bootstrap.Runtime | launcher.Launcher
    if program is None:
        runtime = bootstrap.Runtime()
    else:
        runtime = launcher.Launcher(program["arguments"], program["environment"], program["http"])
    zygote = Zygote(_socket.socket(fileno=int(control)), seccomp, runtime)
    gc.collect()
    gc.disable()
    lock.trim_heap()
    gc.freeze()
    zygote.serve()
