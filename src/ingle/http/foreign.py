"""Connections from a network that is not this process's own, such as a sandbox's."""

import asyncio
import socket
from typing import TYPE_CHECKING

from ingle.http.connection import Connection

if TYPE_CHECKING:
    from ingle.http.server import HttpServer

MOST = 128
"""Connections at a time; whoever wants more waits in the kernel's queue, then is refused."""


class ForeignListener:
    """Accepts connections on a socket that was bound in another network namespace.

    A listener of asyncio's own costs ten times as much to make, which a cold start would pay.

    Args:
        server: serves them.
        sock: the listening socket; it is closed with this.
    """

    def __init__(self, server: "HttpServer", sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._open: dict[asyncio.Task[None], Connection] = {}
        self._listening = False
        sock.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Accept no more and close what is open."""
        self._pause()
        self._sock.close()
        for task, connection in list(self._open.items()):
            task.cancel()
            connection.close()

    def _listen(self) -> None:
        self._listening = True
        self._loop.add_reader(self._sock, self._accept)

    def _pause(self) -> None:
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._sock)

    def _accept(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:  # whoever called has hung up
            return
        sock.setblocking(False)
        connection = Connection(self._server, foreign=True)
        task = self._loop.create_task(self._serve(connection, sock))
        self._open[task] = connection
        task.add_done_callback(self._closed)
        if len(self._open) >= MOST:
            self._pause()

    async def _serve(self, connection: Connection, sock: socket.socket) -> None:
        await self._loop.connect_accepted_socket(lambda: connection, sock)
        await self._server.finished(connection)

    def _closed(self, task: asyncio.Task[None]) -> None:
        del self._open[task]
        if not self._listening and self._sock.fileno() >= 0:
            self._listen()
