"""Brings a database to the schema that this Ingle knows.

Migrations are numbered: the file `0003_what_it_does.py` has `revision = "0003"` and
`down_revision = "0002"`. So the newest one is known from the file names alone, and a server that
starts on an up-to-date folder does not load the migration machinery.
"""

import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from ingle.storage.errors import SchemaTooNew

MIGRATIONS = Path(__file__).parent / "migrations"

_FILE = re.compile(r"(\d{4})_\w+\.py")
_VERSION = table("alembic_version", column("version_num"))


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
    _upgrade(engine, migrations, check)
    return True


def _stored(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.scalar(select(_VERSION.c.version_num))
    return revision


def _upgrade(engine: Engine, migrations: Path, check: Callable[[Connection], None]) -> None:
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
