"""What functions of some languages find in their sandboxes without bringing it along."""

import asyncio
import logging
import os
import shutil
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.fetching import FetchError
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.nodejs import sdk
from ingle.runtimes.python_sdk import bundled, bytecode, older
from ingle.runtimes.python_sdk.choice import is_bundled, packages
from ingle.runtimes.python_sdk.tree import release_of

NODEJS, PYTHON = "nodejs", "python"
"""The folders with the AWS SDKs for JavaScript, and for Python."""
_logger = logging.getLogger("ingle.pool")


class Provisions:
    """Makes ready what runtimes offer, once, in the background, when a function may want it.

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
        self._nodejs_sdk = nodejs_sdk
        self._python_sdk = python_sdk
        self._under_way: dict[str, asyncio.Task[None]] = {}

    @staticmethod
    def lay_out(folder: Path) -> None:
        """Make the folders that sandboxes see, whose users are not the server's."""
        for name in (NODEJS, PYTHON):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name).chmod(0o755)

    def fill(self) -> None:
        """Put in what Ingle has itself, and remove what it no longer offers. Blocks.

        Takes 50 ms at the first start with a data folder, and a few at the others.

        Raises:
            OSError: the folder cannot be written.
        """
        folder = self._folder / PYTHON
        pythons = [each for each in self._interpreters.values() if _is_python(each.runtime)]
        kept = {tree.name for tree in map(packages, pythons) if tree is not None}
        for entry in folder.iterdir():
            if entry.name not in kept:
                shutil.rmtree(entry)
        if bundled.tree().name in kept:
            bundled.lay_out(folder)

    def want(self, runtime: str) -> None:
        """There is a function of this runtime."""
        interpreter = self._interpreters.get(runtime)
        if interpreter is None:
            return
        if _is_python(runtime):
            if is_bundled(interpreter):
                self._begin(runtime, self._compile(interpreter))
            elif self._python_sdk and packages(interpreter) is not None:
                self._begin(runtime, self._fetch_boto3(interpreter))
        elif catalogue()[runtime].language.id == "nodejs" and self._nodejs_sdk:
            self._begin(NODEJS, self._fetch_sdk(interpreter))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way.values():
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way.values())

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self._under_way:
            work.close()
        else:
            self._under_way[name] = asyncio.create_task(work)

    async def _compile(self, python: Interpreter) -> None:
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
