"""What functions of some languages find in their sandboxes without bringing it along."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path

from ingle.runtimes import kept
from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.fetching import FetchError
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java.archive import archive
from ingle.runtimes.making import MakingError
from ingle.runtimes.nodejs import sdk
from ingle.runtimes.nodejs.compiled import compile_ahead
from ingle.runtimes.python_sdk import bundled, bytecode, older
from ingle.runtimes.python_sdk.choice import is_bundled, packages
from ingle.runtimes.python_sdk.tree import release_of

NODEJS = "nodejs"
"""The folder with the AWS SDKs for JavaScript, and with their compiled code."""
JAVA = "java"
"""The folder with archives of Java's and the runtime's classes."""
PYTHON = "python"
"""The folder with the AWS SDK for Python."""
_logger = logging.getLogger("ingle.pool")


class Provisions:
    """Makes or fetches what runtimes offer, once, in the background, when there is a function that
    wants it.

    Args:
        folder: where it is kept.
        interpreters: those of this machine.
        nodejs_sdk: whether to fetch the AWS SDKs for JavaScript.
        python_sdk: whether to fetch boto3 for Pythons that Ingle's own does not support.
    """

    def __init__(
        self,
        folder: Path,
        interpreters: Iterable[Interpreter],
        *,
        nodejs_sdk: bool,
        python_sdk: bool,
    ) -> None:
        self._folder = folder
        self._interpreters = {each.runtime: each for each in interpreters}
        self._python_sdk = python_sdk
        self._makers: Mapping[str, Callable[[Interpreter], Coroutine[None, None, None]]] = {
            "java": self._archive_classes,
            "python": self._offer_boto3,
            "python2": self._offer_boto3,
            **({"nodejs": self._offer_sdk} if nodejs_sdk else {}),
        }
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._fetching = asyncio.Lock()
        self._fetched = False
        self._making = asyncio.Lock()

    @staticmethod
    def lay_out(folder: Path) -> None:
        """Make the folders that sandboxes see, whose users are not the server's."""
        for name in (NODEJS, JAVA, PYTHON):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name).chmod(0o755)
        for name in (NODEJS, JAVA):
            kept.withdraw(folder / name)

    def fill(self) -> None:
        """Put in what Ingle has itself, and remove what it no longer offers. Blocks.

        Takes 50 ms at the first start with a data folder, and a few at the others.

        Raises:
            OSError: the folder cannot be written.
        """
        folder = self._folder / PYTHON
        pythons = [each for each in self._interpreters.values() if _is_python(each.runtime)]
        offered = {tree.name for tree in map(packages, pythons) if tree is not None}
        for entry in folder.iterdir():
            if entry.name not in offered:
                shutil.rmtree(entry)
        if bundled.tree().name in offered:
            bundled.lay_out(folder)

    def want(self, runtime: str) -> None:
        """There is a function of this runtime."""
        info = catalogue().get(runtime)
        interpreter = self._interpreters.get(runtime)
        if info is None or interpreter is None:
            return
        make = self._makers.get(info.language.id)
        if make is not None and interpreter.executable not in self._tasks:
            self._tasks[interpreter.executable] = asyncio.create_task(make(interpreter))

    async def close(self) -> None:
        """Give up what is being made or fetched."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _archive_classes(self, java: Interpreter) -> None:
        async with self._making:
            try:
                await archive(java, self._folder / JAVA)
            except OSError as error:
                _logger.warning(
                    "Java %s starts without an archive of its classes: %s", java.version, error
                )

    async def _offer_sdk(self, nodejs: Interpreter) -> None:
        async with self._fetching:
            if not self._fetched:
                self._fetched = True
                await self._fetch_sdk(nodejs)
        modules = await asyncio.to_thread(sdk.find, self._folder / NODEJS)
        if modules is None:
            return
        async with self._making:
            try:
                await compile_ahead(nodejs, modules)
            except (MakingError, OSError) as error:
                _logger.warning(
                    "Node.js %s loads the AWS SDKs without compiled code: %s", nodejs.version, error
                )

    async def _offer_boto3(self, python: Interpreter) -> None:
        if is_bundled(python):
            async with self._making:
                await self._compile_boto3(python)
        elif self._python_sdk and packages(python) is not None:
            async with self._fetching:
                await self._fetch_boto3(python)

    async def _compile_boto3(self, python: Interpreter) -> None:
        place = self._folder / PYTHON / bundled.tree().name
        try:
            await bytecode.make(place, python.executable, release_of(python))
        except (FetchError, OSError) as error:
            _logger.warning(
                "boto3 could not be compiled for %s, so functions take longer to import it; the "
                "next start tries again: %s",
                python.runtime,
                error,
            )

    async def _fetch_boto3(self, python: Interpreter) -> None:
        tree = packages(python)
        assert tree is not None
        folder = self._folder / PYTHON
        if await asyncio.to_thread((folder / tree.name).is_dir):
            return
        _logger.info("fetching boto3 %s for %s: up to 65 MB, once", tree.boto3, python.runtime)
        try:
            await older.fetch(folder, python)
        except (FetchError, OSError) as error:
            _logger.warning(
                "boto3 could not be fetched for %s, so functions must bring it along; the next "
                "start tries again, and --no-python-sdk does not: %s",
                python.runtime,
                error,
            )
        else:
            _logger.info("boto3 %s is there for %s", tree.boto3, python.runtime)

    async def _fetch_sdk(self, nodejs: Interpreter) -> None:
        folder = self._folder / NODEJS
        if await asyncio.to_thread(sdk.find, folder) is not None:
            return
        npm = await asyncio.to_thread(os.path.realpath, nodejs.executable.parent / "npm")
        _logger.info("fetching the AWS SDKs for JavaScript: 200 MB, once")
        try:
            await sdk.fetch(folder, (str(nodejs.executable), str(npm)))
        except (FetchError, OSError) as error:
            _logger.warning(
                "The AWS SDKs for JavaScript could not be fetched, so functions must bring them "
                "along; the next start tries again, and --no-nodejs-sdk does not: %s",
                error,
            )
        else:
            _logger.info("the AWS SDKs for JavaScript are there")


def _is_python(runtime: str) -> bool:
    return catalogue()[runtime].language.id in ("python", "python2")
