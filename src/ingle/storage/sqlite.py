"""The embedded database: the only place that knows SQLite's own settings and statements.

Sources: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html.
"""

from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ingle.storage.errors import MigrationFailed

# How long a connection waits for a lock that a checkpoint or a copying tool holds.
BUSY_TIMEOUT_MS = 10_000
# How long a reader waits for a connection before it fails, in seconds.
POOL_TIMEOUT_S = 30.0

_Use = Literal["read", "write", "migrate"]


def reader(path: Path, connections: int) -> AsyncEngine:
    """Make an engine whose connections only read, each transaction from one snapshot.

    Args:
        path: the database file.
        connections: how many reads can be under way at once.
    """
    return _asynchronous(path, "read", connections)


def writer(path: Path) -> AsyncEngine:
    """Make an engine with the one connection that writes."""
    return _asynchronous(path, "write", 1)


def migrator(path: Path) -> Engine:
    """Make a synchronous engine for schema changes.

    Foreign keys are not enforced on it: SQLite changes a table by building a new one and dropping
    the old, which would delete what refers to it. `check` looks at them afterwards.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)))
    _configure(engine, "migrate")
    return engine


def check(connection: Connection) -> None:
    """Raise `MigrationFailed` if a row refers to one that is not there."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise MigrationFailed(
            f"A row of table {broken[0]} (rowid {broken[1]}) refers to a missing row of table "
            f"{broken[2]}. The migration was rolled back."
        )


def _asynchronous(path: Path, use: _Use, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
    )
    _configure(engine.sync_engine, use)
    return engine


def _configure(engine: Engine, use: _Use) -> None:
    # Python's driver would begin transactions by itself, too late and not around DDL or
    # savepoints; it is switched off and SQLAlchemy's own "begin" sends the statement.
    begin = "BEGIN" if use == "read" else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if use == 'migrate' else 'ON'}")
        if use == "read":
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
