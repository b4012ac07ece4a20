"""Durable executions, and which functions are durable."""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Make the tables; the functions that there are are not durable."""
    for name in ("lambda_functions", "lambda_versions"):
        op.add_column(name, sa.Column("durable_timeout_s", sa.Integer))
        op.add_column(name, sa.Column("durable_retention_days", sa.Integer))
    op.create_table(
        "durable_executions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("is_event", sa.Boolean, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("timeout_s", sa.Integer, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("deadline_ms", sa.BigInteger, nullable=False),
        sa.Column("parent_id", sa.String(36), nullable=True),
        sa.Column("parent_operation_id", sa.String(64), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=True),
        sa.Column("result", sa.Text, nullable=True),
        sa.Column("error", sa.JSON, nullable=True),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("wake_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_durable_executions")),
    )
    op.create_index(op.f("ix_durable_executions_wake"), "durable_executions", ["wake_ms", "id"])
    op.create_index(
        op.f("ix_durable_executions_name"),
        "durable_executions",
        ["account_id", "region", "function", "name"],
        unique=True,
    )
    op.create_index(
        op.f("ix_durable_executions_started"),
        "durable_executions",
        ["account_id", "region", "function", "started_ms", "id"],
    )
    op.create_table(
        "durable_operations",
        sa.Column("execution_id", sa.String(36), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("input", sa.Text, nullable=True),
        sa.Column("result", sa.Text, nullable=True),
        sa.Column("state", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "id", name=op.f("pk_durable_operations")),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["durable_executions.id"],
            name=op.f("fk_durable_operations_execution_id_durable_executions"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "durable_history",
        sa.Column("execution_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("operation_id", sa.String(64), nullable=True),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("payload", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("execution_id", "number", name=op.f("pk_durable_history")),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["durable_executions.id"],
            name=op.f("fk_durable_history_execution_id_durable_executions"),
            ondelete="CASCADE",
        ),
    )
