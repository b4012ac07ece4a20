"""Events that wait, how they are treated, and which functions may be part of endless loops."""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Make the tables of events, of their configurations, and of allowed loops."""
    op.create_table(
        "invocation_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("qualifier", sa.String(128), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("accepted_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invocation_events")),
    )
    op.create_index(
        op.f("ix_invocation_events_line"),
        "invocation_events",
        ["account_id", "region", "name", "qualifier", "due_ms", "id"],
    )
    _create(
        "lambda_event_configs",
        sa.Column("last_modified_ms", sa.BigInteger, nullable=False),
        sa.Column("retries", sa.Integer, nullable=True),
        sa.Column("age_s", sa.Integer, nullable=True),
        sa.Column("on_success", sa.Text, nullable=True),
        sa.Column("on_failure", sa.Text, nullable=True),
    )
    _create("lambda_recursions", sa.Column("loop", sa.String(16), nullable=False))


def _create(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("qualifier", sa.String(128), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(
            "account_id", "region", "name", "qualifier", name=op.f(f"pk_{table}")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "region", "name"],
            ["lambda_functions.account_id", "lambda_functions.region", "lambda_functions.name"],
            name=op.f(f"fk_{table}_account_id_lambda_functions"),
            ondelete="CASCADE",
        ),
    )
