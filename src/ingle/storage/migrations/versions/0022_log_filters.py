"""Retention of logs, filters on them, saved queries, and exports."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and give log groups a retention."""
    op.add_column("logs_groups", sa.Column("retention_days", sa.Integer))
    _make_filters("logs_metric_filters", sa.Column("transformation", sa.JSON, nullable=False))
    _make_filters(
        "logs_subscription_filters",
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("distribution", sa.String(16), nullable=False),
    )
    op.create_table(
        "logs_query_definitions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("group_names", sa.JSON, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("modified_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs_query_definitions")),
    )
    op.create_table(
        "logs_export_tasks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("group_name", sa.String(512), nullable=False),
        sa.Column("stream_prefix", sa.String(512), nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger, nullable=False),
        sa.Column("bucket", sa.String(512), nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("creation_ms", sa.BigInteger, nullable=False),
        sa.Column("completion_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs_export_tasks")),
    )


def _make_filters(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", _ID, nullable=False),
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        *columns,
        sa.Column("creation_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("group_id", "name", name=op.f(f"uq_{table}_group_id_name")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["logs_groups.id"],
            name=op.f(f"fk_{table}_group_id_logs_groups"),
            ondelete="CASCADE",
        ),
    )
