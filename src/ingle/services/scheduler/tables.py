"""The tables of EventBridge Scheduler. All times are milliseconds since the epoch."""

from sqlalchemy import JSON, BigInteger, Column, String, Table

from ingle.storage.tables import metadata

groups = Table(
    "scheduler_groups",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("tags", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("token", String(64), nullable=False),
)

schedules = Table(
    "scheduler_schedules",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("group", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("tick_ms", BigInteger),
    Column("next_ms", BigInteger),
    Column("token", String(64), nullable=False),
)
