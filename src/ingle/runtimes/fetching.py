"""Fetching what functions need not bring along, with a program such as npm or pip."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

_HOME = ".home"
_LAST_LINES = 20
_NICENESS = 10
_TAIL_BYTES = 65_536


class FetchError(Exception):
    """Something could not be fetched; the text says why, in the program's own last lines."""


async def appear(place: Path, fill: Callable[[Path], Awaitable[None]]) -> None:
    """Have a folder filled under another name, so that it appears whole or not at all.

    Args:
        place: the folder; the one around it is made if it is missing.
        fill: fills the empty folder that it is given.

    Raises:
        FetchError: it could not be filled.
        OSError: the folder cannot be written.
    """
    draft = await asyncio.to_thread(_begin, place)
    try:
        await fill(draft)
        await _whole(asyncio.to_thread(_finish, draft, place))
    finally:
        await _whole(asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True))


async def run(command: Sequence[str], cwd: Path, home: Path | None = None) -> None:
    """Run a program behind everything else that the machine has to do.

    Args:
        command: the program and its arguments.
        cwd: the folder that it works in.
        home: a folder of `appear` that it may take for its home, unless it works in it.

    Raises:
        FetchError: it cannot be started, or fails.
    """
    # Its home may be one that the server, which has given up its rights, cannot enter.
    own = str((home or cwd) / _HOME)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "HOME": own, "npm_config_cache": own},
        )
    except OSError as error:
        raise FetchError(f"{command[0]} cannot be started: {error.strerror}") from error
    assert process.stdout is not None
    try:
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        tail = await _tail(process.stdout)
        status = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await _whole(process.wait())
    if status != 0:
        raise FetchError(f"{' '.join(command)} failed (status {status}):\n{tail}")


def _begin(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    (draft / _HOME).mkdir()
    return draft


def _finish(draft: Path, place: Path) -> None:
    shutil.rmtree(draft / _HOME)
    _let_everybody_read(draft)
    os.sync()  # once it has its name, nobody looks whether it is whole
    try:
        draft.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        # Somebody else fetched the same at the same time, and was first.


def _let_everybody_read(folder: Path) -> None:
    """Sandboxes have users of their own, whatever the umask of the server is."""
    folder.chmod(0o755)
    for above, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(above, name)
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


async def _whole(step: Coroutine[Any, Any, object]) -> None:
    """Await a step to its end, also when cancelled meanwhile; then the cancellation goes on."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _tail(output: asyncio.StreamReader) -> str:
    """Read a program's output to its end; return its last lines."""
    kept = b""
    while data := await output.read(_TAIL_BYTES):
        kept = (kept + data)[-_TAIL_BYTES:]
    return "\n".join(kept.decode("utf-8", "replace").rstrip().splitlines()[-_LAST_LINES:])
