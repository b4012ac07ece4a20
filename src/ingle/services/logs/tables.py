"""The tables of the Logs service. All times are milliseconds since the epoch."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ingle.storage.tables import metadata

# SQLite numbers rows by itself only in a column of exactly this type.
_Id = BigInteger().with_variant(Integer, "sqlite")

groups = Table(
    "logs_groups",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(512), nullable=False),
    Column("creation_ms", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("tags", JSON, nullable=False),
    # None: events are kept for good.
    Column("retention_days", Integer),
    UniqueConstraint("account_id", "region", "name"),
)

streams = Table(
    "logs_streams",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("group_id", ForeignKey(groups.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", String(512), nullable=False),
    Column("creation_ms", BigInteger, nullable=False),
    Column("first_event_ms", BigInteger),
    Column("last_event_ms", BigInteger),
    Column("last_ingestion_ms", BigInteger),
    UniqueConstraint("group_id", "name"),
)

# A row is a run of events of one stream, because a row for each event would cost too much.
# Numbers are never used twice: events' ids are made of them.
chunks = Table(
    "logs_chunks",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("stream_id", ForeignKey(streams.c.id, ondelete="CASCADE"), nullable=False),
    Column("group_id", _Id, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("ingestion_ms", BigInteger, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("encoding", SmallInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    # One pair to walk a stream forwards and backwards, one for a group.
    Index("ix_logs_chunks_stream_first", "stream_id", "first_ms", "id"),
    Index("ix_logs_chunks_stream_last", "stream_id", "last_ms", "id"),
    Index("ix_logs_chunks_group_first", "group_id", "first_ms", "id"),
    Index("ix_logs_chunks_group_last", "group_id", "last_ms", "id"),
    sqlite_autoincrement=True,
)

metric_filters = Table(
    "logs_metric_filters",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("group_id", ForeignKey(groups.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", String(512), nullable=False),
    Column("pattern", Text, nullable=False),
    Column("transformation", JSON, nullable=False),
    Column("creation_ms", BigInteger, nullable=False),
    UniqueConstraint("group_id", "name"),
)

subscription_filters = Table(
    "logs_subscription_filters",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("group_id", ForeignKey(groups.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", String(512), nullable=False),
    Column("pattern", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("role", Text),
    Column("distribution", String(16), nullable=False),
    Column("creation_ms", BigInteger, nullable=False),
    UniqueConstraint("group_id", "name"),
)

query_definitions = Table(
    "logs_query_definitions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("query", Text, nullable=False),
    Column("group_names", JSON, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)

export_tasks = Table(
    "logs_export_tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(512), nullable=False),
    Column("group_name", String(512), nullable=False),
    Column("stream_prefix", String(512), nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("bucket", String(512), nullable=False),
    Column("prefix", Text, nullable=False),
    Column("code", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("creation_ms", BigInteger, nullable=False),
    Column("completion_ms", BigInteger),
)
