"""Aliases of functions, and the policies of functions, versions and aliases."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Make the tables of aliases and policies."""
    _create(
        "lambda_aliases",
        sa.Column("function_version", sa.String(16), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("additional", sa.JSON, nullable=False),
        sa.Column("revision_id", sa.String(36), nullable=False),
    )
    _create("lambda_policies", sa.Column("statements", sa.JSON, nullable=False))


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
