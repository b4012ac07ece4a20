"""Opening, migrating, reading."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage import schema, sqlite
from ingle.storage.database import Database
from ingle.storage.errors import MigrationFailed, SchemaTooNew

from .conftest import add_migration
from .notes import insert, note, texts


async def test_what_was_written_is_there_after_reopening(tmp_path: Path, migrations: Path) -> None:
    database = await Database.open(tmp_path, migrations=migrations)
    await database.write(insert("kept"))
    await database.close()
    await database.close()
    database = await Database.open(tmp_path, migrations=migrations)
    assert await texts(database) == ["kept"]
    await database.close()


async def test_connections_have_the_settings_that_durability_rests_on(database: Database) -> None:
    async def settings(connection: AsyncConnection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
        return {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names
        }

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    writing = await database.write(settings)
    assert writing == expected | {"busy_timeout": sqlite.BUSY_TIMEOUT_MS, "query_only": 0}
    reading = await database.read(settings)
    assert reading == expected | {"busy_timeout": sqlite.BUSY_TIMEOUT_MS, "query_only": 1}


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        await database.read(insert("sneaky"))
    assert await texts(database) == []


async def test_a_read_sees_one_state_while_others_write(database: Database) -> None:
    await database.write(insert("first"))

    async def count(connection: AsyncConnection) -> int:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(note)) or 0)

    async def look_twice(connection: AsyncConnection) -> tuple[int, int]:
        before = await count(connection)
        await database.write(insert("second"))
        return before, await count(connection)

    assert await database.read(look_twice) == (1, 1)
    assert await database.read(count) == 2


async def test_more_readers_than_connections_take_turns(database: Database) -> None:
    await database.write(insert("x"))
    assert await asyncio.gather(*(texts(database) for _ in range(50))) == [["x"]] * 50


async def test_a_cancelled_read_gives_its_connection_back(database: Database) -> None:
    entered = asyncio.Event()

    async def forever(_connection: AsyncConnection) -> None:
        entered.set()
        await asyncio.Event().wait()

    for _ in range(12):
        entered.clear()
        task = asyncio.create_task(database.read(forever))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await texts(database) == []


async def test_an_older_database_is_migrated_and_keeps_its_rows(
    tmp_path: Path, migrations: Path
) -> None:
    database = await Database.open(tmp_path, migrations=migrations)
    await database.write(insert("old"))
    await database.close()
    add_migration(migrations, 2, 'op.add_column("note", sa.Column("colour", sa.String))')
    database = await Database.open(tmp_path, migrations=migrations)

    async def colours(connection: AsyncConnection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await connection.exec_driver_sql("SELECT * FROM note")]

    assert await database.read(colours) == [(1, "old", None)]
    await database.close()


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path, migrations: Path) -> None:
    add_migration(migrations, 2, 'op.add_column("note", sa.Column("colour", sa.String))')
    await (await Database.open(tmp_path, migrations=migrations)).close()
    (migrations / "versions" / "0002_step.py").unlink()
    before = (tmp_path / "ingle.db").read_bytes()
    with pytest.raises(SchemaTooNew) as refused:
        await Database.open(tmp_path, migrations=migrations)
    assert (refused.value.stored, refused.value.known) == ("0002", "0001")
    for word in ("0002", "0001", str(tmp_path / "ingle.db"), "Upgrade Ingle", "--data-dir"):
        assert word in str(refused.value)
    assert (tmp_path / "ingle.db").read_bytes() == before


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, migrations: Path) -> None:
    await (await Database.open(tmp_path, migrations=migrations)).close()
    add_migration(migrations, 2, 'op.drop_table("note")')
    add_migration(migrations, 3, 'raise RuntimeError("half way")')
    with pytest.raises(RuntimeError, match="half way"):
        await Database.open(tmp_path, migrations=migrations)
    for number in (2, 3):
        (migrations / "versions" / f"{number:04}_step.py").unlink()
    database = await Database.open(tmp_path, migrations=migrations)
    assert await texts(database) == []
    await database.close()


async def test_a_migration_that_breaks_references_is_undone(
    tmp_path: Path, migrations: Path
) -> None:
    add_migration(
        migrations,
        2,
        'op.create_table("tag", sa.Column("note", sa.Integer, sa.ForeignKey("note.id"))); '
        'op.execute("INSERT INTO tag VALUES (7)")',
    )
    with pytest.raises(MigrationFailed, match=r"table tag \(rowid 1\).*table note"):
        await Database.open(tmp_path, migrations=migrations)


async def test_changing_a_table_does_not_delete_what_refers_to_it(
    tmp_path: Path, migrations: Path
) -> None:
    add_migration(
        migrations,
        2,
        'op.create_table("tag", sa.Column("note", sa.Integer, '
        'sa.ForeignKey("note.id", ondelete="CASCADE")))',
    )
    database = await Database.open(tmp_path, migrations=migrations)

    async def tag(connection: AsyncConnection) -> None:
        await insert("tagged", 1)(connection)
        await connection.exec_driver_sql("INSERT INTO tag VALUES (1)")

    await database.write(tag)
    await database.close()
    add_migration(
        migrations,
        3,
        'batch = op.batch_alter_table("note", recreate="always"); '
        'batch.__enter__().add_column(sa.Column("colour", sa.String)); '
        "batch.__exit__(None, None, None)",
    )
    database = await Database.open(tmp_path, migrations=migrations)

    async def tags(connection: AsyncConnection) -> object:
        return (await connection.exec_driver_sql("SELECT count(*) FROM tag")).scalar()

    assert await database.read(tags) == 1
    await database.close()


async def test_a_folder_name_with_odd_characters_works(tmp_path: Path, migrations: Path) -> None:
    odd = tmp_path / "50% of a?b#c é"
    shutil.copytree(migrations, odd / "migrations")
    database = await Database.open(odd, migrations=odd / "migrations")
    await database.write(insert("here"))
    await database.close()
    assert (odd / "ingle.db").is_file()


async def test_an_up_to_date_database_opens_without_loading_alembic(
    tmp_path: Path, migrations: Path
) -> None:
    await (await Database.open(tmp_path, migrations=migrations)).close()
    script = (
        "import asyncio, sys; from pathlib import Path; from ingle.storage.database import Database"
        "\nasync def main():\n"
        "  db = await Database.open(Path(sys.argv[1]), migrations=Path(sys.argv[2]))\n"
        "  await db.close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-c", script, str(tmp_path), str(migrations)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": ""},
    )
    assert done.stdout == "False\n"


def test_the_packaged_migrations_are_one_numbered_line() -> None:
    from alembic.script import ScriptDirectory

    numbers = schema.revisions()
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    files = {path.name for path in (schema.MIGRATIONS / "versions").glob("*.py")}
    assert len(files - {"__init__.py"}) == len(numbers)
    script = ScriptDirectory(str(schema.MIGRATIONS))
    assert script.get_heads() == numbers[-1:]
    for previous, number in zip([None, *numbers], numbers, strict=False):
        revision = script.get_revision(number)
        assert revision.down_revision == previous
        assert Path(revision.path).name.startswith(f"{number}_")
