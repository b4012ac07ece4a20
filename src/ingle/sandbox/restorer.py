"""The warden's side of snapshots: has them forked, and makes sandboxes of the forks.

A snapshot has run user code, so what it says is checked, or concerns nobody but its own function:
who a fork is, the kernel says; that it is a fork of this snapshot, its user namespace shows; its
namespaces are furnished by the zygote; and its end shows in its pidfd. Only how it ended is the
snapshot's word. A snapshot that says anything else, or nothing when it should, is ended.
"""

import contextlib
import os
import selectors
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ingle.runtimes.python import packets, pipes
from ingle.sandbox import cgroups, messages
from ingle.sandbox.scratch import Scratch
from ingle.sandbox.settings import Settings
from ingle.sandbox.slots import Keeper, Slot
from ingle.sandbox.zygotes import Zygote

HEADROOM_MB = 512
"""What a snapshot may use beyond its function's memory: page tables of its forks are charged to
it."""
_FORK_DEADLINE_S = 5.0
_REAP_DEADLINE_S = 1.0
_UNKNOWN_STATUS = 1 << 8
_OK = b"."
_CREDENTIALS = struct.Struct("iII")
_NAMESPACES = ("mnt", "net", "ipc", "uts", "pid")


class Warden(Protocol):
    """What becomes of the forks."""

    def take_ready(self, slot: Slot) -> None:
        """A fork is furnished."""
        ...

    def end(self, slot: Slot, status: int) -> None:
        """A fork has ended, with this wait status."""
        ...

    def give_up(self, slot: Slot, reason: str) -> None:
        """A fork could not be made."""
        ...

    def kill(self, slot: Slot) -> None:
        """End a sandbox."""
        ...


@dataclass(slots=True, eq=False)
class Snapshot(Keeper):
    """A sandbox that has initialised a function and is forked for others of it.

    Attributes:
        slot: its own.
        zygote: what it was forked of itself.
        request: what it was made for, and so are its forks.
        serving: whether it can be forked already.
    """

    slot: Slot = field(kw_only=True)
    zygote: Zygote = field(kw_only=True)
    request: messages.Spawn = field(kw_only=True)
    serving: bool = False


@dataclass(slots=True, eq=False)
class _Fork:
    """A fork of a snapshot.

    Attributes:
        slot: the sandbox that it becomes.
        snapshot: its parent.
        handshake: the socket on which it waits until it is furnished.
        channel: its own end of its channel, until it is furnished.
        files: by which it joins its control group.
        deadline: until when it must have got further; None while it lives its life.
        ended: whether it is gone and only its status is missing.
        watched: whether its pidfd is.
    """

    slot: Slot
    snapshot: Snapshot
    handshake: socket.socket | None
    channel: int | None
    files: list[str]
    deadline: float | None
    ended: bool = False
    watched: bool = False


