"""The table of events that were accepted and whose fate is not decided."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from ingle.storage.tables import metadata

events = Table(
    "invocation_events",
    metadata,
    # SQLite's own row number, which costs no index.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("qualifier", String(128), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # Of the payload; known without reading it.
    Column("size", Integer, nullable=False),
    Column("request_id", String(36), nullable=False),
    Column("trace", Text, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tenant_id", String(256), nullable=False),
)

# What a function's line is read by, in its order.
Index(
    "ix_invocation_events_line",
    events.c.account_id,
    events.c.region,
    events.c.name,
    events.c.qualifier,
    events.c.due_ms,
    events.c.id,
)
