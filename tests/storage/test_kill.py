"""`kill -9` at any moment loses nothing that was acknowledged."""

import asyncio
import random
import signal
import sys
from pathlib import Path

from ingle.storage.blobs import BlobStore
from ingle.storage.database import Database
from ingle.storage.folder import DataFolder

from .notes import texts

ROUNDS = 6
REPOSITORY = Path(__file__).parents[2]


async def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path, migrations: Path) -> None:
    path = tmp_path / "data"
    acknowledged: dict[str, str] = {}
    for turn in range(ROUNDS):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.storage.writing_process"),
            *(str(path), str(migrations), str(turn * 1_000_000)),
            stdout=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
        )
        assert process.stdout is not None
        for _ in range(random.randrange(1, 150)):
            text, _, digest = (await process.stdout.readline()).decode().strip().rpartition(" ")
            acknowledged[text] = digest
        process.kill()
        # What was said before it died counts as well; the last line may be cut short.
        for line in (await process.stdout.read()).splitlines(keepends=True):
            if line.endswith(b"\n"):
                text, _, digest = line.decode().strip().rpartition(" ")
                acknowledged[text] = digest
        assert await process.wait() == -signal.SIGKILL

        with DataFolder.open(path) as folder:
            database = await Database.open(folder.path, migrations=migrations)
            stored = await texts(database)
            await database.close()
            assert len(stored) == len(set(stored))
            assert acknowledged.keys() <= set(stored)
            blobs = BlobStore(folder.blobs)
            await blobs.sweep_partial()
            assert list((folder.blobs / "partial").iterdir()) == []
            for text, digest in acknowledged.items():
                assert await blobs.read(digest) == text.encode()
