"""The embedded database: the only place that knows SQLite's own settings and statements.

Sources: https://www.sqlite.org/pragma.html, https://www.sqlite.org/wal.html.
"""

from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ingle.storage.errors import CompactingFailed, MigrationFailed
from ingle.storage.one_trip import OneTripDriver

# How long a connection waits for a lock that a checkpoint or a copying tool holds.
BUSY_TIMEOUT_MS = 10_000
# How long a reader waits for a connection before it fails, in seconds.
POOL_TIMEOUT_S = 30.0
# The value of SQLite's `user_version`, which is the application's to use, that marks a file.
_TO_BE_COMPACTED = 1

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


async def lost_transaction(connection: AsyncConnection) -> bool:
    """Say whether a transaction is gone: some errors (a full disk) make SQLite end it.

    The driver would take a commit without one for done.
    """
    raw = await connection.get_raw_connection()
    lost: bool = raw.dbapi_connection.has_lost_transaction  # type: ignore[union-attr]
    return lost


async def mark_for_compacting(connection: AsyncConnection) -> None:
    """Note, in the connection's transaction, that the file holds what must not stay in it."""
    await connection.exec_driver_sql(f"PRAGMA user_version = {_TO_BE_COMPACTED}")


def compact(path: Path) -> bool:
    """Write the file anew if it is marked, so that it holds nothing but the present rows; blocks.

    Replaced rows stay in unused pages and in the write-ahead log otherwise. No reader or writer
    may be at work.

    Returns:
        Whether it was marked.

    Raises:
        CompactingFailed: another program has the file open, or the disk is full.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            marked = connection.exec_driver_sql("PRAGMA user_version").scalar()
            if marked != _TO_BE_COMPACTED:
                return False
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.exec_driver_sql("PRAGMA synchronous = FULL")
            connection.exec_driver_sql("VACUUM")
            if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
                raise CompactingFailed(str(path), "another program reads it")
            connection.exec_driver_sql("PRAGMA user_version = 0")
            return True
    except OperationalError as error:
        raise CompactingFailed(str(path), str(error.orig)) from error
    finally:
        engine.dispose()


def _asynchronous(path: Path, use: _Use, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        module=OneTripDriver(),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        # The writer, which nobody cancels, ends what it begins; another rollback only costs time.
        pool_reset_on_return=None if use == "write" else "rollback",
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
