"""Running an interpreter to make something that its sandboxes use."""

import asyncio
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from ingle.runtimes.python import lock

_NICENESS = 19
_SAID = 500


class MakingError(Exception):
    """An interpreter did not do what was asked; the text is one line."""


async def run(arguments: Sequence[str], folder: Path, stdin: socket.socket | None = None) -> None:
    """Run a program of this machine, behind everything else, to its end.

    It ends with the server, and when this is cancelled.

    Args:
        arguments: the program and its arguments.
        folder: the folder it works in.
        stdin: what it reads from, if anything.

    Raises:
        MakingError: it failed.
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *arguments,
        cwd=folder,
        stdin=stdin.fileno() if stdin else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": ":UTC"},
        preexec_fn=_step_back,
    )
    try:
        printed, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        said = " ".join(printed.decode("utf-8", "replace").split())
        raise MakingError(said[-_SAID:] or f"it ended with status {process.returncode}")


def _step_back() -> None:
    lock.die_with_parent()
    os.nice(_NICENESS)
