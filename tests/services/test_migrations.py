import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from scripts.database_schema import schema
from sqlalchemy import create_engine

import ingle.invoke.durable.tables
import ingle.invoke.events.tables
import ingle.metering.tables
import ingle.services.cloudwatch.alarms.tables
import ingle.services.cloudwatch.tables
import ingle.services.delivering.tables
import ingle.services.events.tables
import ingle.services.iam.tables
import ingle.services.lambda_.tables
import ingle.services.logs.tables
import ingle.services.s3.tables
import ingle.services.scheduler.tables
import ingle.services.sns.tables
import ingle.services.sqs.tables
import ingle.services.xray.tables  # noqa: F401 - all of them register their tables
from ingle.storage.schema import MIGRATIONS, WHOLE, describe, migrate, upgrade
from ingle.storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_that_the_services_define(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    try:
        upgrade(engine)
        with engine.connect() as connection:
            migrated = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(migrated, metadata) == []
    finally:
        engine.dispose()


def test_an_empty_database_gets_at_once_what_the_migrations_make_one_after_another(
    tmp_path: Path,
) -> None:
    migrated = _unordered(schema())
    assert _unordered((MIGRATIONS / WHOLE).read_text("utf-8")) == migrated, "run `make schema`"
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    try:
        migrate(engine)
        with engine.connect() as connection:
            assert _unordered(describe(connection)) == migrated
    finally:
        engine.dispose()


def _unordered(description: str) -> set[frozenset[str]]:
    """The statements without the order of their lines: alembic puts constraints in any."""
    statements = description.replace(",", "").split(";\n")
    return {frozenset(line.strip() for line in each.splitlines()) for each in statements}


def test_the_migrations_leave_no_rows_in_an_empty_database(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    try:
        upgrade(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                assert connection.execute(table.select()).first() is None, table.name
    finally:
        engine.dispose()


def test_an_empty_database_is_made_without_the_migration_machinery(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ingle.storage import schema, sqlite\n"
        "engine = sqlite.migrator(Path(sys.argv[1]))\n"
        "assert schema.migrate(engine)\n"
        "assert not schema.migrate(engine)\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "schema.db"], check=True)
