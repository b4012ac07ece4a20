"""Draws graphs in a process of its own, which is there only while graphs are drawn.

The library that draws takes a second to be imported, and a hundred megabytes: the server needs it
only for this.
"""

import asyncio
import os
import struct
import sys
from pathlib import Path
from typing import Any

import orjson

from ingle.services.cloudwatch.errors import InternalFault
from ingle.services.cloudwatch.limits import IMAGE

_SIZE = struct.Struct("!I")
_MODULE = "ingle.services.cloudwatch.drawing"


class Images:
    """Draws one graph after another.

    Args:
        folder: where the library keeps what it knows of this machine's fonts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._one = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def draw(self, drawing: dict[str, Any]) -> bytes:
        """Draw a graph; return a PNG.

        Args:
            drawing: what `drawing.py` takes.

        Raises:
            InternalFault: it could not be drawn.
        """
        async with self._one:
            if self._idle is not None:
                self._idle.cancel()
            try:
                async with asyncio.timeout(IMAGE["seconds"]):
                    image = await self._drawn(orjson.dumps(drawing))
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                await self._end()
                raise InternalFault("The image could not be drawn.") from error
            except BaseException:
                await self._end()
                raise
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(IMAGE["idle"], self._stop)
        return image

    async def close(self) -> None:
        """End the process, if there is one."""
        async with self._one:
            if self._idle is not None:
                self._idle.cancel()
            await self._end()

    async def _drawn(self, drawing: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**_environment(), "MPLCONFIGDIR": str(self._folder)},
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_SIZE.pack(len(drawing)) + drawing)
        await process.stdin.drain()
        (size,) = _SIZE.unpack(await process.stdout.readexactly(_SIZE.size))
        return await process.stdout.readexactly(size)

    def _stop(self) -> None:
        """Have the process end by itself: nothing more comes."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    """What the process needs to find this program, and nothing else of the server's."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
