"""The AWS SDKs for JavaScript, which functions need not bring along: fetched once with npm."""

import asyncio
import contextlib
import functools
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

_LISTS = Path(__file__).with_name("sdk")
_PACKAGE, _LOCK = "package.json", "package-lock.json"
_MODULES = "node_modules"
# Nothing that is fetched may run: what is wanted of it is its files.
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
_LAST_LINES = 20
_TAIL_BYTES = 65_536
_HOME = ".home"


class SdkFetchError(Exception):
    """The SDKs could not be fetched; the text says why, in npm's own last lines."""


async def fetch(folder: Path, npm: Sequence[str]) -> Path:
    """Return the folder of the SDKs' packages, which is fetched unless it is there.

    It appears whole or not at all, under a name that changes with what is in it. Takes about ten
    seconds, 200 MB of disk, and the network.

    Args:
        folder: where to keep it; made if it is missing.
        npm: the program and its first arguments, for instance `("npm",)`.

    Returns:
        The `node_modules` folder.

    Raises:
        SdkFetchError: npm cannot be started, or fails.
        OSError: the folder cannot be written.
    """
    found = await asyncio.to_thread(find, folder)
    if found is not None:
        return found
    draft = await asyncio.to_thread(_begin, folder)
    try:
        await _run([*npm, *_INSTALL], draft)
        await _whole(asyncio.to_thread(_finish, draft, folder / _name()))
    finally:
        await _whole(asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True))
    return folder / _name() / _MODULES


def find(folder: Path) -> Path | None:
    """Return the folder of the SDKs' packages, or None where these SDKs are not fetched.

    Args:
        folder: as for `fetch`.
    """
    modules = folder / _name() / _MODULES
    return modules if modules.is_dir() else None


def modules() -> str:
    """Return where the folder of packages is or will be, below the folder of `fetch`."""
    return f"{_name()}/{_MODULES}"


@functools.cache
def _name() -> str:
    return "sdk-" + hashlib.sha256((_LISTS / _LOCK).read_bytes()).hexdigest()[:16]


def _begin(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{_name()}-", dir=folder))
    draft.chmod(0o755)  # sandboxes have users of their own
    (draft / _HOME).mkdir()
    for name in (_PACKAGE, _LOCK):
        shutil.copyfile(_LISTS / name, draft / name)
    return draft


def _finish(draft: Path, place: Path) -> None:
    if not (draft / _MODULES).is_dir():
        raise SdkFetchError("npm ended well, but installed nothing")
    shutil.rmtree(draft / _HOME)
    os.sync()  # once it has its name, nobody looks whether it is whole
    try:
        draft.rename(place)
    except OSError:
        if not (place / _MODULES).is_dir():
            raise
        # Somebody else fetched the same at the same time, and was first.


async def _run(command: Sequence[str], cwd: Path) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            # Its home may be one that the server, which has given up its rights, cannot enter.
            env={**os.environ, "HOME": str(cwd / _HOME), "npm_config_cache": str(cwd / _HOME)},
        )
    except OSError as error:
        raise SdkFetchError(f"{command[0]} cannot be started: {error.strerror}") from error
    assert process.stdout is not None
    try:
        tail = await _tail(process.stdout)
        status = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await _whole(process.wait())
    if status != 0:
        raise SdkFetchError(f"{' '.join(command)} failed (status {status}):\n{tail}")


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
