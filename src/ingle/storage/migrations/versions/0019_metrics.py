"""Metrics, their data, and dashboards."""

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cloudwatch_metrics",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("namespace", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("dimensions", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudwatch_metrics")),
    )
    op.create_table(
        "cloudwatch_journal",
        sa.Column("id", _ID, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudwatch_journal")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cloudwatch_data",
        sa.Column("metric_id", _ID, nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("tier", sa.Integer, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint(
            "metric_id", "unit", "tier", "start", name=op.f("pk_cloudwatch_data")
        ),
    )
    op.create_index("ix_cloudwatch_data_tier_start", "cloudwatch_data", ["tier", "start"])
    op.create_table(
        "cloudwatch_dashboards",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudwatch_dashboards")),
        sa.UniqueConstraint(
            "account_id", "name", name=op.f("uq_cloudwatch_dashboards_account_id_name")
        ),
    )
