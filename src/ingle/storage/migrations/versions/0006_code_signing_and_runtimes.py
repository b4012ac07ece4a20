"""Code signing configurations, and runtime management."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lambda_code_signing_configs",
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("config_id", sa.String(32), nullable=False),
        sa.Column("description", sa.Text, nullable=True),
        sa.Column("publishers", sa.JSON, nullable=False),
        sa.Column("policy", sa.String(16), nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "region", "config_id", name=op.f("pk_lambda_code_signing_configs")
        ),
    )
    _belonging("lambda_code_signing", sa.Column("config_id", sa.String(32), nullable=False))
    _belonging(
        "lambda_runtime_management",
        sa.Column("update_on", sa.String(16), nullable=False),
        sa.Column("version_arn", sa.Text, nullable=True),
    )


def _belonging(table: str, *columns: sa.Column[object]) -> None:
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
