"""Alarms and their history."""

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cloudwatch_alarms",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("configured_ms", sa.BigInteger, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reason_data", sa.Text, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("suppressed_by", sa.String(24), nullable=False),
        sa.Column("suppressed_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudwatch_alarms")),
        sa.UniqueConstraint(
            "account_id", "region", "name", name=op.f("uq_cloudwatch_alarms_account_id_region_name")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cloudwatch_alarm_history",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudwatch_alarm_history")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cloudwatch_alarm_history_at_ms", "cloudwatch_alarm_history", ["at_ms"])
    op.create_index(
        "ix_cloudwatch_alarm_history_account_id_region_id",
        "cloudwatch_alarm_history",
        ["account_id", "region", "id"],
    )
