"""The tables of CloudWatch's metrics and dashboards. Times are seconds since the epoch."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ingle.storage.tables import metadata

_Id = BigInteger().with_variant(Integer, "sqlite")

metrics = Table(
    "cloudwatch_metrics",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("namespace", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    # A JSON list of pairs, in the order of the names.
    Column("dimensions", Text, nullable=False),
    Column("last", BigInteger, nullable=False),
)

# What came lately, a row for each write; it joins the rows of `data` later.
journal = Table(
    "cloudwatch_journal",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# A row is a run of datapoints, because a row for each of them would cost too much.
data = Table(
    "cloudwatch_data",
    metadata,
    Column("metric_id", _Id, primary_key=True, autoincrement=False),
    Column("unit", String(32), primary_key=True),
    Column("tier", Integer, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Index("ix_cloudwatch_data_tier_start", "tier", "start"),
)

dashboards = Table(
    "cloudwatch_dashboards",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("name", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("tags", Text, nullable=False),
    UniqueConstraint("account_id", "name"),
)
