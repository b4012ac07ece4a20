"""Messages to the kernel about networks, over netlink.

Sources: https://man7.org/linux/man-pages/man7/netlink.7.html and
https://docs.kernel.org/userspace-api/netlink/intro.html
"""

from __future__ import annotations

import _socket
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Change = tuple[int, int, bytes]
    """The message's type, flags beside REQUEST, and body."""

ROUTE, NETFILTER = 0, 12
"""Families of messages."""
REQUEST, ACK = 0x1, 0x4
REPLACE, EXCLUSIVE, CREATE = 0x100, 0x200, 0x400
_DUMP = 0x300
_ERROR, _DONE = 2, 3
_NESTED, _KIND = 0x8000, 0x3FFF
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_CODE = struct.Struct("=i")
_READ_SIZE = 32_768


def attribute(kind: int, value: bytes | int | str) -> bytes:
    """Pack one attribute: a number as 32 bits of this machine's order, text with a NUL."""
    if isinstance(value, int):
        value = struct.pack("=I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def nest(kind: int, *attributes: bytes) -> bytes:
    """Pack an attribute that holds others."""
    return attribute(kind | _NESTED, b"".join(attributes))


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the value of each attribute; stop where there is none."""
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind & _KIND, data[_ATTRIBUTE.size : length]
        data = data[length + -length % 4 :]


def table(data: bytes) -> dict[int, bytes]:
    """Return the attributes by their kind."""
    return dict(attributes(data))


class Netlink:
    """A socket to the network namespace that the caller is in when it makes it.

    Args:
        family: ROUTE or NETFILTER.
    """

    def __init__(self, family: int) -> None:
        kind = _socket.SOCK_RAW | _socket.SOCK_CLOEXEC
        self._sock = _socket.socket(_socket.AF_NETLINK, kind, family)
        self._sequence = 0

    def change(self, changes: list[Change]) -> None:
        """Send messages in one packet; raise OSError when the kernel refuses one."""
        first = self._sequence + 1
        self._sock.send(b"".join([self._pack(each, ACK) for each in changes]))
        self._await(first, self._sequence)

    def transact(self, begin: Change, changes: list[Change], end: Change) -> None:
        """Send messages of which all or none take effect; raise OSError.

        Args:
            begin: the message that opens the transaction.
            changes: those in it.
            end: the message that closes it.
        """
        packet = self._pack(begin, 0)
        first = self._sequence
        packet += b"".join([self._pack(each, ACK) for each in changes])
        last = self._sequence
        self._sock.send(packet + self._pack(end, 0))
        self._await(first, last)

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Return the bodies of all that there is of a kind; raise OSError."""
        self._sequence += 1
        head = (kind, REQUEST | _DUMP, self._sequence, 0)
        self._sock.send(_HEADER.pack(_HEADER.size + len(body), *head) + body)
        found: list[bytes] = []
        while True:
            for answer, sequence, each in self._receive():
                if sequence != self._sequence:
                    continue
                if answer == _ERROR:
                    (code,) = _CODE.unpack_from(each)
                    raise OSError(-code, os.strerror(-code))
                if answer == _DONE:
                    return found
                found.append(each)

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()

    def _pack(self, message: Change, flags: int) -> bytes:
        kind, more, body = message
        self._sequence += 1
        head = (kind, flags | more | REQUEST, self._sequence, 0)
        return _HEADER.pack(_HEADER.size + len(body), *head) + body

    def _await(self, first: int, last: int) -> None:
        """Read answers until the last one; what an earlier refusal left unread is skipped."""
        while True:
            for kind, sequence, body in self._receive():
                if kind != _ERROR or sequence < first:
                    continue
                (code,) = _CODE.unpack_from(body)
                if code:
                    raise OSError(-code, os.strerror(-code))
                if sequence == last:
                    return

    def _receive(self) -> Iterator[tuple[int, int, bytes]]:
        data = self._sock.recv(_READ_SIZE)
        while len(data) >= _HEADER.size:
            length, kind, _, sequence, _ = _HEADER.unpack_from(data)
            yield kind, sequence, data[_HEADER.size : length]
            data = data[length + -length % 4 :]
