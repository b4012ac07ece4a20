"""Accepts connections, keeps their deadlines, and lets them finish when the server stops."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

from ingle.clock import Clock
from ingle.http.connection import Connection, Handler
from ingle.http.foreign import ForeignListener

BODY_TIMEOUT_S = 20.0
"""How long a client may pause in the middle of a body."""
STALL_S = 300.0
"""How long a client may take nothing of an answer that is streamed."""
_BACKLOG = 2048


class HttpServer:
    """Serves HTTP/1.1 on one listening socket.

    Args:
        handler: answers a request.
        clock: gives the Date header.
        body_timeout_s: how long a client may pause in the middle of a body.
        limit: the most connections at a time; more are closed at once. None is without limit.
        stall_s: how long a client may take nothing of an answer that is streamed.

    Attributes:
        closing: no more requests are taken.
        date_line: the Date header, made anew every second.
    """

    def __init__(
        self,
        handler: Handler,
        clock: Clock,
        body_timeout_s: float = BODY_TIMEOUT_S,
        limit: int | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        self.handler = handler
        self.body_timeout_s = body_timeout_s
        self.stall_s = stall_s
        self.closing = False
        self.date_line = b""
        self._clock = clock
        self._limit = limit
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._all_closed = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more connections are taken."""
        return self._limit is not None and len(self._connections) >= self._limit

    async def start(self, sock: socket.socket) -> None:
        """Take connections on a socket that is bound."""
        self._tick()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), sock=sock, backlog=_BACKLOG
        )

    async def keep_time(self) -> None:
        """Renew the Date header and close what is overdue, for as long as this runs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1.0)
            self._tick()
            now = loop.time()
            for connection in list(self._connections):
                if connection.idle and connection.deadline < now:
                    connection.close()

    async def close(self, deadline_s: float) -> None:
        """Take no more, let requests that are being answered finish, close every connection."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            if connection.idle:
                connection.close()
        if self._connections:
            self._all_closed.clear()
            try:
                await asyncio.wait_for(self._all_closed.wait(), deadline_s)
            except TimeoutError:
                tasks = list(self._connections.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def serve_also(self, sock: socket.socket) -> Callable[[], None]:
        """Take connections on a listening socket of another network; return what stops that."""
        return ForeignListener(self, sock).close

    def abort(self) -> None:
        """Close everything at once, what is being answered too."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()

    async def finished(self, connection: Connection) -> None:
        """Return once a connection is over."""
        task = self._connections.get(connection)
        if task is not None:
            await asyncio.wait([task])

    def connected(
        self, connection: Connection, serve: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        """Run a new connection's task until it ends."""
        task = asyncio.get_running_loop().create_task(serve)
        self._connections[connection] = task
        task.add_done_callback(lambda _: self._disconnected(connection))
        return task

    def _disconnected(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        if not self._connections:
            self._all_closed.set()

    def _tick(self) -> None:
        self.date_line = f"date: {formatdate(self._clock.time(), usegmt=True)}\r\n".encode()
