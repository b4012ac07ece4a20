"""The tables of EventBridge. All times are milliseconds since the epoch."""

from sqlalchemy import JSON, BigInteger, Column, String, Table, Text

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
