"""Connections to ports inside a sandbox, made from outside it.

A socket belongs for good to the network namespace in which it was made, whoever holds it. So the
launcher makes some inside the sandbox and hands them over with the Runtime API's listening socket;
when the server connects one of them to 127.0.0.1, that is the sandbox's 127.0.0.1. No process
inside has to help, and the server needs no rights. Connecting to AF_UNSPEC afterwards makes such a
socket ready for the next connection (connect(2)).
"""

import asyncio
import ctypes
import os
import socket

_LIBC = ctypes.CDLL(None, use_errno=True)
_UNSPEC = bytes(16)
_READ_SIZE = 65_536


class InnerSocket:
    """A TCP socket that was made inside a sandbox.

    Args:
        fd: its descriptor, which this object closes.
    """

    def __init__(self, fd: int) -> None:
        self._sock = socket.socket(fileno=fd)
        self._sock.setblocking(False)

    async def connect(self, port: int) -> None:
        """Connect to a port of the sandbox's loopback; raise OSError."""
        await asyncio.get_running_loop().sock_connect(self._sock, ("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        """Send all of it; raise OSError."""
        await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def receive(self) -> bytes:
        """Return what came, or nothing at the end; raise OSError."""
        return await asyncio.get_running_loop().sock_recv(self._sock, _READ_SIZE)

    def disconnect(self) -> None:
        """Make it ready to be connected again; raise OSError."""
        if _LIBC.connect(self._sock.fileno(), _UNSPEC, len(_UNSPEC)) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def close(self) -> None:
        """Let go of it."""
        self._sock.close()
