"""The tables of alarms. Times are milliseconds since the epoch."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from ingle.storage.tables import metadata

_Id = BigInteger().with_variant(Integer, "sqlite")

alarms = Table(
    "cloudwatch_alarms",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("settings", Text, nullable=False),
    Column("configured_ms", BigInteger, nullable=False),
    Column("tags", Text, nullable=False),
    Column("state", String(24), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reason_data", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("suppressed_by", String(24), nullable=False),
    Column("suppressed_until_ms", BigInteger, nullable=False),
    UniqueConstraint("account_id", "region", "name"),
    # Who has the number of an alarm that is gone must not take another for it.
    sqlite_autoincrement=True,
)

history = Table(
    "cloudwatch_alarm_history",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("type", String(32), nullable=False),
    Column("summary", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("ix_cloudwatch_alarm_history_at_ms", "at_ms"),
    Index("ix_cloudwatch_alarm_history_account_id_region_id", "account_id", "region", "id"),
    sqlite_autoincrement=True,
)
