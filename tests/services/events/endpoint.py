"""An HTTP endpoint of this process, which tells what came and answers as it is told."""

import asyncio
import json
from typing import Any, NamedTuple


class Came(NamedTuple):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Endpoint:
    """Listens on a free port of this machine.

    Attributes:
        came: what came and was not looked at.
        answers: what is answered next, status and head lines and body; 200 when there is no more.
    """

    def __init__(self) -> None:
        self.came: asyncio.Queue[Came] = asyncio.Queue()
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def next(self) -> Came:
        """Wait for a request."""
        return await asyncio.wait_for(self.came.get(), 20)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.came.put_nowait(Came(method, path, headers, body))
        status, more, answer = self.answers.pop(0) if self.answers else (200, {}, b"")
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(answer)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
