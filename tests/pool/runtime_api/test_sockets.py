"""Connections into a network that the server is not in."""

import asyncio
import socket
import subprocess
import sys

import pytest

from ingle.pool.runtime_api.sockets import InnerSocket

# What a launcher does: it makes sockets in a network of its own and hands them over.
_INSIDE = """
import fcntl, socket, struct, sys
from ingle.runtimes.python import lock
lock.unshare(lock.CLONE_NEWUSER | lock.CLONE_NEWNET)
listening, spare = socket.socket(), socket.socket()
fcntl.ioctl(spare, 0x8914, struct.pack("16sh22x", b"lo", 1))
listening.bind(("127.0.0.1", 0))
listening.listen()
channel = socket.socket(fileno=int(sys.argv[1]))
socket.send_fds(channel, [b"x"], [listening.fileno(), spare.fileno()])
"""


@pytest.fixture
def inside() -> tuple[socket.socket, int]:
    """A listening socket and the descriptor of an unconnected one, both of another network."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = theirs.fileno()
        subprocess.run([sys.executable, "-c", _INSIDE, str(fd)], pass_fds=(fd,), check=True)
        _, fds, _, _ = socket.recv_fds(ours, 1, 2)
    listening = socket.socket(fileno=fds[0])
    return listening, fds[1]


async def test_a_socket_that_was_made_inside_reaches_ports_inside_again_and_again(
    inside: tuple[socket.socket, int],
) -> None:
    listening, fd = inside
    port = listening.getsockname()[1]

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Hello, " + await reader.readexactly(5))
        writer.close()

    server = await asyncio.start_server(greet, sock=listening)
    inner = InnerSocket(fd)
    for _ in range(3):
        await inner.connect(port)
        await inner.send(b"Sally")
        assert await inner.receive() == b"Hello, Sally"
        inner.disconnect()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    inner.close()
    server.close()
    await server.wait_closed()


async def test_a_socket_is_still_of_use_after_nobody_listened(
    inside: tuple[socket.socket, int],
) -> None:
    listening, fd = inside
    port = listening.getsockname()[1]
    inner = InnerSocket(fd)
    with pytest.raises(ConnectionRefusedError):
        await inner.connect(port + 1 if port < 65_535 else port - 1)
    inner.disconnect()
    await inner.connect(port)
    inner.close()
    listening.close()
