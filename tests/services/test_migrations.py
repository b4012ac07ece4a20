from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import ingle.invoke.durable.tables
import ingle.invoke.events.tables
import ingle.metering.tables
import ingle.services.cloudwatch.tables
import ingle.services.iam.tables
import ingle.services.lambda_.tables
import ingle.services.logs.tables
import ingle.services.sqs.tables  # noqa: F401 - all of them register their tables
from ingle.storage.schema import migrate
from ingle.storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_that_the_services_define(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    try:
        migrate(engine)
        with engine.connect() as connection:
            migrated = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(migrated, metadata) == []
    finally:
        engine.dispose()
