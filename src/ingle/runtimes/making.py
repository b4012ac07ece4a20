"""Running an interpreter to make something that its sandboxes use."""

import asyncio
import os
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ingle.runtimes.python import lock

_NICENESS = 19
"""Of what nobody waits for."""
AWAITED = 5
"""Of what somebody waits for: where all processors are busy, the other would take minutes."""
_SAID = 500


class MakingError(Exception):
    """An interpreter did not do what was asked; the text is one line."""


async def run(
    arguments: Sequence[str],
    folder: Path,
    stdin: socket.socket | None = None,
    *,
    niceness: int = _NICENESS,
) -> None:
    """Run a program of this machine, behind everything else, to its end.

    It ends with the server, and when this is cancelled.

    Args:
        arguments: the program and its arguments.
        folder: the folder it works in.
        stdin: what it reads from, if anything.
        niceness: how far behind, as of setpriority(2).

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
        preexec_fn=partial(_step_back, niceness),
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


def _step_back(niceness: int) -> None:
    lock.die_with_parent()
    os.nice(niceness)
