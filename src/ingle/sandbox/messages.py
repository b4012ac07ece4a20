"""The fixed binary protocol between the server and the warden: a message a packet.

Descriptors travel beside a message: the sandbox's ends of its channel and log pipe with SPAWN, a
descriptor of the control group's peak memory with STARTED where there is one.
"""

import array
import socket
import struct
from dataclasses import dataclass

PREPARE, SPAWN, KILL = 1, 2, 3
STARTED, ENDED, FAILED, HELLO = 1, 2, 3, 4

_PREPARE = struct.Struct("<BH")
_SPAWN = struct.Struct("<BIIIHHH")
_KILL = struct.Struct("<BI")
_STARTED = struct.Struct("<BIi")
_ENDED = struct.Struct("<BIiBQ")
_FAILED = struct.Struct("<BI")
_HELLO = struct.Struct("<BBBB")

MAX_MESSAGE = 4096
"""Bytes; nothing that users write at length goes through the warden."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Have this runtime's zygote ready."""

    runtime: str

    def pack(self) -> bytes:
        name = self.runtime.encode()
        return _PREPARE.pack(PREPARE, len(name)) + name


@dataclass(frozen=True, slots=True)
class Spawn:
    """Make a sandbox.

    Attributes:
        identity: the server's number for it.
        runtime: whose zygote to fork.
        code: the name of the package's folder below the code folder.
        memory_mb: the control group's limit.
        tmp_mb: the size of /tmp.
        descriptors: the most open files.
    """

    identity: int
    runtime: str
    code: str
    memory_mb: int
    tmp_mb: int
    descriptors: int

    def pack(self) -> bytes:
        runtime, code = self.runtime.encode(), self.code.encode()
        head = _SPAWN.pack(
            SPAWN,
            self.identity,
            self.memory_mb,
            self.tmp_mb,
            self.descriptors,
            len(runtime),
            len(code),
        )
        return head + runtime + code


@dataclass(frozen=True, slots=True)
class Kill:
    """End a sandbox and everything in it."""

    identity: int

    def pack(self) -> bytes:
        return _KILL.pack(KILL, self.identity)


@dataclass(frozen=True, slots=True)
class Started:
    """The sandbox's process exists."""

    identity: int
    pid: int

    def pack(self) -> bytes:
        return _STARTED.pack(STARTED, self.identity, self.pid)


@dataclass(frozen=True, slots=True)
class Ended:
    """The sandbox is gone.

    Attributes:
        status: the wait status of its first process.
        out_of_memory: whether the kernel killed for lack of memory in it.
        peak: the most memory it used, in bytes; 0 where it is not measured.
    """

    identity: int
    status: int
    out_of_memory: bool
    peak: int

    def pack(self) -> bytes:
        return _ENDED.pack(ENDED, self.identity, self.status, self.out_of_memory, self.peak)


@dataclass(frozen=True, slots=True)
class Failed:
    """The sandbox could not be made."""

    identity: int
    reason: str

    def pack(self) -> bytes:
        return _FAILED.pack(FAILED, self.identity) + self.reason.encode()[:1024]


@dataclass(frozen=True, slots=True)
class Hello:
    """The warden is ready.

    Attributes:
        privileged: whether it has root's rights rather than a user namespace's.
        cgroup_version: 1 or 2; 0 where sandboxes get no control group.
        filtered: whether sandboxes get a filter of system calls.
    """

    privileged: bool
    cgroup_version: int
    filtered: bool

    def pack(self) -> bytes:
        return _HELLO.pack(HELLO, self.privileged, self.cgroup_version, self.filtered)


def unpack_request(data: bytes) -> Prepare | Spawn | Kill:
    """Read a message to the warden; raise ValueError when it is none."""
    try:
        if data[0] == SPAWN:
            _, identity, memory_mb, tmp_mb, descriptors, runtime, code = _SPAWN.unpack_from(data)
            middle = _SPAWN.size + runtime
            return Spawn(
                identity,
                data[_SPAWN.size : middle].decode("ascii"),
                data[middle : middle + code].decode("ascii"),
                memory_mb,
                tmp_mb,
                descriptors,
            )
        if data[0] == KILL:
            return Kill(_KILL.unpack(data)[1])
        if data[0] == PREPARE:
            _, length = _PREPARE.unpack_from(data)
            return Prepare(data[_PREPARE.size : _PREPARE.size + length].decode("ascii"))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"a malformed message: {error}") from error
    raise ValueError(f"unknown message {data[0]}")


def unpack_report(data: bytes) -> Started | Ended | Failed | Hello:
    """Read a message from the warden; raise ValueError when it is none."""
    try:
        if data[0] == STARTED:
            return Started(*_STARTED.unpack(data)[1:])
        if data[0] == ENDED:
            _, identity, status, out_of_memory, peak = _ENDED.unpack(data)
            return Ended(identity, status, bool(out_of_memory), peak)
        if data[0] == FAILED:
            return Failed(_FAILED.unpack_from(data)[1], data[_FAILED.size :].decode("utf-8"))
        if data[0] == HELLO:
            _, privileged, cgroup_version, filtered = _HELLO.unpack(data)
            return Hello(bool(privileged), cgroup_version, bool(filtered))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"a malformed message: {error}") from error
    raise ValueError(f"unknown message {data[0]}")


def receive(sock: socket.socket) -> tuple[bytes, list[int]]:
    """Read one packet and its descriptors; b"" when the other side is gone."""
    fds = array.array("i")
    data, ancillary, _, _ = sock.recvmsg(
        MAX_MESSAGE, socket.CMSG_SPACE(4 * fds.itemsize), socket.MSG_CMSG_CLOEXEC
    )
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    return data, list(fds)


def send(sock: socket.socket, data: bytes, fds: tuple[int, ...] = ()) -> None:
    """Send one packet with these descriptors."""
    if fds:
        socket.send_fds(sock, [data], fds)
    else:
        sock.send(data)
