"""What all parts are built on."""

import contextlib
from dataclasses import dataclass
from typing import Self

from ingle.clock import Clock
from ingle.config import Config
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.folder import DataFolder


@dataclass(frozen=True, slots=True)
class Base:
    """What all parts are built on.

    Attributes:
        config: what the server runs with.
        folder: its data folder, locked.
        clock: the time of day.
        keys: encrypt what is secret.
        database: where everything is.
        ending: what is to be done when the server stops, what was added last first. Whoever opens
            a part adds its closing as soon as it is open, so what a part is built on outlives it.
    """

    config: Config
    folder: DataFolder
    clock: Clock
    keys: KeyRing
    database: Database
    ending: contextlib.AsyncExitStack

    @classmethod
    async def open(
        cls, config: Config, folder: DataFolder, clock: Clock, ending: contextlib.AsyncExitStack
    ) -> Self:
        """Open the database.

        Raises:
            StorageError: it is too new or unusable.
        """
        keys = KeyRing.load(folder.secret_key)
        database = await Database.open(folder.path)
        ending.push_async_callback(database.close)
        return cls(config, folder, clock, keys, database, ending)
