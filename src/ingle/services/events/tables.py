"""The tables of EventBridge. All times are milliseconds since the epoch."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from ingle.storage.tables import metadata

buses = Table(
    "events_buses",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("policy", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)

rules = Table(
    "events_rules",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("bus", String(256), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("pattern", Text, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("state", String(64), nullable=False),
    Column("description", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    # Objects with the members of Target, in their order.
    Column("targets", JSON, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger),
)

archives = Table(
    "events_archives",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(48), primary_key=True),
    Column("bus", String(256), nullable=False),
    Column("pattern", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

archived = Table(
    "events_archived",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("archive", String(48), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Index("ix_events_archived_time", "account_id", "region", "archive", "time_ms"),
)

replays = Table(
    "events_replays",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("archive", String(48), nullable=False),
    Column("bus", String(256), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("description", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
)

connections = Table(
    "events_connections",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("id", String(36), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("description", Text, nullable=False),
    # The members of AuthParameters, JSON, encrypted.
    Column("secret", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("authorized_ms", BigInteger, nullable=False),
)

destinations = Table(
    "events_destinations",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("id", String(36), nullable=False),
    Column("connection", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("method", String(8), nullable=False),
    Column("per_second", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)
