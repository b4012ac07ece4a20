"""What functions of some languages find in their sandboxes without bringing it along."""

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.nodejs import sdk

NODEJS = "nodejs"
"""The folder with the AWS SDKs for JavaScript."""
_logger = logging.getLogger("ingle.pool")


class Provisions:
    """Fetches what runtimes offer, once, in the background, when there is a function that wants it.

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
        self._nodejs_sdk = nodejs_sdk
        self._fetching: asyncio.Task[None] | None = None

    @staticmethod
    def lay_out(folder: Path) -> None:
        """Make the folders that sandboxes see, whose users are not the server's."""
        (folder / NODEJS).mkdir(parents=True, exist_ok=True)
        (folder / NODEJS).chmod(0o755)

    def want(self, runtime: str) -> None:
        """There is a function of this runtime."""
        info = catalogue().get(runtime)
        interpreter = self._interpreters.get(runtime)
        if info is None or interpreter is None or info.language.id != "nodejs":
            return
        if self._nodejs_sdk and self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_sdk(interpreter))

    async def close(self) -> None:
        """Give up what is being fetched."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

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
