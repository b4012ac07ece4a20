"""The last packages that support a Python which Ingle's own no longer do, fetched with pip."""

import asyncio
import functools
import hashlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ingle.runtimes import fetching
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python_sdk import bytecode
from ingle.runtimes.python_sdk.tree import Tree, release_of

_LOCKS = Path(__file__).with_name("locks")
_LOCK = re.compile(r"python(\d+)\.(\d+)\.txt")
_PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
# Wheels are unpacked and nothing of theirs runs. What Python they are for is settled by the lock.
_INSTALL = (
    "install",
    "--disable-pip-version-check",
    "--ignore-requires-python",
    "--no-cache-dir",
    "--no-compile",
    "--no-deps",
    "--no-input",
    "--only-binary=:all:",
    "--quiet",
    "--require-hashes",
)


def tree(release: Sequence[int]) -> Tree | None:
    """Return which packages there are for a Python, or None where it is too old for all.

    Args:
        release: the Python's version.
    """
    lock = _lock(tuple(release[:2]))
    if lock is None:
        return None
    text = lock.read_text(encoding="utf-8")
    versions = dict(_PINNED.findall(text))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    python = f"python{release[0]}.{release[1]}"
    return Tree(f"{python}-boto3-{versions['boto3']}-{digest}", versions)


async def fetch(folder: Path, interpreter: Interpreter) -> None:
    """Fetch the packages for a Python, with their byte code, unless they are there.

    They appear whole or not at all. Takes five seconds, up to 65 MB of disk, and the network.

    Args:
        folder: where to keep them.
        interpreter: a Python for which there is a tree.

    Raises:
        FetchError: pip cannot be started, or fails.
        OSError: the folder cannot be written.
    """
    release = release_of(interpreter)
    wanted, lock = tree(release), _lock(release[:2])
    assert wanted is not None
    assert lock is not None

    async def fill(draft: Path) -> None:
        python = ["--implementation", "cp", "--python-version", f"{release[0]}.{release[1]}"]
        install = [*_pip(interpreter), *_INSTALL, *python, "--target", str(draft)]
        # Not in the folder itself, because Python imports from where it works.
        await fetching.run([*install, "--requirement", str(lock)], Path("/"), home=draft)
        await bytecode.compile_all(draft, interpreter.executable, release)

    place = folder / wanted.name
    if not await asyncio.to_thread(place.is_dir):
        await fetching.appear(place, fill)


def has_pip() -> bool:
    """Whether there is a pip beside Ingle."""
    return importlib.util.find_spec("pip") is not None


def _pip(interpreter: Interpreter) -> list[str]:
    """Return how to start Ingle's own pip or, where its environment has none, a Python's."""
    return [sys.executable if has_pip() else str(interpreter.executable), "-m", "pip"]


@functools.cache
def _lock(release: tuple[int, ...]) -> Path | None:
    """Return the newest lock that is not newer than a Python, and of its generation."""
    locks = {}
    for path in _LOCKS.iterdir():
        matched = _LOCK.fullmatch(path.name)
        if matched:
            locks[int(matched[1]), int(matched[2])] = path
    fitting = [each for each in locks if each[0] == release[0] and each <= release]
    return locks[max(fitting)] if fitting else None
