"""The messages between the warden, a zygote and its children: one a packet, with descriptors."""

from __future__ import annotations

import _socket
import struct

MAKE, ASSIGN, FURNISH = 1, 2, 3
FORK, REAP = 1, 2
READY, ASSIGNED, ENDED, FAILED, FURNISHED = 1, 2, 3, 4, 5

MAKE_HEAD = struct.Struct("<BIi4s")
"""To the zygote: MAKE, slot, uid (-1 keeps the user) and IPv4 address (NO_ADDRESS: no network);
then the NUL-separated files of control groups. A detached mount for /tmp may come along."""
NO_ADDRESS = bytes(4)
ASSIGN_HEAD = struct.Struct("<BIQBHH")
"""To the zygote: ASSIGN, slot, bytes of a /tmp in memory (0: it is on disk), whether it is to
become a snapshot, and the lengths of the names of the code folder and of the layers' folder; then
these names, and the place where a file system is mounted. With a snapshot comes the socket on which
it hears what to fork; with a place the detached mount of the file system; then may come a detached
mount for /tmp that replaces the first."""
FURNISH_HEAD = struct.Struct("<BIQi4s")
"""To the zygote: FURNISH, slot, bytes of a /tmp in memory (0: it is on disk), uid to own it (-1:
the zygote's) and IPv4 address (NO_ADDRESS: no network). With it come the socket to the server of a
fork of a snapshot, the fork's namespaces (mount, network, IPC, host name, process ids), and a
detached mount for /tmp, if there is one."""
FORK_ORDER = struct.Struct("<BI")
"""To a snapshot: FORK or REAP, and the slot. With FORK come the inner ends of the channel, the log
pipe and the handshake, and the files of the control groups that the fork is to join."""
REPORT = struct.Struct("<BIi")
"""From the zygote: kind, slot, and 0 (READY, ASSIGNED, FURNISHED), a wait status (ENDED) or an
errno (FAILED). From a snapshot likewise: READY when it can be forked, ENDED, FAILED. With READY of
a zygote's child come a pidfd, because pids mean something else in another namespace, and the outer
ends of the channel and the log pipe."""
STATUS = struct.Struct("<i")
"""From a child that runs a program to its zygote: the program's wait status, before it ends."""
DONE = b"."
"""From a child that ran a program before it was assigned to its zygote: it is assigned now."""
_DESCRIPTOR = struct.Struct("i")
_MSG_CMSG_CLOEXEC = 0x40000000
_MOST_DESCRIPTORS = 8


def send(sock: _socket.socket, message: bytes, descriptors: list[int]) -> None:
    """Send one packet; raise OSError."""
    ancillary = b"".join([_DESCRIPTOR.pack(fd) for fd in descriptors])
    sock.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, ancillary)])


def receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    """Return one packet and its descriptors; b"" when the other side is gone."""
    descriptors: list[int] = []
    message, ancillary, _, _ = sock.recvmsg(
        65536, _socket.CMSG_SPACE(_MOST_DESCRIPTORS * _DESCRIPTOR.size), _MSG_CMSG_CLOEXEC
    )
    for level, kind, data in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            whole = data[: len(data) - len(data) % _DESCRIPTOR.size]
            descriptors += [fd for (fd,) in _DESCRIPTOR.iter_unpack(whole)]
    return message, descriptors
