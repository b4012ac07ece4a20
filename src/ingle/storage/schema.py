"""Brings a database to the schema that this Ingle knows.

Migrations are numbered: the file `0003_what_it_does.py` has `revision = "0003"` and
`down_revision = "0002"`. So the newest one is known from the file names alone, and a server that
starts on an up-to-date folder does not load the migration machinery. Nor does one that starts on
an empty folder: `schema.sql` holds what all migrations together make of an empty SQLite database
(`make schema` writes it, a test keeps it up to date).
"""

import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from ingle.storage.errors import SchemaTooNew

MIGRATIONS = Path(__file__).parent / "migrations"

WHOLE = "schema.sql"
"""The file's name in a folder of migrations."""

_FILE = re.compile(r"(\d{4})_\w+\.py")
_VERSION = table("alembic_version", column("version_num"))
_HEADING = "-- revision "
_END = ";\n"


def revisions(migrations: Path = MIGRATIONS) -> list[str]:
    """List the numbers of all migrations in this folder, oldest first."""
    names = (entry.name for entry in (migrations / "versions").iterdir())
    return sorted(match[1] for match in map(_FILE.fullmatch, names) if match)


def migrate(
    engine: Engine,
    migrations: Path = MIGRATIONS,
    check: Callable[[Connection], None] = lambda _connection: None,
) -> bool:
    """Bring the database to the newest schema, in one transaction; blocks.

    Args:
        engine: a synchronous engine on the database.
        migrations: a folder of migrations in alembic's layout.
        check: called before the commit; what it raises undoes the migration.

    Returns:
        Whether anything had to be done.

    Raises:
        SchemaTooNew: the database has a schema that is not among the migrations.
    """
    known = revisions(migrations)
    with engine.connect() as connection:
        stored = _stored(connection)
    if stored is not None and stored not in known:
        raise SchemaTooNew(str(engine.url.database), stored, known[-1] if known else "(none)")
    if not known or stored == known[-1]:
        return False
    if stored is not None or not _make_whole(engine, migrations / WHOLE, known[-1]):
        upgrade(engine, migrations, check)
    return True


def describe(connection: Connection) -> str:
    """Return the statements that make an empty SQLite database what this one is.

    The first line names the revision; each statement ends with a semicolon and a line's end.
    """
    rows = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "ORDER BY rowid"
    )
    revision = _stored(connection)
    return "".join([f"{_HEADING}{revision}\n", *(f"{sql}{_END}" for (sql,) in rows)])


def _stored(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.scalar(select(_VERSION.c.version_num))
    return revision


def _make_whole(engine: Engine, whole: Path, revision: str) -> bool:
    """Make all tables of an empty SQLite database; return whether it was one, and could be."""
    if engine.dialect.name != "sqlite" or not whole.exists():
        return False
    heading, _, statements = whole.read_text("utf-8").partition("\n")
    if heading != f"{_HEADING}{revision}":
        return False
    with engine.begin() as connection:
        if inspect(connection).get_table_names():
            return False
        for statement in statements.split(_END)[:-1]:
            connection.exec_driver_sql(statement)
        connection.execute(_VERSION.insert().values(version_num=revision))
    return True


def upgrade(
    engine: Engine,
    migrations: Path = MIGRATIONS,
    check: Callable[[Connection], None] = lambda _connection: None,
) -> None:
    """Run the migrations that the database has not seen, in one transaction; blocks."""
    # Takes a tenth of a second to load, and is needed only after an upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("path_separator", "os")
    # A percent sign would be an interpolation.
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        check(connection)
