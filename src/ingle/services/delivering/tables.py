"""The table of deliveries. All times are milliseconds since the epoch."""

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, String, Table, Text

from ingle.storage.tables import metadata

deliveries = Table(
    "deliveries",
    metadata,
    # SQLite's own row number, which costs no index.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("source_arn", Text, nullable=False),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("target", JSON, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("trace", Text, nullable=False),
    Column("hops", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    # A number is never used twice: memory may still know what had it.
    sqlite_autoincrement=True,
)
