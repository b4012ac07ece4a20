"""Writes schema.sql: the tables that all migrations together make of an empty SQLite database."""

import tempfile
from pathlib import Path

from ingle.storage import sqlite
from ingle.storage.schema import MIGRATIONS, WHOLE, describe, upgrade


def schema() -> str:
    """What the migrations make, one after another."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite.migrator(Path(folder) / "schema.db")
        try:
            upgrade(engine)
            with engine.connect() as connection:
                return describe(connection)
        finally:
            engine.dispose()


if __name__ == "__main__":
    (MIGRATIONS / WHOLE).write_text(schema(), "utf-8")
