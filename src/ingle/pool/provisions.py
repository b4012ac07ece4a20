"""What functions of some languages find in their sandboxes without bringing it along."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path

from ingle.runtimes import kept
from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java.archive import archive
from ingle.runtimes.making import MakingError
from ingle.runtimes.nodejs import sdk
from ingle.runtimes.nodejs.compiled import compile_ahead

NODEJS = "nodejs"
"""The folder with the AWS SDKs for JavaScript, and with their compiled code."""
JAVA = "java"
"""The folder with archives of Java's and the runtime's classes."""
_logger = logging.getLogger("ingle.pool")


class Provisions:
    """Makes or fetches what runtimes offer, once, in the background, when there is a function that
    wants it.

    Args:
        folder: where it is kept.
        interpreters: those of this machine.
        nodejs_sdk: whether to fetch the AWS SDKs for JavaScript.
    """

    def __init__(
        self, folder: Path, interpreters: Iterable[Interpreter], *, nodejs_sdk: bool
    ) -> None:
        self._folder = folder
        self._interpreters = {each.runtime: each for each in interpreters}
        self._makers: Mapping[str, Callable[[Interpreter], Coroutine[None, None, None]]] = {
            "java": self._archive_classes,
            **({"nodejs": self._offer_sdk} if nodejs_sdk else {}),
        }
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._fetching = asyncio.Lock()
        self._fetched = False
        self._making = asyncio.Lock()

    @staticmethod
    def lay_out(folder: Path) -> None:
        """Make the folders that sandboxes see, whose users are not the server's."""
        for name in (NODEJS, JAVA):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name).chmod(0o755)
            kept.withdraw(folder / name)

    @staticmethod
    def programs(interpreters: Iterable[Interpreter]) -> list[str]:
        """Return the folders with programs that the server itself runs for this."""
        return [
            str(each.prefix)
            for each in interpreters
            if catalogue()[each.runtime].language.id in ("java", "nodejs")
        ]

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
        packages = await asyncio.to_thread(sdk.find, self._folder / NODEJS)
        if packages is None:
            return
        async with self._making:
            try:
                await compile_ahead(nodejs, packages)
            except (MakingError, OSError) as error:
                _logger.warning(
                    "Node.js %s loads the AWS SDKs without compiled code: %s", nodejs.version, error
                )

    async def _fetch_sdk(self, nodejs: Interpreter) -> None:
        folder = self._folder / NODEJS
        if await asyncio.to_thread(sdk.find, folder) is not None:
            return
        npm = await asyncio.to_thread(os.path.realpath, nodejs.executable.parent / "npm")
        _logger.info("fetching the AWS SDKs for JavaScript: 200 MB, once")
        try:
            await sdk.fetch(folder, (str(nodejs.executable), str(npm)))
        except (sdk.SdkFetchError, OSError) as error:
            _logger.warning(
                "The AWS SDKs for JavaScript could not be fetched, so functions must bring them "
                "along; the next start tries again, and --no-nodejs-sdk does not: %s",
                error,
            )
        else:
            _logger.info("the AWS SDKs for JavaScript are there")
