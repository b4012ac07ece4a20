"""A tiny schema of our own, so that these tests do not depend on any service's tables."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.storage.database import Database
from ingle.storage.schema import MIGRATIONS

MIGRATION = '''"""A step."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade() -> None:
    {body}
'''
CREATE_NOTE = (
    'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), '
    'sa.Column("text", sa.String, nullable=False))'
)


def add_migration(folder: Path, number: int, body: str) -> None:
    """Write migration `number` into a folder of migrations."""
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    if not (folder / "env.py").exists():
        (folder / "env.py").write_bytes((MIGRATIONS / "env.py").read_bytes())
    previous = f"{number - 1:04}" if number > 1 else None
    text = MIGRATION.format(revision=f"{number:04}", down_revision=previous, body=body)
    (folder / "versions" / f"{number:04}_step.py").write_text(text)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder with one migration, which makes the table `note`."""
    folder = tmp_path / "migrations"
    add_migration(folder, 1, CREATE_NOTE)
    return folder


@pytest.fixture
async def database(tmp_path: Path, migrations: Path) -> AsyncIterator[Database]:
    """An open database with the table `note`."""
    opened = await Database.open(tmp_path, migrations=migrations)
    yield opened
    await opened.close()
