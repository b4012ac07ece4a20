"""Writes numbered notes as fast as it can, and says which ones were acknowledged."""

import asyncio
import os
import sys
from pathlib import Path

from ingle.storage.blobs import BlobStore
from ingle.storage.database import Database
from ingle.storage.folder import DataFolder

from .notes import insert


async def main(path: Path, migrations: Path, first: int) -> None:
    """Write until killed: notes from eight tasks, each with a blob of the same text."""
    with DataFolder.open(path) as folder:
        database = await Database.open(folder.path, migrations=migrations)
        blobs = BlobStore(folder.blobs)

        async def work(worker: int) -> None:
            number = first + worker
            while True:
                text = f"note {number}"
                digest = await blobs.put(text.encode())
                await database.write(insert(text))
                os.write(1, f"{text} {digest}\n".encode())
                number += 8

        await asyncio.gather(*(work(worker) for worker in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
