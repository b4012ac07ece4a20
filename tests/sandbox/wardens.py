"""A real warden, and sandboxes of it, without a server."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ingle.pool.programs import programs
from ingle.pool.provisions import Provisions
from ingle.runtimes.discovery import Interpreters
from ingle.runtimes.python import frames
from ingle.sandbox.client import WardenClient, launch
from ingle.sandbox.process import LockedProcess
from ingle.sandbox.settings import Settings
from tests.services.clocks import ManualClock

RUNTIME = f"python3.{sys.version_info.minor}"
PORT = 45_660
_PATIENCE_S = 20


class Sandbox:
    """Listens to one sandbox, and waits for what it says."""

    def __init__(self) -> None:
        self.process: LockedProcess | None = None
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.ended: asyncio.Future[tuple[int | None, bool, str]] = (
            asyncio.get_running_loop().create_future()
        )
        self.output = b""
        self.descriptors: list[int] = []

    def on_frame(self, kind: int, body: bytes) -> bool:
        self.frames.put_nowait((kind, body))
        return True

    def on_channel_end(self) -> None:
        pass

    def on_descriptors(self, fds: list[int]) -> None:
        self.descriptors += fds

    def on_output(self, data: bytes) -> bool:
        self.output += data
        return True

    def on_end(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        for fd in self.descriptors:
            socket.socket(fileno=fd).close()
        self.ended.set_result((status, out_of_memory, reason))

    @property
    def held(self) -> LockedProcess:
        assert self.process is not None
        return self.process

    async def start(self, **environment: str) -> tuple[int, bytes]:
        """Tell it what to run; return what it answers."""
        told = {
            "handler": "app.handler",
            "environment": {"LAMBDA_TASK_ROOT": "/var/task", **environment},
        }
        self.held.send(frames.INIT, json.dumps(told).encode())
        return await self.answer()

    async def invoke(self, event: Any = None) -> Any:
        """Call its handler; return the answer, or the error as it described it."""
        identity = b"0" * 36
        head = frames.INVOKE_HEAD.pack(identity, 2**42, 0, 0, 0, 0)
        self.held.send(frames.INVOKE, head + json.dumps(event).encode())
        _, body = await self.answer()
        return json.loads(body[36:])

    async def answer(self) -> tuple[int, bytes]:
        """Return the next frame that is not about a descriptor."""
        while True:
            kind, body = await asyncio.wait_for(self.frames.get(), _PATIENCE_S)
            if kind != frames.ENDPOINT:
                return kind, body

    async def end(self) -> tuple[int | None, bool, str]:
        """Wait for its end."""
        return await asyncio.wait_for(self.ended, _PATIENCE_S)


class Wardened:
    """A warden and the code that its sandboxes can have."""

    def __init__(self, client: WardenClient, code: Path) -> None:
        self.client = client
        self._code = code
        self._functions = 0

    def spawn(
        self,
        source: str = "",
        *,
        snapshot: bool = False,
        of: Sandbox | None = None,
        memory_mb: int = 512,
        tmp_mb: int = 512,
        runtime: str = RUNTIME,
    ) -> Sandbox:
        """Ask for a sandbox of a module `app`, of which others can be forked, or for a fork."""
        self._functions += 1
        folder = self._code / f"function-{self._functions}"
        folder.mkdir(mode=0o755)
        (folder / "app.py").write_text(source)
        sandbox = Sandbox()
        sandbox.process = self.client.spawn(
            sandbox,
            runtime=runtime,
            code=folder.name,
            layers="",
            memory_mb=memory_mb,
            tmp_mb=tmp_mb,
            snapshot=snapshot,
            source=None if of is None else of.held,
        )
        return sandbox

    async def snapshot(self, source: str, **settings: Any) -> Sandbox:
        """Return a snapshot that is ready."""
        sandbox = self.spawn(source, snapshot=True, **settings)
        kind, body = await sandbox.start()
        assert kind == frames.READY, (body, sandbox.output)
        return sandbox

    async def restore(self, snapshot: Sandbox) -> Sandbox:
        """Return a fork of a snapshot that is ready."""
        sandbox = self.spawn(of=snapshot)
        kind, body = await sandbox.start()
        assert kind == frames.READY, (body, sandbox.output)
        return sandbox

    async def settle(self, sandbox: Sandbox) -> tuple[int, bytes]:
        """Start a sandbox; return what it answers, or 0 where it ends instead."""
        start = asyncio.ensure_future(sandbox.start())
        await asyncio.wait({start, sandbox.ended}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            return start.result()
        start.cancel()
        return 0, b""


@contextlib.asynccontextmanager
async def warden(folder: Path) -> AsyncIterator[Wardened]:
    """Run a warden."""
    folder.chmod(0o755)
    for name in ("code", "run", "scratch"):
        (folder / name).mkdir()
    Provisions.lay_out(folder / "runtimes")
    found = [each for each in Interpreters(ManualClock()).look() if "python3" in each.runtime]
    settings = Settings(
        code=str(folder / "code"),
        staging=str(folder / "run"),
        scratch=str(folder / "scratch"),
        programs=programs(found, folder / "runtimes"),
        processes=128,
        descriptors=256,
        memory=4 * 2**30,
        quota=False,
        port=PORT,
        outbound=False,
        network_range="198.19.0.0/16",
        connections=16,
    )
    lost = asyncio.Event()
    client = await WardenClient.connect(launch(settings), settings, lost.set)
    try:
        yield Wardened(client, folder / "code")
    finally:
        await client.close()
    assert not lost.is_set()
