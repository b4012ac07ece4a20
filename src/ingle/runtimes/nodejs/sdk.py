"""The AWS SDKs for JavaScript, which functions need not bring along: fetched once with npm."""

import asyncio
import functools
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from ingle.runtimes import fetching

_LISTS = Path(__file__).with_name("sdk")
_PACKAGE, _LOCK = "package.json", "package-lock.json"
_MODULES = "node_modules"
# Nothing that is fetched may run: what is wanted of it is its files.
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")


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
        FetchError: npm cannot be started, or fails.
        OSError: the folder cannot be written.
    """

    async def fill(draft: Path) -> None:
        await asyncio.to_thread(_put_lists, draft)
        await fetching.run([*npm, *_INSTALL], draft)
        if not await asyncio.to_thread((draft / _MODULES).is_dir):
            raise fetching.FetchError("npm ended well, but installed nothing")

    found = await asyncio.to_thread(find, folder)
    if found is None:
        await fetching.appear(folder / _name(), fill)
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


def _put_lists(draft: Path) -> None:
    for name in (_PACKAGE, _LOCK):
        shutil.copyfile(_LISTS / name, draft / name)
