"""S3 on a real database and folder, without a server around it."""

from pathlib import Path

import pytest

from ingle.services.s3.store import BucketStore
from ingle.storage.database import Database
from tests.services.conftest import KEYS


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """The folder of the bytes of objects."""
    folder = tmp_path / "objects"
    folder.mkdir()
    return folder


@pytest.fixture
async def store(database: Database, objects: Path) -> BucketStore:
    return await BucketStore.open(database, objects, KEYS)