class Restorer:
    """Makes sandboxes of snapshots.

    Args:
        warden: is told what becomes of them.
        selector: calls what it has as data.
        groups: makes control groups, where the machine has them.
        scratch: makes file systems for /tmp, where the machine can.
        settings: how sandboxes are made.
        privileged: whether sandboxes have users of their own.
    """

    def __init__(
        self,
        warden: Warden,
        selector: selectors.BaseSelector,
        groups: cgroups.Cgroups | None,
        scratch: Scratch | None,
        settings: Settings,
        privileged: bool,
    ) -> None:
        self._warden = warden
        self._selector = selector
        self._groups = groups
        self._scratch = scratch
        self._settings = settings
        self._privileged = privileged
        self._forks: dict[int, _Fork] = {}

    def adopt(self, snapshot: Snapshot) -> None:
        """Listen to a snapshot."""
        snapshot.sock.setblocking(False)
        self._listen(snapshot.sock, lambda: self._hear(snapshot))

    def release(self, snapshot: Snapshot) -> None:
        """Let go of a snapshot, whose forks are gone."""
        snapshot.serving = False
        self._ignore(snapshot.sock)
        snapshot.sock.close()

    def make(self, snapshot: Snapshot, slot: Slot) -> None:
        """Have a snapshot forked for a slot; raise OSError."""
        groups, request = self._groups, snapshot.request
        files: list[str] = []
        if groups:
            files = groups.create(slot.group, self._settings.processes)
            groups.limit(slot.group, request.memory_mb, quota=self._settings.quota)
        outer, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        handshake, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        handshake.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        handshake.setblocking(False)
        log_read, log_write = pipes.open_output()
        members = groups.open_members(files) if groups else []
        slot.ends = [outer.detach(), log_read]
        fork = _Fork(
            slot,
            snapshot,
            handshake,
            inner.detach(),
            files,
            time.monotonic() + _FORK_DEADLINE_S if snapshot.serving else None,
        )
        self._forks[slot.number] = fork
        self._listen(handshake, lambda: self._shake(fork))
        try:
            order = packets.FORK_ORDER.pack(packets.FORK, slot.number)
            given = [fork.channel or -1, log_write, theirs.fileno(), *members]
            socket.send_fds(snapshot.sock, [order], given)
        except OSError:
            self._distrust(snapshot)
            raise
        finally:
            theirs.close()
            for fd in (log_write, *members):
                os.close(fd)

    def furnished(self, slot: Slot) -> None:
        """Take a fork whose namespaces the zygote has set up."""
        fork = self._forks.get(slot.number)
        if fork is None or fork.handshake is None or slot.pidfd is None:
            return
        self._watch(fork)
        with contextlib.suppress(OSError):  # it has ended; its pidfd says so
            fork.handshake.send(_OK)
        self._close_handshake(fork)
        fork.deadline = None
        self._warden.take_ready(slot)

    def forget(self, slot: Slot) -> None:
        """Let go of a fork."""
        fork = self._forks.pop(slot.number, None)
        if fork is None:
            return
        self._close_handshake(fork)
        if fork.watched and slot.pidfd is not None:
            self._ignore(slot.pidfd)

    def overdue(self) -> bool:
        """End what has waited for too long; return whether anything is waited for."""
        now = time.monotonic()
        for fork in list(self._forks.values()):
            if fork.deadline is None or fork.deadline > now:
                continue
            if fork.ended:
                self._warden.end(fork.slot, _UNKNOWN_STATUS)
            else:
                self._warden.kill(fork.snapshot.slot)
                self._warden.give_up(fork.slot, "the snapshot does not make sandboxes")
        return any(fork.deadline is not None for fork in self._forks.values())

    def _hear(self, snapshot: Snapshot) -> None:
        try:
            data, fds = messages.receive(snapshot.sock)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        for fd in fds:
            os.close(fd)  # it has nothing to send
        if len(data) != packets.REPORT.size:
            self._distrust(snapshot)
            return
        kind, number, status = packets.REPORT.unpack(data)
        fork = self._forks.get(number)
        if kind == packets.READY and not snapshot.serving:
            self._start_serving(snapshot)
        elif fork is None and kind == packets.ENDED:
            return  # it was killed, and nobody waited for this
        elif fork is None or fork.snapshot is not snapshot:
            self._distrust(snapshot)
        elif kind == packets.ENDED and fork.ended:
            self._warden.end(fork.slot, status & 0xFFFF)
        elif kind == packets.FAILED and fork.handshake is not None:
            self._warden.give_up(fork.slot, f"the snapshot cannot fork: {os.strerror(status)}")
        else:
            self._distrust(snapshot)

    def _start_serving(self, snapshot: Snapshot) -> None:
        snapshot.serving = True
        if self._groups:
            memory_mb = snapshot.request.memory_mb + HEADROOM_MB
            self._groups.extend(snapshot.slot.group, memory_mb)
        deadline = time.monotonic() + _FORK_DEADLINE_S
        for number in snapshot.slots:
            fork = self._forks.get(number)
            if fork is not None:
                fork.deadline = deadline

    def _distrust(self, snapshot: Snapshot) -> None:
        """End a snapshot that is gone or broke the protocol; its forks end with it."""
        self._ignore(snapshot.sock)
        snapshot.serving = False
        self._warden.kill(snapshot.slot)

    def _shake(self, fork: _Fork) -> None:
        """Learn from the kernel who a fork is, and have it furnished."""
        handshake, slot = fork.handshake, fork.slot
        if handshake is None:
            return  # it was given up a moment ago
        self._ignore(handshake)
        try:
            slot.pidfd = self._identify(fork, _sender(handshake))
            self._furnish(fork)
        except (OSError, ValueError) as error:
            if slot.pidfd is not None:
                self._warden.kill(slot)
            self._warden.give_up(slot, f"a fork of a snapshot could not be made: {error}")

    def _identify(self, fork: _Fork, pid: int) -> int:
        """Return a pidfd of a fork; raise ValueError where it is none of its snapshot."""
        if pid <= 0 or fork.snapshot.slot.pidfd is None:
            raise ValueError("nobody knows who it is")
        pidfd = os.pidfd_open(pid)
        try:
            same = _user_namespace(pid) == _user_namespace(pid_of(fork.snapshot.slot.pidfd))
            signal.pidfd_send_signal(pidfd, 0)  # so it was the same process all the time
        except OSError:
            os.close(pidfd)
            raise
        if not same:
            os.close(pidfd)
            raise ValueError("it is not in the snapshot's user namespace")
        return pidfd

    def _furnish(self, fork: _Fork) -> None:
        slot, request = fork.slot, fork.snapshot.request
        if slot.pidfd is None or fork.channel is None:
            raise ValueError("it is furnished already")
        pid = pid_of(slot.pidfd)
        if self._groups:
            self._groups.join(slot.group, fork.files, pid)
        fds = [fork.channel]
        opened: list[int] = []
        try:
            for name in _NAMESPACES:
                namespace = f"/proc/{pid}/ns/{name}"
                opened.append(os.open(namespace, os.O_RDONLY | os.O_CLOEXEC))
            signal.pidfd_send_signal(slot.pidfd, 0)
            owner = slot.uid if self._privileged else None
            if self._scratch is not None:
                opened.append(self._scratch.mount(request.tmp_mb, owner))
            in_memory = 0 if self._scratch else request.tmp_mb * cgroups.MB
            uid = -1 if owner is None else owner
            head = packets.FURNISH_HEAD.pack(
                packets.FURNISH, slot.number, in_memory, uid, slot.packed_address
            )
            socket.send_fds(fork.snapshot.zygote.sock, [head], fds + opened)
        finally:
            for fd in opened:
                os.close(fd)

    def _watch(self, fork: _Fork) -> None:
        pidfd = fork.slot.pidfd
        if pidfd is not None:
            fork.watched = True
            self._listen(pidfd, lambda: self._ended(fork))

    def _ended(self, fork: _Fork) -> None:
        """Ask the snapshot how its fork ended."""
        slot = fork.slot
        if slot.pidfd is None:
            return  # it was given up a moment ago
        self._ignore(slot.pidfd)
        fork.watched = False
        fork.ended = True
        fork.deadline = time.monotonic() + _REAP_DEADLINE_S
        order = packets.FORK_ORDER.pack(packets.REAP, slot.number)
        try:
            fork.snapshot.sock.send(order)
        except OSError:
            self._distrust(fork.snapshot)

    def _close_handshake(self, fork: _Fork) -> None:
        if fork.handshake is not None:
            self._ignore(fork.handshake)
            fork.handshake.close()
            fork.handshake = None
        if fork.channel is not None:
            os.close(fork.channel)
            fork.channel = None

    def _listen(self, source: socket.socket | int, callback: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, callback)

    def _ignore(self, source: socket.socket | int) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it is ignored already
            self._selector.unregister(source)


def pid_of(pidfd: int) -> int:
    """Return the process that a pidfd stands for, as this process sees it; -1 when it is gone."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            return int(value)
    return -1


def _sender(handshake: socket.socket) -> int:
    """Return the pid of whoever sent the first packet, or 0."""
    space = socket.CMSG_SPACE(_CREDENTIALS.size)
    _, ancillary, _, _ = handshake.recvmsg(1, space, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(_CREDENTIALS.unpack(data)[0])
    return 0


def _user_namespace(pid: int) -> tuple[int, int]:
    found = os.stat(f"/proc/{pid}/ns/user")  # noqa: PTH116 - it leads to no path
    return found.st_dev, found.st_ino
