"""The fixed binary protocol between the server and the warden: a message a packet.

Descriptors travel beside STARTED: the server's ends of the sandbox's channel and log pipe, then,
where the machine has them, the control group's files of its peak memory and of its freezer. Beside
HELLO, where memory is limited: the files of the memory that all of them use, and of what for.
"""

import array
import socket
import struct
from dataclasses import astuple, dataclass

from ingle.sandbox.abilities import Abilities
from ingle.sandbox.outbound import Outbound

PREPARE, SPAWN, KILL = 1, 2, 3
STARTED, ENDED, FAILED, HELLO = 1, 2, 3, 4

_PREPARE = struct.Struct("<BH")
_SPAWN = struct.Struct("<BIIIBIHHHHH")
_KILL = struct.Struct("<BI")
_STARTED = struct.Struct("<BIiBB")
_ENDED = struct.Struct("<BIiBQ")
_FAILED = struct.Struct("<BIB")
_HELLO = struct.Struct("<BQBBBBBBB")

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
        layers: the name of the layers' folder there, or "".
        memory_mb: the control group's limit, to which its share of the processors is in proportion.
        tmp_mb: the size of /tmp.
        snapshot: whether it is to become a snapshot, of which others are forked.
        source: the identity of the snapshot to fork, whose runtime, code and sizes it has; 0 for
            none.
        file_system: the ARN of the access point whose folder it mounts, or "".
        place: where it mounts that, or "".
    """

    identity: int
    runtime: str
    code: str
    layers: str
    memory_mb: int
    tmp_mb: int
    snapshot: bool = False
    source: int = 0
    file_system: str = ""
    place: str = ""

    def pack(self) -> bytes:
        texts = (self.runtime, self.code, self.layers, self.file_system, self.place)
        names = [each.encode() for each in texts]
        sizes = (self.memory_mb, self.tmp_mb, self.snapshot, self.source)
        head = _SPAWN.pack(SPAWN, self.identity, *sizes, *map(len, names))
        return head + b"".join(names)


@dataclass(frozen=True, slots=True)
class Kill:
    """End a sandbox and everything in it."""

    identity: int

    def pack(self) -> bytes:
        return _KILL.pack(KILL, self.identity)


@dataclass(frozen=True, slots=True)
class Started:
    """The sandbox's process exists, and its channel takes frames.

    Attributes:
        measured: whether a descriptor of its peak memory came along.
        freezable: whether one of its freezer did.
    """

    identity: int
    pid: int
    measured: bool
    freezable: bool

    def pack(self) -> bytes:
        return _STARTED.pack(STARTED, self.identity, self.pid, self.measured, self.freezable)


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
    """The sandbox could not be made.

    Attributes:
        reason: why.
        unmounted: whether it is its file system that could not be mounted.
    """

    identity: int
    reason: str
    unmounted: bool = False

    def pack(self) -> bytes:
        return _FAILED.pack(FAILED, self.identity, self.unmounted) + self.reason.encode()[:1024]


@dataclass(frozen=True, slots=True)
class Hello:
    """The warden is ready.

    Attributes:
        abilities: what it can give sandboxes on this machine.
        outbound: what they reach of the network.
        memory: the most that all of them may use together, in bytes; 0 for no limit.
    """

    abilities: Abilities
    outbound: Outbound
    memory: int = 0

    def pack(self) -> bytes:
        head = _HELLO.pack(HELLO, self.memory, *astuple(self.abilities))
        return head + self.outbound.pack()


def unpack_request(data: bytes) -> Prepare | Spawn | Kill:
    """Read a message to the warden; raise ValueError when it is none."""
    try:
        if data[0] == SPAWN:
            _, identity, memory_mb, tmp_mb, snapshot, source, *lengths = _SPAWN.unpack_from(data)
            text = data[_SPAWN.size :].decode("ascii")
            names, start = [], 0
            for length in lengths:
                names.append(text[start : start + length])
                start += length
            runtime, code, layers, file_system, place = names
            return Spawn(
                identity,
                runtime,
                code,
                layers,
                memory_mb,
                tmp_mb,
                bool(snapshot),
                source,
                file_system,
                place,
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
            _, identity, pid, measured, freezable = _STARTED.unpack(data)
            return Started(identity, pid, bool(measured), bool(freezable))
        if data[0] == ENDED:
            _, identity, status, out_of_memory, peak = _ENDED.unpack(data)
            return Ended(identity, status, bool(out_of_memory), peak)
        if data[0] == FAILED:
            _, identity, unmounted = _FAILED.unpack_from(data)
            reason = data[_FAILED.size :].decode("utf-8", "replace")
            return Failed(identity, reason, bool(unmounted))
        if data[0] == HELLO:
            _, memory, version, *flags = _HELLO.unpack_from(data)
            outbound = Outbound.unpack(data[_HELLO.size :])
            return Hello(Abilities(version, *map(bool, flags)), outbound, memory)
    except (LookupError, TypeError, struct.error, UnicodeDecodeError) as error:
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
