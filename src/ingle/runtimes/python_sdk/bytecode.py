"""Byte code of a tree of packages, made ahead of the functions that import them.

Without it, a sandbox compiles what it imports, which takes a second, and forgets it.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from ingle.runtimes import fetching
from ingle.runtimes.python_sdk.tree import PLACE

_CACHE = "__pycache__"


async def make(place: Path, python: Path, release: Sequence[int]) -> None:
    """Have a Python compile every module of a tree, unless it has done so before.

    Takes some seconds of a processor that nobody else wants. What is written can be used at once,
    while the rest is being made.

    Args:
        place: the tree.
        python: the interpreter.
        release: its version.

    Raises:
        FetchError: the interpreter cannot be started, or fails.
        OSError: the tree cannot be written.
    """
    if not await asyncio.to_thread(_mark(place, release).exists):
        await asyncio.to_thread(_make_folders, place)
        await compile_all(place, python, release)
        await asyncio.to_thread(os.sync)  # it is not looked at again whether it is whole
        await asyncio.to_thread(vouch, place, release)


async def compile_all(place: Path, python: Path, release: Sequence[int]) -> None:
    """Have a Python compile every module of a tree; raise FetchError.

    The byte code names the files by where sandboxes see them. From Python 3 on, it is taken as it
    is, without a look at the source's time.
    """
    compileall = [str(python), "-E", "-s", "-S", "-m", "compileall", "-q", "-f", "-d", PLACE]
    if release[0] > 2:
        compileall += ["--invalidation-mode", "unchecked-hash"]
    await fetching.run([*compileall, str(place)], Path("/"))


def vouch(place: Path, release: Sequence[int]) -> None:
    """Say that all byte code of a Python is there, and whole."""
    _mark(place, release).touch()


def _mark(place: Path, release: Sequence[int]) -> Path:
    return place / f".compiled-{release[0]}.{release[1]}"


def _make_folders(place: Path) -> None:
    """Make the folders for byte code, so that sandboxes can read it whatever the umask is."""
    for above, folders, files in os.walk(place):
        if _CACHE in folders:
            folders.remove(_CACHE)
        elif any(name.endswith(".py") for name in files):
            cache = Path(above, _CACHE)
            cache.mkdir()
            cache.chmod(0o755)
