"""The tables of durable executions."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from ingle.storage.tables import metadata

executions = Table(
    "durable_executions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("function", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("input", Text, nullable=False),
    Column("is_event", Boolean, nullable=False),
    Column("trace", Text, nullable=False),
    Column("timeout_s", Integer, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("parent_id", String(36), nullable=True),
    Column("parent_operation_id", String(64), nullable=True),
    Column("status", String(16), nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
    Column("result", Text, nullable=True),
    Column("error", JSON(none_as_null=True), nullable=True),
    # How far it is besides: what `store.py` calls progress.
    Column("progress", JSON, nullable=False),
    # When it is to be looked at next; what runs, as well, so that a restart finds it.
    Column("wake_ms", BigInteger, nullable=True),
)
Index("ix_durable_executions_wake", executions.c.wake_ms, executions.c.id)
Index(
    "ix_durable_executions_name",
    executions.c.account_id,
    executions.c.region,
    executions.c.function,
    executions.c.name,
    unique=True,
)
Index(
    "ix_durable_executions_started",
    executions.c.account_id,
    executions.c.region,
    executions.c.function,
    executions.c.started_ms,
    executions.c.id,
)

operations = Table(
    "durable_operations",
    metadata,
    Column(
        "execution_id",
        ForeignKey(executions.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("input", Text, nullable=True),
    Column("result", Text, nullable=True),
    # All that an operation has besides.
    Column("state", JSON, nullable=False),
)

history = Table(
    "durable_history",
    metadata,
    Column(
        "execution_id",
        ForeignKey(executions.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("type", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("operation_id", String(64), nullable=True),
    Column("details", JSON, nullable=False),
    Column("source", String(8), nullable=False),
    Column("payload", Text, nullable=True),
)
